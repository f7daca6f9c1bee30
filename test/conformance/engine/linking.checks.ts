/** How an engine is linked with the phone, and what it says of itself once it is. */
import { expect } from '@jest/globals';
import { failure, type EngineAtTest } from './engine-at-test.ts';

export function linkingChecks(at: EngineAtTest): void {
  const { check, checkIf, end, launch, linked } = at;

  check('links by QR: qr, authenticated, ready, in this order', async () => {
    const { recording } = await linked();
    // That a code is withdrawn, and how the login gets on, an engine may tell or not.
    const told = recording.signals
      .map(({ kind }) => kind)
      .filter((kind) => kind !== 'qr_withdrawn' && kind !== 'progress');
    const kinds = [...new Set(told)];
    expect(kinds.slice(0, 3)).toEqual(['qr', 'authenticated', 'ready']);
    const qr = await recording.untilSignal('qr');
    expect(qr.code.length).toBeGreaterThan(10);
    expect(qr.expiresAt.getTime()).toBeGreaterThan(Date.now() - at.limits.timeoutMs);
    const ready = await recording.untilSignal('ready');
    expect(ready.self.chatId).toMatch(/@(c\.us|lid)$/);
  });

  check('claims the capabilities that it has', async () => {
    const { engine } = await launch();
    const { linking, chosenMessageIds, operations } = engine.capabilities;
    expect(linking).toEqual(at.supports.pairingCode ? ['qr', 'pairing_code'] : ['qr']);
    expect(chosenMessageIds).toBe(at.supports.chosenMessageIds);
    expect(operations.includes('message.sendImage')).toBe(at.supports.mediaOut);
  });

  check('says of itself what works: nothing fails while it is ready, something does once it has ended', async () => {
    const { engine } = await linked();
    const { checks } = await engine.health();
    expect(checks.length).toBeGreaterThan(0);
    expect(checks.filter(({ state }) => state === 'failed')).toEqual([]);
    for (const { name: part, detail } of checks) {
      expect(part).not.toBe('');
      expect(detail).not.toBe('');
      expect(detail).not.toContain(at.harness.contact.split('@')[0]);
    }
    await end(engine);
    expect((await engine.health()).checks.some(({ state }) => state === 'failed')).toBe(true);
  });

  checkIf('pairingCode', 'links by pairing code, and restores the session without another', async () => {
    const { engine, recording } = await launch();
    await recording.untilSignal('qr');
    const first = await engine.requestPairingCode(at.harness.ownNumber);
    expect(first.code).toMatch(/^[0-9A-Z]{8}$/);
    expect(first.expiresAt.getTime()).toBeGreaterThan(Date.now());
    const second = await engine.requestPairingCode(at.harness.ownNumber);
    expect(second.code).not.toBe(first.code);
    const signalled = recording.signals.flatMap((signal) => (signal.kind === 'pairing_code' ? [signal.code] : []));
    expect(signalled).toEqual([first.code, second.code]);
    await expect(at.harness.typeCode(first.code)).rejects.toThrow();
    await at.harness.typeCode(second.code);
    await recording.untilSignal('authenticated');
    await recording.untilSignal('ready');
    expect(await failure(engine.requestPairingCode(at.harness.ownNumber))).toMatchObject({
      outcome: 'fail',
      code: 'WAB_SESSION_STATE',
    });
    await end(engine);
    const next = await launch();
    await next.recording.untilSignal('ready');
    expect(next.recording.signals.map(({ kind }) => kind)).not.toContain('qr');
  });

  checkIf('pairingCode', 'links by QR although a pairing code was asked for', async () => {
    const { engine, recording } = await launch();
    await recording.untilSignal('qr');
    await engine.requestPairingCode(at.harness.ownNumber);
    const shown = recording.signals.findLast(({ kind }) => kind === 'qr');
    await at.harness.scan(shown?.kind === 'qr' ? shown.code : '');
    await recording.untilSignal('ready');
  });

  checkIf('pairingCode', 'gives no pairing code while it does not run', async () => {
    const { engine } = await linked();
    await end(engine);
    const error = await failure(engine.requestPairingCode(at.harness.ownNumber));
    expect(error).toMatchObject({ outcome: 'defer', code: 'WAB_SESSION_NOT_READY' });
  });

  check('does not become ready while nobody scans', async () => {
    const { recording } = await launch();
    await recording.untilSignal('qr');
    expect(recording.signals.map((signal) => signal.kind)).not.toContain('authenticated');
    expect(recording.signals.map((signal) => signal.kind)).not.toContain('ready');
  });
}
