/** The road of a session through the real whatsapp-web.js in a real Chromium. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { browserTree, untilEnded } from './processes.ts';
import { bobOf, LONG, SessionAtTest } from './session-at-test.ts';

let session: SessionAtTest;
beforeEach(async () => {
  session = await SessionAtTest.open();
});
afterEach(() => session.close(), LONG);

describe('the road', () => {
  test(
    'QR, ready, text in, text out with acknowledgements, restart, restored without a QR',
    async () => {
      const { engine, recording } = await session.linked();
      expect((await recording.untilSignal('ready')).self).toMatchObject({
        chatId: session.me.pn,
        phone: `+${session.me.phone}`,
        lid: session.me.lid,
      });
      session.standin.network.say(session.bob, session.me, 'hello');
      const hello = await recording.untilMessage((message) => message.text === 'hello');
      expect(hello.sender).toMatchObject({
        chatId: session.bob.pn,
        phone: `+${session.bob.phone}`,
        lid: session.bob.lid,
        name: 'Bob',
      });

      const messageId = engine.chooseMessageId(bobOf(session));
      const receipt = await engine.perform(
        'message.sendText',
        { chatId: bobOf(session), text: 'hello yourself', quotedMessageId: hello.messageId },
        messageId,
      );
      expect(receipt.messageId).toBe(messageId);
      await recording.until('read', () => (recording.acksOf(messageId).includes('read') ? true : undefined));
      expect(recording.acksOf(messageId)).toEqual(['server', 'delivered', 'read']);
      await engine.stop();
      await untilEnded((await browserTree(session.profileFolder)).pids, 10_000);

      session.standin.network.say(session.bob, session.me, 'are you there?');
      const second = await session.launch();
      await second.recording.untilMessage((message) => message.text === 'are you there?');
      expect(second.recording.signals.map(({ kind }) => kind)).not.toContain('qr');
      expect(await second.engine.sendStatusOf(messageId, bobOf(session))).toBe('sent');
    },
    LONG,
  );
});
