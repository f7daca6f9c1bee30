/** How the login of a session ends: by its phone, by an operator, or because WhatsApp refuses it. */
import { describe, expect, test } from '@jest/globals';
import type { ChatId } from '../../../bridge/src/contract/ids.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import { READY, SELF, settle } from './fake-engine.ts';
import { OPTIONS, make, ready } from './supervisor-harness.ts';

describe('the end of a login', () => {
  test('unlinked from the phone: logged_out, durable, and no launch until an operator starts it', async () => {
    const { supervisor, factory, recorder, clock } = await ready(make());
    factory.last.listener.signal({ kind: 'logged_out', reason: 'unlinked on the phone' });
    await clock.pass(10 * 60_000);
    expect(supervisor.machine).toMatchObject({ state: 'logged_out', reason: 'unlinked on the phone' });
    expect(supervisor.self).toBeNull();
    expect(factory.made).toHaveLength(1);
    expect(factory.last.stops).toBe(1);
    expect(recorder.effects.map((call) => call.args)).toContainEqual(
      expect.objectContaining({ desired: 'logged_out' }),
    );
    await supervisor.start('again');
    await settle();
    expect(factory.made).toHaveLength(2);
  });

  test('a login that ends is counted, told and stored, and the account is remembered beyond it', async () => {
    const made = await ready(make());
    const { supervisor, factory, recorder } = made;
    expect(supervisor.account).toEqual({ account: SELF, login: 0 });
    factory.last.listener.signal({ kind: 'logged_out', reason: 'unlinked on the phone' });
    expect(supervisor.account).toEqual({ account: SELF, login: 1 });
    expect(made.unlinks()).toBe(1);
    const kept = { account: JSON.stringify(SELF), login: 1 };
    expect(recorder.effects.map((call) => call.args)).toContainEqual(expect.objectContaining(kept));
  });

  test('a page that shows a code has no login any more, although nobody said that it was unlinked', async () => {
    const made = await ready(make());
    const { supervisor, factory, recorder } = made;
    factory.last.listener.signal({ kind: 'qr', code: 'A', expiresAt: new Date(made.clock.now() + 60_000) });
    expect(supervisor.machine.state).toBe('logged_out');
    expect(supervisor.account).toEqual({ account: SELF, login: 1 });
    expect(made.unlinks()).toBe(1);
    await supervisor.start('link another');
    await settle();
    const other = addressOf('4915550000002@c.us' as ChatId);
    factory.last.listener.signal({ kind: 'authenticated' });
    factory.last.listener.signal({ kind: 'ready', self: other });
    expect(supervisor.account).toEqual({ account: other, login: 1 });
    const kept = { account: JSON.stringify(other), login: 1 };
    expect(recorder.effects.map((call) => call.args)).toContainEqual(expect.objectContaining(kept));
  });

  test('a code to scan, where an account was linked, means that it no longer is: logged_out, and the next start links', async () => {
    const { supervisor, factory, recorder, clock } = await ready(make());
    await supervisor.stop('the bridge is down');
    await supervisor.start('the bridge is back');
    await settle();
    const code = { kind: 'qr', code: 'QR', expiresAt: new Date(clock.now() + 20_000) } as const;
    factory.last.listener.signal(code);
    expect(supervisor.machine.state).toBe('logged_out');
    expect(supervisor.self).toBeNull();
    expect(recorder.effects.map((call) => call.args)).toContainEqual(
      expect.objectContaining({ desired: 'logged_out' }),
    );
    await supervisor.start('link it again');
    await settle();
    factory.last.listener.signal(code);
    expect(supervisor.machine.state).toBe('awaiting_scan');
    expect(supervisor.codes.qr?.code).toBe('QR');
  });

  test('logout unlinks through the engine; an engine that cannot leaves the session as it was', async () => {
    const { supervisor, factory } = await ready(make());
    factory.last.onLogout = () => Promise.reject(new Error('page gone'));
    await expect(supervisor.logout()).rejects.toMatchObject({ code: 'WAB_SESSION_STATE' });
    expect(supervisor.machine.state).toBe('ready');
    factory.last.onLogout = () => Promise.resolve();
    await supervisor.logout();
    expect(factory.last.logouts).toBe(2);
    expect(supervisor.machine.state).toBe('logged_out');
    await expect(supervisor.logout()).rejects.toMatchObject({ code: 'WAB_SESSION_NOT_READY' });
  });

  test('a logout that takes too long is answered as failed, and the session begins again with its login', async () => {
    const { supervisor, factory, clock, recorder } = await ready(make());
    const [first] = factory.made;
    factory.last.onLogout = () => new Promise(() => undefined);
    const answer = expect(supervisor.logout()).rejects.toMatchObject({ code: 'WAB_SESSION_STATE' });
    await clock.pass(OPTIONS.stopDeadlineMs);
    await answer;
    expect(supervisor.machine).toMatchObject({ state: 'reconnecting', reason: 'unlinking took too long' });
    expect(supervisor.self).toEqual(SELF);
    expect(first?.stops).toBe(1);
    expect(recorder.states).not.toContain('logged_out');
    await clock.pass(1000);
    expect(factory.made).toHaveLength(2);
    factory.last.listener.signal(READY);
    expect(supervisor.readyEngine).toBe(factory.last);
  });

  test('a logout whose answer was lost, of an account that is unlinked nonetheless, worked', async () => {
    const { supervisor, factory } = await ready(make());
    const { listener } = factory.last;
    factory.last.onLogout = async () => {
      listener.signal({ kind: 'logged_out', reason: 'the account was unlinked from this device' });
      throw new Error('page gone');
    };
    await supervisor.logout();
    expect(supervisor.machine.state).toBe('logged_out');
  });

  test('refused by WhatsApp: failed with the reason, durable, and no launch until an operator starts it', async () => {
    const { supervisor, factory, recorder, clock } = await ready(make());
    factory.last.listener.signal({ kind: 'refused', reason: 'blocked; ask for a review' });
    factory.last.listener.signal({ kind: 'crashed', reason: 'the browser ended' });
    await clock.pass(24 * 3_600_000);
    expect(supervisor.machine).toMatchObject({ state: 'failed', reason: 'blocked; ask for a review', refused: true });
    expect(supervisor.self).toEqual(SELF);
    expect(factory.made).toHaveLength(1);
    expect(factory.last.stops).toBe(1);
    expect(factory.last.logouts).toBe(0);
    expect(recorder.effects.map((call) => call.args)).toContainEqual(
      expect.objectContaining({ desired: 'refused', refusal: 'blocked; ask for a review' }),
    );
    await supervisor.start('again');
    await settle();
    expect(factory.made).toHaveLength(2);
    expect(supervisor.machine).toMatchObject({ state: 'starting', refused: false });
  });

  test('a session that WhatsApp refused before the bridge restarted is failed and says why', () => {
    const { supervisor } = make({ state: 'failed', reason: 'blocked' });
    expect(supervisor.machine).toMatchObject({ state: 'failed', reason: 'blocked', refused: true });
  });

  test('login state is removed by nothing but a logout: not by a timeout, a crash, a refusal or a stop', async () => {
    const { supervisor, factory, clock } = make();
    factory.prepare = (engine) => (engine.onStart = () => new Promise(() => undefined));
    await supervisor.start('test');
    await clock.pass(OPTIONS.startDeadlineMs);
    await clock.pass(1000);
    factory.last.listener.signal({ kind: 'crashed', reason: 'died' });
    await clock.pass(2000);
    factory.last.listener.signal({ kind: 'refused', reason: 'blocked' });
    await supervisor.start('again');
    await settle();
    factory.last.listener.signal(READY);
    factory.last.listener.signal({ kind: 'interrupted', reason: 'line lost' });
    await clock.pass(OPTIONS.startDeadlineMs);
    await supervisor.stop('enough');
    expect(factory.made.length).toBeGreaterThan(3);
    expect(factory.made.map((engine) => engine.logouts)).toEqual(factory.made.map(() => 0));
    expect(factory.forgotten).toEqual([]);
  });
});
