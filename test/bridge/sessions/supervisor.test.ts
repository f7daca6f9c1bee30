import { describe, expect, test } from '@jest/globals';
import type { ChatId, SessionName } from '../../../bridge/src/contract/ids.ts';
import { EngineError, type EngineFact } from '../../../bridge/src/engine/engine.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import type { SupervisedSession } from '../../../bridge/src/sessions/supervised-session.ts';
import { Supervisor } from '../../../bridge/src/sessions/supervisor.ts';
import type { Call } from '../../../bridge/src/store/operation.ts';
import { FakeFactory, FakeRecorder, ManualClock, READY, SELF, settle, silent } from './fake-engine.ts';
import type { Database } from '../../../bridge/src/store/database.ts';

const OPTIONS = {
  backoff: { firstMs: 1000, longestMs: 8000 },
  startDeadlineMs: 60_000,
  stopDeadlineMs: 10_000,
  stableAfterMs: 60_000,
};

function make(rest: SupervisedSession['restingState'] = { state: 'stopped', reason: 'it was stopped' }) {
  const factory = new FakeFactory();
  const recorder = new FakeRecorder();
  const clock = new ManualClock();
  const written: Call<unknown>[] = [];
  let readies = 0;
  let unlinks = 0;
  const supervisor = new Supervisor(
    {
      name: 'support' as SessionName,
      factory,
      options: () => ({}),
      profileDir: '/profiles/support',
      restingState: rest,
      self: null,
      account: { account: null, login: 0 },
    },
    {
      recorder,
      clock,
      log: silent,
      // A wait is the whole of its range, so that tests can name it.
      random: () => 1,
      options: OPTIONS,
      database: { write: (async (call: Call<unknown>) => void written.push(call)) as unknown as Database['write'] },
    },
    () => undefined,
    () => void readies++,
    () => void unlinks++,
  );
  return { factory, recorder, clock, supervisor, written, readies: () => readies, unlinks: () => unlinks };
}
type Made = ReturnType<typeof make>;

async function ready(made: Made): Promise<Made> {
  await made.supervisor.start('test');
  await settle();
  made.factory.last.listener.signal({ kind: 'authenticated' });
  made.factory.last.listener.signal(READY);
  return made;
}
const ack: EngineFact = {
  type: 'message.acknowledged',
  at: new Date(0),
  chat: addressOf('4915112345678@c.us' as ChatId),
  data: { messageId: 'true_4915112345678@c.us_3EB0AA', ack: 'server' },
};

describe('supervisor', () => {
  test('links by QR: the code is in memory only, the event does not carry it', async () => {
    const { supervisor, factory, recorder, clock } = make();
    await supervisor.start('test');
    await settle();
    expect(factory.profiles).toEqual(['/profiles/support']);
    const expiresAt = new Date(clock.now() + 20_000);
    factory.last.listener.signal({ kind: 'qr', code: 'SECRET-CODE', expiresAt });
    factory.last.listener.signal({ kind: 'qr', code: 'SECRET-CODE', expiresAt });
    expect(supervisor.codes.qr).toEqual({ code: 'SECRET-CODE', expiresAt: expiresAt.toISOString() });
    expect(recorder.events.filter((event) => event.type === 'session.qr_issued')).toHaveLength(1);
    expect(JSON.stringify(recorder.events)).not.toContain('SECRET-CODE');
    factory.last.listener.signal({ kind: 'authenticated' });
    expect(supervisor.codes.qr).toBeNull();
    factory.last.listener.signal(READY);
    expect(recorder.states).toEqual(['starting', 'awaiting_scan', 'connecting', 'ready']);
    expect(supervisor.self).toEqual(SELF);
    expect(supervisor.readyEngine).toBe(factory.last);
  });

  test('a code that has expired is not shown', async () => {
    const { supervisor, factory, clock } = make();
    await supervisor.start('test');
    await settle();
    factory.last.listener.signal({ kind: 'qr', code: 'SECRET-CODE', expiresAt: new Date(clock.now() + 20_000) });
    await clock.pass(20_001);
    expect(supervisor.codes.qr).toBeNull();
  });

  test.each([-7_200_000, 7_200_000])(
    'a code is shown until it expires, though the clock is set by %i ms',
    async (by) => {
      const { supervisor, factory, clock } = make();
      await supervisor.start('test');
      await settle();
      factory.last.listener.signal({ kind: 'qr', code: 'QR', expiresAt: new Date(clock.now() + 20_000) });
      factory.last.listener.signal({ kind: 'pairing_code', code: 'PAIR', expiresAt: new Date(clock.now() + 40_000) });
      await clock.pass(10_000);
      clock.set(by);
      expect(supervisor.codes).toMatchObject({ qr: { code: 'QR' }, pairing: { code: 'PAIR' }, pairingLeftMs: 30_000 });
      await clock.pass(10_001);
      expect(supervisor.codes).toMatchObject({ qr: null, pairing: { code: 'PAIR' } });
      await clock.pass(20_000);
      expect(supervisor.codes.pairing).toBeNull();
    },
  );

  test('a code that its engine takes back is not shown any more, and not told as another', async () => {
    const { supervisor, factory, recorder, clock } = make();
    await supervisor.start('test');
    await settle();
    factory.last.listener.signal({ kind: 'qr', code: 'SECRET-CODE', expiresAt: new Date(clock.now() + 20_000) });
    factory.last.listener.signal({ kind: 'qr_withdrawn' });
    expect(supervisor.codes.qr).toBeNull();
    expect(supervisor.machine.state).toBe('awaiting_scan');
    expect(recorder.events.filter((event) => event.type === 'session.qr_issued')).toHaveLength(1);
  });

  test('a scan after which no sync begins ends at the deadline, and another engine is launched', async () => {
    const { supervisor, factory, clock } = make();
    await supervisor.start('test');
    await settle();
    const { listener } = factory.last;
    const code = { kind: 'qr', code: 'SECRET-CODE', expiresAt: new Date(clock.now() + 20_000) } as const;
    listener.signal(code);
    await clock.pass(10 * OPTIONS.startDeadlineMs);
    expect(supervisor.machine.state).toBe('awaiting_scan');
    listener.signal({ kind: 'qr_withdrawn' });
    await clock.pass(OPTIONS.startDeadlineMs - 1);
    listener.signal({ kind: 'progress', reason: '1 % of the history' });
    await clock.pass(OPTIONS.startDeadlineMs - 1);
    expect(supervisor.machine.state).toBe('awaiting_scan');
    await clock.pass(1);
    expect(supervisor.machine).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('1 % of the history'),
    });
    await clock.pass(OPTIONS.backoff.firstMs);
    expect(factory.made).toHaveLength(2);
  });

  test('while a pairing code holds, a QR code that is withdrawn hurries nobody', async () => {
    const { supervisor, factory, clock } = make();
    await supervisor.start('test');
    await settle();
    const { listener } = factory.last;
    listener.signal({ kind: 'qr', code: 'QR', expiresAt: new Date(clock.now() + 20_000) });
    const pairing = (): void =>
      listener.signal({ kind: 'pairing_code', code: 'SECRET12', expiresAt: new Date(clock.now() + 180_000) });
    pairing();
    listener.signal({ kind: 'qr_withdrawn' });
    for (let renewals = 0; renewals < 3; renewals++) {
      await clock.pass(180_000);
      pairing();
    }
    await clock.pass(180_000 + OPTIONS.startDeadlineMs - 1);
    expect(supervisor.machine.state).toBe('awaiting_scan');
    // The code was typed, or nobody renews it any more, and no account follows.
    await clock.pass(1);
    expect(supervisor.machine.state).toBe('failed');
  });

  test('links by pairing code: the code is in memory only, and gone once it was used', async () => {
    const { supervisor, factory, recorder, clock } = make();
    expect(await supervisor.requestPairingCode('+4915112345678')).toBeNull();
    await supervisor.start('test');
    await settle();
    const { listener } = factory.last;
    const expiresAt = new Date(clock.now() + 180_000);
    factory.last.onPairing = async (phone) => {
      expect(phone).toBe('+4915112345678');
      listener.signal({ kind: 'pairing_code', code: 'SECRET12', expiresAt });
      return { code: 'SECRET12', expiresAt };
    };
    expect(await supervisor.requestPairingCode('+4915112345678')).toBeNull();
    listener.signal({ kind: 'qr', code: 'QR', expiresAt });
    const given = { code: 'SECRET12', expiresAt: expiresAt.toISOString() };
    expect(await supervisor.requestPairingCode('+4915112345678')).toEqual(given);
    expect(supervisor.codes.pairing).toEqual(given);
    listener.signal({ kind: 'pairing_code', code: 'RENEWED1', expiresAt });
    expect(supervisor.codes.pairing?.code).toBe('RENEWED1');
    expect(JSON.stringify(recorder.events)).not.toMatch(/SECRET12|RENEWED1|4915112345678/);
    listener.signal({ kind: 'authenticated' });
    expect(supervisor.codes.pairing).toBeNull();
  });

  test.each([
    ['fail', 'WAB_PAIRING_REFUSED', 'WAB_PAIRING_REFUSED'],
    ['defer', 'WAB_PAIRING_LIMITED', 'WAB_PAIRING_LIMITED'],
    ['fail', 'WAB_SESSION_STATE', 'WAB_SESSION_STATE'],
    ['defer', 'WAB_SESSION_NOT_READY', 'WAB_SESSION_NOT_READY'],
  ] as const)('a pairing code that the engine cannot give (%s, %s) is %s', async (outcome, code, said) => {
    const { supervisor, factory, clock } = make();
    await supervisor.start('test');
    await settle();
    factory.last.listener.signal({ kind: 'qr', code: 'QR', expiresAt: new Date(clock.now() + 20_000) });
    factory.last.onPairing = () => Promise.reject(new EngineError(outcome, code, 'because'));
    await expect(supervisor.requestPairingCode('+4915112345678')).rejects.toMatchObject({
      name: 'WabError',
      code: said,
    });
  });

  test('repeated authenticated and ready are told once', async () => {
    const made = await ready(make());
    made.factory.last.listener.signal({ kind: 'authenticated' });
    made.factory.last.listener.signal(READY);
    expect(made.readies()).toBe(1);
    expect(made.recorder.states).toEqual(['starting', 'connecting', 'ready']);
  });

  test('the account is stored together with the event that says ready', async () => {
    const { recorder } = await ready(make());
    expect(recorder.effects).toEqual([
      expect.objectContaining({ operation: 'sessions.setAccount' }),
      expect.objectContaining({
        operation: 'sessions.setSelf',
        args: expect.objectContaining({ self: JSON.stringify(SELF) }),
      }),
    ]);
  });

  test('after a crash it waits longer each time, up to the cap, and counts again once it has been stable', async () => {
    const { supervisor, factory, clock } = make();
    await supervisor.start('test');
    await settle();
    for (const [launches, waitMs] of [1000, 2000, 4000, 8000, 8000].entries()) {
      factory.last.listener.signal({ kind: 'crashed', reason: 'died' });
      await clock.pass(waitMs - 1);
      expect(factory.made).toHaveLength(launches + 1);
      await clock.pass(1);
      expect(factory.made).toHaveLength(launches + 2);
    }
    factory.last.listener.signal(READY);
    await clock.pass(OPTIONS.stableAfterMs);
    factory.last.listener.signal({ kind: 'crashed', reason: 'died' });
    const before = factory.made.length;
    await clock.pass(1000);
    expect(factory.made).toHaveLength(before + 1);
  });

  test('a crashed engine is ended before the next is launched', async () => {
    const { supervisor, factory, clock } = make();
    let ended: () => void = () => undefined;
    factory.prepare = (engine) => (engine.onStop = () => new Promise((resolve) => (ended = resolve)));
    await supervisor.start('test');
    await settle();
    factory.last.listener.signal({ kind: 'crashed', reason: 'died' });
    await clock.pass(1000);
    expect(factory.made).toHaveLength(1);
    ended();
    await settle();
    expect(factory.made).toHaveLength(2);
  });

  test('an engine that does not become ready in time is replaced, also where its start hangs or throws', async () => {
    const { supervisor, factory, clock } = make();
    factory.prepare = (engine) => (engine.onStart = () => new Promise(() => undefined));
    await supervisor.start('test');
    await clock.pass(OPTIONS.startDeadlineMs);
    expect(supervisor.machine).toMatchObject({ state: 'failed', attempt: 1 });
    expect(factory.last.stops).toBe(1);
    factory.prepare = (engine) => (engine.onStart = () => Promise.reject(new Error('no browser found')));
    await clock.pass(1000);
    expect(supervisor.machine).toMatchObject({ state: 'failed', reason: 'no browser found', attempt: 2 });
    factory.prepare = () => {
      throw new Error('create threw');
    };
    await clock.pass(2000);
    expect(supervisor.machine).toMatchObject({ state: 'failed', reason: 'create threw', attempt: 3 });
  });

  test('an engine that gets on has as long as it does, and one that stops getting on is replaced', async () => {
    const { supervisor, factory, clock } = make();
    await supervisor.start('test');
    await settle();
    factory.last.listener.signal({ kind: 'authenticated' });
    for (let percent = 10; percent <= 100; percent += 10) {
      await clock.pass(OPTIONS.startDeadlineMs - 1);
      factory.last.listener.signal({ kind: 'progress', reason: `${percent} % is loaded` });
    }
    expect(factory.made).toHaveLength(1);
    expect(supervisor.machine).toMatchObject({ state: 'connecting', reason: '100 % is loaded' });
    await clock.pass(OPTIONS.startDeadlineMs);
    expect(supervisor.machine).toMatchObject({ state: 'failed', attempt: 1 });
  });

  test('nobody has to scan within the start deadline', async () => {
    const { supervisor, factory, clock } = make();
    await supervisor.start('test');
    await settle();
    factory.last.listener.signal({ kind: 'qr', code: 'SECRET-CODE', expiresAt: new Date(clock.now() + 20_000) });
    await clock.pass(OPTIONS.startDeadlineMs * 10);
    expect(supervisor.machine.state).toBe('awaiting_scan');
    expect(factory.made).toHaveLength(1);
  });

  test('signals of an engine that was replaced are ignored, its facts are recorded', async () => {
    const { supervisor, factory, clock, recorder } = await ready(make());
    const first = factory.last;
    first.listener.signal({ kind: 'crashed', reason: 'died' });
    await clock.pass(1000);
    factory.last.listener.signal(READY);
    first.listener.signal({ kind: 'logged_out', reason: 'stale' });
    first.listener.signal({ kind: 'crashed', reason: 'stale' });
    expect(supervisor.machine.state).toBe('ready');
    await first.listener.fact(ack);
    expect(recorder.facts).toEqual([ack]);
  });

  test('stop ends the engine, also one that hangs or throws, and is remembered', async () => {
    const hanging = await ready(make());
    hanging.factory.last.onStop = () => new Promise(() => undefined);
    const stopped = hanging.supervisor.stop('enough');
    await settle();
    expect(hanging.supervisor.machine.state).toBe('stopping');
    await hanging.clock.pass(OPTIONS.stopDeadlineMs);
    await stopped;
    expect(hanging.supervisor.machine.state).toBe('stopped');
    expect(hanging.written.map((call) => call.args)).toContainEqual(expect.objectContaining({ desired: 'stopped' }));

    const throwing = await ready(make());
    throwing.factory.last.onStop = () => {
      throw new Error('stop must not throw');
    };
    await throwing.supervisor.stop('enough');
    expect(throwing.supervisor.machine.state).toBe('stopped');
  });

  test('stop, start, stop at once are carried out one after another', async () => {
    const { supervisor, factory } = await ready(make());
    await Promise.all([supervisor.stop('1'), supervisor.start('2'), supervisor.stop('3'), supervisor.start('4')]);
    await settle();
    expect(supervisor.machine.state).toBe('starting');
    for (const engine of factory.made.slice(0, -1)) expect(engine.stops).toBe(1);
    expect(factory.last.stops).toBe(0);
  });

  test('a session that is stopped before its launch launches nothing', async () => {
    const { supervisor, factory } = make();
    await Promise.all([supervisor.start('1'), supervisor.stop('2')]);
    await settle();
    expect(factory.made.filter((engine) => engine.stops === 0)).toEqual([]);
    expect(supervisor.machine.state).toBe('stopped');
  });

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

  test('degraded is told once, lasts through healing, and its end is told', async () => {
    const { supervisor, factory, recorder, clock } = await ready(make());
    factory.last.listener.signal({ kind: 'degraded', reason: 'media cannot be loaded' });
    factory.last.listener.signal({ kind: 'degraded', reason: 'media cannot be loaded' });
    expect(supervisor.machine.degraded).toBe('media cannot be loaded');
    expect(recorder.events.filter((event) => event.type === 'session.degraded')).toHaveLength(1);
    factory.last.listener.signal({ kind: 'crashed', reason: 'healing' });
    await clock.pass(1000);
    factory.last.listener.signal(READY);
    expect(supervisor.machine.degraded).toBe('media cannot be loaded');
    factory.last.listener.signal({ kind: 'recovered' });
    factory.last.listener.signal({ kind: 'recovered' });
    expect(supervisor.machine.degraded).toBeNull();
    expect(recorder.events.flatMap((event) => (event.type === 'session.recovered' ? [event.data] : []))).toEqual([
      { reason: 'media cannot be loaded' },
    ]);
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

  test('where healing was in vain it fails with the reason and waits for as long as it was told', async () => {
    const { supervisor, factory, clock } = await ready(make());
    factory.last.listener.signal({ kind: 'crashed', reason: 'still deaf', retryAfterMs: 3_600_000 });
    expect(supervisor.machine).toMatchObject({ state: 'failed', reason: 'still deaf' });
    await clock.pass(3_599_999);
    expect(factory.made).toHaveLength(1);
    await clock.pass(1);
    expect(factory.made).toHaveLength(2);
    // An operator need not wait.
    factory.last.listener.signal({ kind: 'crashed', reason: 'still deaf', retryAfterMs: 3_600_000 });
    await supervisor.start('now');
    await settle();
    expect(factory.made).toHaveLength(3);
  });

  test('health is what the engine says, and an engine that hangs or throws fails the check', async () => {
    const idle = make();
    expect(await idle.supervisor.health()).toEqual({
      checks: [{ name: 'engine', state: 'unknown', detail: 'no engine runs for this session' }],
    });
    const { supervisor, factory, clock } = await ready(make());
    const line = { name: 'line', state: 'ok', detail: 'connected' } as const;
    factory.last.onHealth = () => Promise.resolve({ checks: [line] });
    expect(await supervisor.health()).toEqual({ checks: [line] });
    factory.last.onHealth = () => {
      throw new Error('health must not throw');
    };
    expect((await supervisor.health()).checks).toEqual([
      { name: 'engine', state: 'failed', detail: 'health must not throw' },
    ]);
    factory.last.onHealth = () => new Promise(() => undefined);
    const asked = supervisor.health();
    await clock.pass(60_000);
    expect((await asked).checks).toMatchObject([{ name: 'engine', state: 'failed' }]);
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

  test('a lost line that does not come back in time ends in a new engine', async () => {
    const { supervisor, factory, clock } = await ready(make());
    factory.last.listener.signal({ kind: 'interrupted', reason: 'line lost' });
    expect(supervisor.machine.state).toBe('reconnecting');
    expect(supervisor.readyEngine).toBeNull();
    await clock.pass(OPTIONS.startDeadlineMs);
    await clock.pass(1000);
    expect(factory.made).toHaveLength(2);
    factory.last.listener.signal(READY);
    expect(supervisor.machine.state).toBe('ready');
  });

  test('an event that cannot be recorded changes nothing about the session', async () => {
    const made = make();
    made.recorder.recordEvent = () => Promise.reject(new Error('disk full'));
    await ready(made);
    await settle();
    expect(made.supervisor.machine.state).toBe('ready');
  });

  test('a closed session takes no more facts and signals', async () => {
    const { supervisor, factory, recorder } = await ready(make());
    await supervisor.close('gone');
    await expect(factory.last.listener.fact(ack)).rejects.toThrow('closed');
    factory.last.listener.signal(READY);
    expect(supervisor.machine.state).toBe('stopped');
    expect(recorder.facts).toEqual([]);
  });
});
