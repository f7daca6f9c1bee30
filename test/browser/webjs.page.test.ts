/** What the page does to a session: late and repeated events, reloads, conflicts, hidden numbers. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bobOf, LONG, SessionAtTest } from './session-at-test.ts';

let session: SessionAtTest;
beforeEach(async () => {
  session = await SessionAtTest.open();
});
afterEach(() => session.close(), LONG);

describe('the page', () => {
  test(
    'a sync that ends before anybody listens still becomes ready',
    async () => {
      session.standin.page.syncDelayMs = 0;
      const first = await session.linked();
      await first.engine.stop();
      const second = await session.launch();
      await second.heard.untilSignal('ready');
    },
    LONG,
  );

  test(
    'a reload is taken in stride: ready again, every message once, sends work',
    async () => {
      const { engine, heard } = await session.linked();
      session.standin.network.reload(session.me);
      await heard.untilSignal('interrupted');
      await heard.untilSignal('ready', 2);
      session.standin.network.say(session.bob, session.me, 'after the reload');
      await heard.untilMessage((message) => message.text === 'after the reload');
      await engine.send({ type: 'text', chatId: bobOf(session), text: 'indeed' }, null);
      expect(heard.messages.filter(({ text }) => text === 'after the reload')).toHaveLength(1);
      expect(heard.signals.filter(({ kind }) => kind === 'authenticated')).toHaveLength(1);
    },
    LONG,
  );

  test(
    'an idle QR is renewed',
    async () => {
      Object.assign(session.standin.qr, { lifetimeMs: 300, renewals: 2 });
      const { heard } = await session.launch({ watchStarting: 100 });
      const codes = await heard.until('a fourth code', () => {
        const issued = heard.signals.flatMap((signal) => (signal.kind === 'qr' ? [signal.code] : []));
        return issued.length >= 4 ? issued : undefined;
      });
      expect(new Set(codes).size).toBe(codes.length);
    },
    LONG,
  );

  test(
    'another page with the same login ends the session with a reason',
    async () => {
      const { heard } = await session.linked();
      for (const device of session.me.devices) device.tell({ type: 'conflict' });
      expect((await heard.untilSignal('crashed')).reason).toContain('CONFLICT');
    },
    LONG,
  );

  test(
    'a sender who hides the number is named by lid, with the phone where WhatsApp tells it',
    async () => {
      const { network } = session.standin;
      session.bob.hidesPhone = true;
      session.carol.hidesPhone = true;
      session.carol.phoneKnown = false;
      const { heard } = await session.linked();
      network.say(session.bob, session.me, 'known');
      network.say(session.carol, session.me, 'unknown');
      expect((await heard.untilMessage(({ text }) => text === 'known')).sender).toMatchObject({
        chatId: session.bob.lid,
        lid: session.bob.lid,
        phone: `+${session.bob.phone}`,
      });
      const { sender } = await heard.untilMessage(({ text }) => text === 'unknown');
      expect(sender).toMatchObject({ chatId: session.carol.lid, lid: session.carol.lid, name: 'Carol' });
      expect(sender.phone).toBeUndefined();
    },
    LONG,
  );

  test(
    'a message that the page announces again keeps its id',
    async () => {
      session.standin.page.repeats = true;
      const { heard } = await session.linked();
      session.standin.network.say(session.bob, session.me, 'once or twice');
      await heard.untilMessage(({ text }) => text === 'once or twice');
      session.standin.network.repeat(session.me);
      const reports = await heard.until('the repetition', () => {
        const found = heard.messages.filter(({ text }) => text === 'once or twice');
        return found.length > 1 ? found : undefined;
      });
      expect(new Set(reports.map(({ wireId }) => wireId)).size).toBe(1);
    },
    LONG,
  );
});
