/** Sessions after a restart of the bridge, and beside other bridges on the database. */
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import type { SessionName } from '../../../bridge/src/contract/ids.ts';
import { listSessions, removeSession, setSessionDesired } from '../../../bridge/src/store/sessions.repository.ts';
import { SwitchedOwners } from '../ownership/switched-ownership.ts';
import { READY, settle } from './fake-engine.ts';
import {
  name,
  database,
  factory,
  open,
  reopen,
  waitFor,
  becomeReadyAtOnce,
  opened,
  useRegistry,
} from './registry-harness.ts';

// Opening a database starts a thread, which takes seconds on a busy machine.
jest.setTimeout(30_000);
useRegistry();

describe('restored sessions', () => {
  test('after the limit was lowered the oldest sessions are restored, and the others say why not', async () => {
    becomeReadyAtOnce();
    const first = await open();
    for (const each of ['a', 'b', 'c']) {
      await first.add(name(each), 'sandbox');
      // Their age tells them apart.
      await wait(2);
    }
    const second = await reopen(first, { maxSessions: 2 });
    await waitFor(() => ['a', 'b'].every((each) => second.get(name(each)).state === 'ready'));
    expect(second.get(name('c'))).toMatchObject({ state: 'stopped', reason: expect.stringContaining('maxSessions') });
    await expect(second.start(name('c'))).rejects.toMatchObject({ code: 'WAB_SESSION_LIMIT' });
    const third = await reopen(second, { maxSessions: 3 });
    await waitFor(() => third.get(name('c')).state === 'ready');
  });

  describe('with other bridges on the database', () => {
    const [own, theirs] = [name('own'), name('theirs')];
    const setUp = async () => {
      becomeReadyAtOnce();
      const former = await open();
      for (const each of [own, theirs]) await former.add(each, 'sandbox');
      await former.close();
      opened.length = 0;
      const owners = new SwitchedOwners<SessionName>();
      const [here, elsewhere] = [owners.join(own), owners.join(theirs)];
      return { owners, here, elsewhere, registry: await open({}, undefined, here) };
    };

    test('only the own sessions are restored; another is, once it is gained, and ends when it is lost', async () => {
      const { owners, here, elsewhere, registry } = await setUp();
      await waitFor(() => registry.get(own).state === 'ready');
      const started = factory.made.length;
      expect(registry.get(theirs)).toMatchObject({ state: 'stopped', reason: 'another bridge runs this session' });
      await owners.handOver(theirs, here);
      await waitFor(() => registry.get(theirs).state === 'ready');
      expect(factory.made).toHaveLength(started + 1);
      await owners.handOver(theirs, elsewhere);
      expect(registry.get(theirs)).toMatchObject({ state: 'stopped', reason: 'another bridge runs this session' });
      expect(registry.readyEngine(theirs)).toBeNull();
      expect(factory.made).toHaveLength(started + 1);
      expect(registry.get(own).state).toBe('ready');
      // Its row says still that it is to run, for the bridge that owns it now.
      expect((await listSessions(database.reader)).find((row) => row.name === theirs)?.desired).toBe('running');
    });

    test('what has become of a session elsewhere is known when it is gained: stopped, deleted, half deleted', async () => {
      const { owners, here, registry } = await setUp();
      await database.write(setSessionDesired({ name: theirs, desired: 'stopped', now: Date.now() }));
      await owners.handOver(theirs, here);
      expect(registry.get(theirs)).toMatchObject({ state: 'stopped', reason: 'it was stopped' });
      await owners.handOver(theirs, null);
      await database.write(setSessionDesired({ name: theirs, desired: 'deleting', now: Date.now() }));
      await owners.handOver(theirs, here);
      expect(registry.exists(theirs)).toBe(false);
      expect((await listSessions(database.reader)).map((row) => row.name)).toEqual([own]);
      await owners.handOver(own, null);
      await database.write(removeSession({ name: own }));
      await owners.handOver(own, here);
      expect(registry.list()).toEqual([]);
    });

    test('what another bridge is deleting is left to it', async () => {
      const { here, registry } = await setUp();
      await registry.close();
      opened.length = 0;
      await database.write(setSessionDesired({ name: theirs, desired: 'deleting', now: Date.now() }));
      await open({}, undefined, here);
      expect((await listSessions(database.reader)).map((row) => row.name).sort()).toEqual([own, theirs]);
    });
  });

  test('a session that WhatsApp refuses stays failed over a restart, and an operator starts it again', async () => {
    const first = await open({ maxSessions: 1 });
    await first.add(name('blocked'), 'sandbox');
    await settle();
    factory.last.listener.signal(READY);
    factory.last.listener.signal({ kind: 'refused', reason: 'blocked; ask for a review' });
    // It needs no place while it is left alone.
    await first.add(name('other'), 'sandbox');
    await first.stop(name('other'));
    const before = factory.made.length;
    const second = await reopen(first, { maxSessions: 1 });
    await settle();
    expect(second.get(name('blocked'))).toMatchObject({
      state: 'failed',
      reason: 'blocked; ask for a review',
      self: READY.self,
    });
    expect(factory.made).toHaveLength(before);
    await second.start(name('blocked'));
    await waitFor(() => factory.made.length === before + 1);
    const third = await reopen(second, { maxSessions: 1 });
    await waitFor(() => third.get(name('blocked')).state === 'starting');
  });

  test('restores side by side, but not all at once', async () => {
    const first = await open({ maxSessions: 10 });
    for (const each of ['a', 'b', 'c', 'd', 'e']) await first.add(name(each), 'sandbox');
    const made = factory.made.length;
    const second = await reopen(first, { maxSessions: 10, restoreConcurrency: 2 });
    await waitFor(() => factory.made.length === made + 2);
    await settle();
    expect(factory.made).toHaveLength(made + 2);
    factory.last.listener.signal(READY);
    await waitFor(() => factory.made.length === made + 3);
    for (let launched = 3; launched <= 5; launched += 1) {
      await waitFor(() => factory.made.length === made + launched);
      factory.last.listener.signal({ kind: 'qr', code: `code ${launched}`, expiresAt: new Date(Date.now() + 10_000) });
    }
    await waitFor(() => second.list().filter((view) => view.state === 'awaiting_scan').length === 3);
  });

  test('a session that is under way for long takes the place of another for its usual time only', async () => {
    const first = await open();
    for (const each of ['a', 'b']) await first.add(name(each), 'sandbox');
    const made = factory.made.length;
    const getsOn = setInterval(
      () => factory.made[made]?.listener.signal({ kind: 'progress', reason: 'half of it is loaded' }),
      100,
    );
    try {
      const second = await reopen(first, { restoreConcurrency: 1 });
      await waitFor(() => factory.made.length === made + 2);
      expect(second.get(name('a'))).toMatchObject({ state: 'starting', reason: 'half of it is loaded' });
    } finally {
      clearInterval(getsOn);
    }
  });
});
