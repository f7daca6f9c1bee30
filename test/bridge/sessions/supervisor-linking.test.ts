/** How a session is linked, by QR and by pairing code. */
import { describe, expect, test } from '@jest/globals';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import { READY, SELF, settle } from './fake-engine.ts';
import { OPTIONS, make, ready } from './supervisor-harness.ts';

describe('linking', () => {
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
});
