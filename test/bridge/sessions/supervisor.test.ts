/** Engines of a session: how they are launched, replaced and ended. */
import { describe, expect, test } from '@jest/globals';
import { READY, SELF, settle } from './fake-engine.ts';
import { OPTIONS, make, ready, ack } from './supervisor-harness.ts';

describe('supervisor', () => {
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
