/** Reactions, read state and typing on a page that fails at them, and with people who hide their number. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChatId } from '../../bridge/src/contract/ids.ts';
import type { Engine } from '../../bridge/src/engine/engine.ts';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import { bobOf, failureOf, LONG, SessionAtTest } from './session-at-test.ts';

let session: SessionAtTest;
let engine: Engine;
let recording: EngineRecording;
beforeAll(async () => {
  session = await SessionAtTest.open();
  ({ engine, recording } = await session.linked());
}, LONG);
afterAll(() => session.close(), LONG);
beforeEach(() => session.meetOthers());

describe('operations in a chat', () => {
  test(
    'marking as read that breaks in the page is told, and breaks no send',
    async () => {
      session.standin.network.say(session.bob, session.me, 'read me');
      await recording.untilMessage(({ text }) => text === 'read me');
      const page = session.standin.pageOf(session.me);
      await page.fault('WAWebUpdateUnreadChatAction.sendSeen', { throws: 'markedUnread', times: 1 });
      const error = await failureOf(engine.perform('chat.markRead', { chatId: bobOf(session) }));
      expect(error).toMatchObject({ outcome: 'fail', code: 'WAB_OPERATION_FAILED' });
      expect(error.message).toContain('markedUnread');
      await engine.perform('message.sendText', { chatId: bobOf(session), text: 'still here' }, null);
      expect(session.phoneEvents('receipt').filter(({ ack }) => ack === 3)).toEqual([]);
      await engine.perform('chat.markRead', { chatId: bobOf(session) });
      await session.untilPhoneEvents('receipt', 1, ({ ack }) => ack === 3);
    },
    LONG,
  );

  test(
    'a reaction that is cut off by a reload leaves its outcome unknown, and arrives when it is repeated',
    async () => {
      session.standin.network.say(session.bob, session.me, 'react to me');
      const { messageId } = await recording.untilMessage(({ text }) => text === 'react to me');
      const page = session.standin.pageOf(session.me);
      await page.fault('WAWebSendReactionMsgAction.sendReactionToMsg', { reloads: true, times: 1 });
      const reaction = { chatId: bobOf(session), messageId, emoji: '👍' } as const;
      expect(await failureOf(engine.perform('message.react', reaction))).toMatchObject({ outcome: 'unknown' });
      await recording.untilSignal('ready', 2);
      await engine.perform('message.react', reaction);
      const reactions = await session.untilPhoneEvents('reaction', 1);
      expect(reactions.at(-1)).toMatchObject({ emoji: '👍' });
    },
    LONG,
  );

  test(
    'a person known by lid alone is reached under that, and the message decides the chat',
    async () => {
      session.bob.hidesPhone = true;
      session.standin.network.say(session.bob, session.me, 'who am I');
      const { messageId, chat } = await recording.untilMessage(({ text }) => text === 'who am I');
      const chatId = chat.chatId as ChatId;
      expect(chatId).toBe(session.bob.lid);
      await engine.perform('message.react', { chatId, messageId, emoji: '👍' }, null);
      await engine.perform('message.react', { chatId: bobOf(session), messageId, emoji: '❤️' }, null);
      await engine.perform('chat.markRead', { chatId: chatId });
      await engine.perform('chat.setTyping', { chatId: chatId, state: 'composing' });
      expect((await session.untilPhoneEvents('reaction', 2)).map(({ emoji }) => emoji)).toEqual(['👍', '❤️']);
      await session.untilPhoneEvents('receipt', 1, ({ ack }) => ack === 3);
      await session.untilPhoneEvents('chatstate', 1);
    },
    LONG,
  );
});
