/**
 * Pairing codes over a page: what WhatsApp refuses, codes that are not used, and pages that go idle or are reloaded.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import { failureOf, LONG, SessionAtTest } from './session-at-test.ts';

let session: SessionAtTest;
beforeEach(async () => {
  session = await SessionAtTest.open();
});
afterEach(() => session.close(), LONG);

const ownNumber = (): string => `+${session.me.phone}`;
const codesOf = (recording: EngineRecording): string[] =>
  recording.signals.flatMap((signal) => (signal.kind === 'pairing_code' ? [signal.code] : []));

describe('a pairing code', () => {
  test(
    'that WhatsApp refuses: too many, a number it does not take, a fault of its own; the QR code still links',
    async () => {
      const { engine, recording } = await session.launch();
      await recording.untilSignal('qr');
      const { pairing } = session.standin;
      pairing.refusal = 'rate-overlimit';
      expect(await failureOf(engine.requestPairingCode(ownNumber()))).toMatchObject({
        outcome: 'defer',
        code: 'WAB_PAIRING_LIMITED',
      });
      pairing.refusal = 'bad-request';
      expect(await failureOf(engine.requestPairingCode(ownNumber()))).toMatchObject({
        outcome: 'fail',
        code: 'WAB_PAIRING_REFUSED',
        message: 'WhatsApp does not accept this number',
      });
      pairing.refusal = 'internal-server-error';
      expect(await failureOf(engine.requestPairingCode(ownNumber()))).toMatchObject({
        outcome: 'defer',
        code: 'WAB_SESSION_NOT_READY',
      });
      expect(codesOf(recording)).toEqual([]);
      const qr = recording.signals.findLast(({ kind }) => kind === 'qr');
      session.standin.scan(qr?.kind === 'qr' ? qr.code : '', session.me);
      await recording.untilSignal('ready');
    },
    LONG,
  );

  test(
    'that nobody types is renewed without another notification; an idle page keeps it, and shows QR codes again afterwards',
    async () => {
      Object.assign(session.standin.qr, { lifetimeMs: 300, renewals: 2 });
      const notified: unknown[] = [];
      session.standin.network.events.on('pairing', (phone) => notified.push(phone));
      const { engine, recording } = await session.launch({ watchStarting: 100, pairingCode: 1_500 });
      await recording.untilSignal('qr');
      const first = await engine.requestPairingCode(ownNumber());
      const renewed = await recording.until('a renewed code', () => codesOf(recording)[2]);
      expect(new Set([first.code, ...codesOf(recording)]).size).toBe(codesOf(recording).length);
      expect(() => session.standin.enterCode(first.code, session.me)).toThrow();
      expect(notified).toEqual([session.me.phone]);
      expect(renewed).not.toBe(first.code);
      // The page has run out of QR codes long ago. With the last renewal it may ask for more.
      await recording.until('the last renewal', () => codesOf(recording)[5], 60_000);
      const shown = recording.signals.filter(({ kind }) => kind === 'qr').length;
      await recording.untilSignal('qr', shown + 1);
    },
    LONG,
  );

  test(
    'is made again where the page was reloaded, and links',
    async () => {
      const { engine, recording } = await session.launch();
      await recording.untilSignal('qr');
      const { code } = await engine.requestPairingCode(ownNumber());
      // Functions of the library are exposed to the next load once more: it may have begun before they were.
      session.standin.page.losesFunctions = true;
      await session.standin.pages.all.at(-1)?.reload();
      const renewed = await recording.until('a renewed code', () => codesOf(recording)[1]);
      expect(() => session.standin.enterCode(code, session.me)).toThrow();
      session.standin.enterCode(renewed, session.me);
      await recording.untilSignal('ready');
      expect(recording.messages).toEqual([]);
    },
    LONG,
  );
});
