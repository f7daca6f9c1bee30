import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { SecretBox } from '../../../bridge/src/auth/secret-box.ts';
import { markRead } from '../../../bridge/src/contract/operations/chat/mark-read.ts';
import { sendText } from '../../../bridge/src/contract/operations/message/send-text.ts';
import type { SessionName } from '../../../bridge/src/contract/ids.ts';
import { systemClock } from '../../../bridge/src/ops/clock.ts';
import type { Ownership } from '../../../bridge/src/ownership/ownership.ts';
import { SoleOwner } from '../../../bridge/src/ownership/sole-owner.ts';
import { SessionRegistry, type RegistryOptions } from '../../../bridge/src/sessions/registry.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import {
  addSession,
  listSessions,
  removeSession,
  setSessionDesired,
} from '../../../bridge/src/store/sessions.repository.ts';
import { openDatabase } from '../../../bridge/src/store/sqlite/sqlite-database.ts';
import type { NewEvent } from '../../../bridge/src/contract/events.ts';
import type { Call } from '../../../bridge/src/store/operation.ts';
import { SwitchedOwners } from '../ownership/switched-ownership.ts';
import { FakeFactory, FakeRecorder, READY, settle, silent } from './fake-engine.ts';

// Opening a database starts a thread, which takes seconds on a busy machine.
jest.setTimeout(30_000);

const name = (text: string): SessionName => text as SessionName;

/** Carries out the effects of events, as the log does in one transaction with the event. */
class StoringRecorder extends FakeRecorder {
  readonly #database: Database;

  constructor(database: Database) {
    super();
    this.#database = database;
  }

  override async recordEvent(event: NewEvent, effects: readonly Call<unknown>[] = []): Promise<void> {
    await super.recordEvent(event);
    if (effects.length > 0) await this.#database.write(effects);
  }
}

describe('session registry', () => {
  let folder: string;
  let database: Database;
  let factory: FakeFactory;
  let recorder: FakeRecorder;
  const opened: SessionRegistry[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wabridge-registry-'));
    database = await openDatabase({ dataDir: folder, log: { error: () => undefined }, onFatal: () => undefined });
  });

  beforeEach(() => {
    factory = new FakeFactory();
    recorder = new StoringRecorder(database);
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((registry) => registry.close()));
    for (const { name: left } of await listSessions(database.reader))
      await database.write(removeSession({ name: name(left) }));
  });

  afterAll(async () => {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });

  const open = async (
    options: Partial<RegistryOptions> = {},
    factories = [factory],
    ownership: Ownership<SessionName> = new SoleOwner(),
  ): Promise<SessionRegistry> => {
    const registry = new SessionRegistry(
      {
        database,
        recorder,
        clock: systemClock,
        log: silent,
        random: () => 0,
        options: {
          backoff: { firstMs: 10, longestMs: 100 },
          startDeadlineMs: 5_000,
          stopDeadlineMs: 200,
          stableAfterMs: 60_000,
        },
        factories,
        secrets: new SecretBox({ dataDir: folder }),
        ownership,
      },
      { profilesDir: join(folder, 'sessions'), maxSessions: 3, restoreConcurrency: 2, ...options },
    );
    opened.push(registry);
    await registry.open();
    return registry;
  };
  const reopen = async (
    registry: SessionRegistry,
    options?: Partial<RegistryOptions>,
    factories?: FakeFactory[],
  ): Promise<SessionRegistry> => {
    await registry.close();
    opened.splice(opened.indexOf(registry), 1);
    return open(options, factories);
  };
  const waitFor = async (holds: () => boolean): Promise<void> => {
    const deadline = Date.now() + 20_000;
    while (!holds()) {
      if (Date.now() > deadline) throw new Error('waited in vain');
      await wait(5);
    }
  };
  const becomeReadyAtOnce = (): void => {
    factory.prepare = (engine) => {
      engine.onStart = async () => engine.listener.signal(READY);
    };
  };

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

  describe('proxy', () => {
    const PROXY = 'http://ada:s3cret@proxy.example:3128';
    const rows = async (): Promise<string> => JSON.stringify(await listSessions(database.reader));

    test('an engine gets it whole, everybody else host and port alone, also after a restart', async () => {
      becomeReadyAtOnce();
      const first = await open();
      const view = await first.add(name('far'), 'sandbox', { proxy: PROXY });
      await waitFor(() => factory.options.length === 1);
      expect(view.proxy).toBe('proxy.example:3128');
      expect(factory.options[0]).toEqual({ proxy: PROXY });
      expect(await rows()).toContain('http://proxy.example:3128');
      expect(await rows()).not.toMatch(/s3cret|ada/);
      const second = await reopen(first);
      await waitFor(() => factory.options.length === 2);
      expect(factory.options[1]).toEqual({ proxy: PROXY });
      expect(JSON.stringify(second.list())).not.toMatch(/s3cret|ada/);
    });

    test('another one, or none, holds from the next start on', async () => {
      becomeReadyAtOnce();
      const registry = await open();
      await registry.add(name('far'), 'sandbox', { proxy: PROXY });
      expect((await registry.setProxy(name('far'), 'socks5://[::1]')).proxy).toBe('[::1]:1080');
      await registry.stop(name('far'));
      await registry.start(name('far'));
      await waitFor(() => factory.options.length === 2);
      expect(factory.options[1]).toEqual({ proxy: 'socks5://[::1]:1080' });
      await registry.stop(name('far'));
      expect((await registry.setProxy(name('far'), null)).proxy).toBeNull();
      await registry.start(name('far'));
      await waitFor(() => factory.options.length === 3);
      expect(factory.options[2]).toEqual({});
    });

    test('what is no proxy, and an engine without a network, are refused before anything is stored', async () => {
      const registry = await open();
      await expect(registry.add(name('far'), 'sandbox', { proxy: 'ftp://ada:s3cret@x' })).rejects.toMatchObject({
        code: 'WAB_PROXY_INVALID',
        message: expect.not.stringContaining('s3cret'),
      });
      factory.takesProxy = false;
      await expect(registry.add(name('far'), 'sandbox', { proxy: PROXY })).rejects.toMatchObject({
        code: 'WAB_PROXY_INVALID',
      });
      expect(registry.list()).toEqual([]);
    });

    test('a login that the master key does not open is told as the reason, and starts nothing', async () => {
      becomeReadyAtOnce();
      const first = await open();
      await first.add(name('far'), 'sandbox', { proxy: PROXY });
      await waitFor(() => first.get(name('far')).state === 'ready');
      await rm(join(folder, 'master.key'));
      const second = await reopen(first);
      await waitFor(() => second.get(name('far')).state === 'failed');
      expect(second.get(name('far')).reason).toMatch(/master key/);
      expect(factory.made).toHaveLength(1);
    });
  });

  test('adds a session, starts it, and knows it after a restart with its account', async () => {
    becomeReadyAtOnce();
    const first = await open();
    const view = await first.add(name('support'), 'sandbox');
    expect(view).toMatchObject({ name: 'support', engine: 'sandbox', simulated: true });
    await waitFor(() => first.get(name('support')).state === 'ready');
    const second = await reopen(first);
    await waitFor(() => second.get(name('support')).state === 'ready');
    expect(second.get(name('support')).self).toEqual(READY.self);
    expect(factory.made).toHaveLength(2);
  });

  test('two requests to add the same name at once make one session', async () => {
    const registry = await open();
    const results = await Promise.allSettled([
      registry.add(name('one'), 'sandbox'),
      registry.add(name('one'), 'sandbox'),
    ]);
    expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
    await expect(registry.add(name('one'), 'sandbox')).rejects.toMatchObject({ code: 'WAB_SESSION_EXISTS' });
    expect(registry.list()).toHaveLength(1);
  });

  test('refuses an engine that is not enabled, and an unknown session', async () => {
    const registry = await open();
    await expect(registry.add(name('real'), 'webjs')).rejects.toMatchObject({ code: 'WAB_ENGINE_NOT_ENABLED' });
    expect(() => registry.get(name('nobody'))).toThrow(expect.objectContaining({ code: 'WAB_SESSION_NOT_FOUND' }));
    expect(() => registry.qr(name('nobody'))).toThrow(expect.objectContaining({ code: 'WAB_SESSION_NOT_FOUND' }));
    expect(registry.list()).toEqual([]);
  });

  test('holds no more sessions than it may; a stopped one frees its place', async () => {
    const registry = await open({ maxSessions: 2 });
    await Promise.all([registry.add(name('a'), 'sandbox'), registry.add(name('b'), 'sandbox')]);
    await expect(registry.add(name('c'), 'sandbox')).rejects.toMatchObject({ code: 'WAB_SESSION_LIMIT' });
    await registry.stop(name('a'));
    await registry.add(name('c'), 'sandbox');
    await expect(registry.start(name('a'))).rejects.toMatchObject({ code: 'WAB_SESSION_LIMIT' });
  });

  test('a stopped session stays stopped over a restart, a logged out one logged out', async () => {
    const first = await open();
    await first.add(name('calm'), 'sandbox');
    await first.stop(name('calm'));
    await first.add(name('gone'), 'sandbox');
    await settle();
    factory.last.listener.signal(READY);
    factory.last.listener.signal({ kind: 'logged_out', reason: 'unlinked' });
    const before = factory.made.length;
    const second = await reopen(first);
    await settle();
    expect(second.list().map((view) => [view.name, view.state])).toEqual([
      ['calm', 'stopped'],
      ['gone', 'logged_out'],
    ]);
    expect(factory.made).toHaveLength(before);
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

  test('health sums up the state of the session and what its engine says', async () => {
    becomeReadyAtOnce();
    const registry = await open();
    await registry.add(name('support'), 'sandbox');
    await waitFor(() => registry.get(name('support')).state === 'ready');
    const line = { name: 'line', state: 'ok', detail: 'connected' } as const;
    factory.last.onHealth = () => Promise.resolve({ checks: [line] });
    expect(await registry.health(name('support'))).toMatchObject({
      healthy: true,
      checks: [{ name: 'session', state: 'ok' }, line],
    });
    factory.last.listener.signal({ kind: 'degraded', reason: 'it hears nothing' });
    expect(await registry.health(name('support'))).toMatchObject({
      healthy: false,
      checks: [{ name: 'session', state: 'failed', detail: 'it hears nothing' }, line],
    });
    await registry.stop(name('support'));
    expect(await registry.health(name('support'))).toMatchObject({
      healthy: false,
      checks: [{ name: 'session', detail: 'it is stopped: an operator stopped it' }, { state: 'unknown' }],
    });
    await expect(registry.health(name('nobody'))).rejects.toMatchObject({ code: 'WAB_SESSION_NOT_FOUND' });
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

  test('delete removes the login state and what the engine kept, also when it was interrupted', async () => {
    const first = await open();
    await first.add(name('old'), 'sandbox');
    const profile = join(folder, 'sessions', 'old');
    await mkdir(profile, { recursive: true });
    await writeFile(join(profile, 'login'), 'secret');
    await first.delete(name('old'));
    await expect(stat(profile)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(factory.forgotten).toEqual(['old']);
    expect(first.exists(name('old'))).toBe(false);
    await first.add(name('old'), 'sandbox');

    await mkdir(profile, { recursive: true });
    await database.write(setSessionDesired({ name: name('old'), desired: 'deleting', now: 1 }));
    const second = await reopen(first);
    expect(second.exists(name('old'))).toBe(false);
    await expect(stat(profile)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(factory.forgotten).toEqual(['old', 'old']);
  });

  test('one failing session touches no other', async () => {
    factory.prepare = (engine, session) => {
      if (session === 'bad') engine.onStart = () => Promise.reject(new Error('no browser'));
      else engine.onStart = async () => engine.listener.signal(READY);
      if (session === 'bad') engine.onStop = () => Promise.reject(new Error('stop failed'));
    };
    const registry = await open();
    await Promise.all([registry.add(name('bad'), 'sandbox'), registry.add(name('good'), 'sandbox')]);
    await waitFor(() => factory.made.length >= 4);
    expect(registry.get(name('good')).state).toBe('ready');
    expect(factory.made.filter((engine) => engine.stops === 0).length).toBeGreaterThanOrEqual(1);
    await registry.stop(name('bad'));
    expect(registry.get(name('bad')).state).toBe('stopped');
    expect(registry.get(name('good')).state).toBe('ready');
  });

  test('tells whoever asked that a session is ready, each time, and survives one who throws', async () => {
    const registry = await open();
    const told: string[] = [];
    registry.onReady(() => {
      throw new Error('a bad listener');
    });
    const end = registry.onReady((session) => told.push(session));
    await registry.add(name('a'), 'sandbox');
    await settle();
    expect(registry.readyEngine(name('a'))).toBeNull();
    factory.last.listener.signal(READY);
    expect(registry.readyEngine(name('a'))).toBe(factory.last);
    factory.last.listener.signal({ kind: 'interrupted', reason: 'line lost' });
    expect(registry.readyEngine(name('a'))).toBeNull();
    factory.last.listener.signal(READY);
    end();
    factory.last.listener.signal({ kind: 'interrupted', reason: 'line lost' });
    factory.last.listener.signal(READY);
    expect(told).toEqual(['a', 'a']);
  });

  test('a session of an engine that this version does not know is shown under its own name', async () => {
    const first = await open();
    const login = { proxy: null, proxy_login: null, settings: null, secrets: null };
    await database.write(addSession({ name: name('later'), engine: 'unheard_of', ...login, now: Date.now() }));
    const second = await reopen(first);
    expect(second.get(name('later'))).toMatchObject({
      engine: 'unheard_of',
      simulated: false,
      state: 'failed',
      reason: 'the engine unheard_of is not enabled on this bridge',
      capabilities: { chosenMessageIds: false, linking: [], parallelFiles: false, operations: [] },
    });
    await second.delete(name('later'));
  });

  test('codes that an engine does not link by are refused, whatever the state of the session', async () => {
    factory.capabilities = { ...factory.capabilities, linking: [], simulated: false };
    const registry = await open();
    await registry.add(name('a'), 'sandbox');
    expect(registry.get(name('a'))).toMatchObject({ simulated: false, capabilities: { linking: [] } });
    const refused = (method: string) =>
      expect.objectContaining({ code: 'WAB_LINKING_UNSUPPORTED', message: expect.stringContaining(`by ${method}.`) });
    expect(() => registry.qr(name('a'))).toThrow(refused('QR code'));
    expect(() => registry.pairingCode(name('a'))).toThrow(refused('pairing code'));
    await expect(registry.requestPairingCode(name('a'), '+4915112345678')).rejects.toEqual(refused('pairing code'));
    await registry.stop(name('a'));
    expect(() => registry.qr(name('a'))).toThrow(refused('QR code'));
  });

  test('keeps a session whose engine is not enabled any more, says so, and lets it be deleted', async () => {
    const first = await open();
    await first.add(name('a'), 'sandbox');
    const second = await reopen(first, {}, []);
    expect(second.get(name('a'))).toMatchObject({
      state: 'failed',
      reason: 'the engine sandbox is not enabled on this bridge',
    });
    await expect(second.start(name('a'))).rejects.toMatchObject({ code: 'WAB_ENGINE_NOT_ENABLED' });
    const input = { session: name('a'), chatId: '+4915112345678' };
    await expect(second.perform(name('a'), markRead, input)).rejects.toMatchObject({ code: 'WAB_ENGINE_NOT_ENABLED' });
    const refused = expect.objectContaining({ code: 'WAB_ENGINE_NOT_ENABLED' });
    expect(() => second.requireOperation(name('a'), sendText)).toThrow(refused);
    expect(() => second.qr(name('a'))).toThrow(refused);
    expect(() => second.pairingCode(name('a'))).toThrow(refused);
    await expect(second.requestPairingCode(name('a'), '+4915112345678')).rejects.toEqual(refused);
    await second.delete(name('a'));
    expect(second.list()).toEqual([]);
  });
});
