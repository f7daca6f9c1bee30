/** The page's side of reactions, read state and typing, over modules that break as WhatsApp's have. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EngineError } from '../../../../../bridge/src/engine/engine.ts';
import { DEADLINES, TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import { installShims } from '../page/install-shims.ts';
import { markReadInPage } from '../../../../../bridge/src/engine/webjs/operations/chat/mark-read.ts';
import { setTypingInPage } from '../../../../../bridge/src/engine/webjs/operations/chat/set-typing.ts';
import type { WebjsPage } from '../../../../../bridge/src/engine/webjs/operations/handler.ts';
import { reactInPage } from '../../../../../bridge/src/engine/webjs/operations/message/react.ts';
import { WEBJS_OPERATIONS } from '../../../../../bridge/src/engine/webjs/operations/operations.ts';
import type { PageOperationResult } from '../../../../../bridge/src/engine/webjs/page/page-operation.ts';
import type { PageCalls } from '../../../../../bridge/src/engine/webjs/page/page-calls.ts';
import type { ChatId, MessageId } from '../../../../../bridge/src/contract/ids.ts';

const PHONE = '491511111111@c.us';
const LID = '77000000000001@lid';
const MESSAGE = `false_${PHONE}_3EB0A`;
const wid = (id: string) => ({ _serialized: id, server: id.split('@')[1], user: id.split('@')[0] });

/** What was done in the page, in order. */
let done: unknown[][];
/** The page's modules; a test replaces what it wants to break. */
let modules: Record<string, object>;
let held: { chats: string[]; messages: Record<string, string> };
const page = globalThis as { window?: unknown };

beforeEach(() => {
  done = [];
  held = { chats: [PHONE], messages: { [MESSAGE]: PHONE } };
  const message = (id: string) =>
    held.messages[id] === undefined ? undefined : { id: { _serialized: id, remote: wid(held.messages[id]) } };
  modules = {
    WAWebCollections: {
      Msg: { get: message, getMessagesById: async () => ({ messages: [] }) },
      Chat: {
        get: ({ _serialized }: { _serialized: string }) =>
          held.chats.includes(_serialized) ? { _serialized } : undefined,
      },
    },
    WAWebWidFactory: { createWid: wid },
    WAWebApiContact: { getCurrentLid: () => wid(LID), getPhoneNumber: () => wid(PHONE) },
    WAWebQueryExistsJob: { queryWidExists: async () => undefined },
    WAWebSendReactionMsgAction: {
      sendReactionToMsg: async (about: { id: { _serialized: string } }, emoji: string) =>
        void done.push(['reacted', about.id._serialized, emoji]),
    },
    WAWebStreamModel: {
      Stream: { markAvailable: () => done.push(['available']), markUnavailable: () => done.push(['unavailable']) },
    },
    WAWebUpdateUnreadChatAction: {
      sendSeen: async ({ chat }: { chat: { _serialized: string } }) => void done.push(['seen', chat._serialized]),
    },
  };
  page.window = {
    require: (name: string) => modules[name],
    WWebJS: { sendChatstate: async (state: string, chat: string) => void done.push([state, chat]) },
  };
  installShims();
});
afterEach(() => {
  delete page.window;
});

describe('marking as read', () => {
  test('is done while available, in the chat under whichever id the page has it', async () => {
    expect(await markReadInPage(PHONE)).toEqual({ done: true });
    held.chats = [LID];
    expect(await markReadInPage(PHONE)).toEqual({ done: true });
    const around = (chat: string) => [['available'], ['seen', chat], ['unavailable']];
    expect(done).toEqual([...around(PHONE), ...around(LID)]);
  });

  test('that breaks in WhatsApp is told, rejects nothing and leaves the account unavailable', async () => {
    modules['WAWebUpdateUnreadChatAction'] = {
      sendSeen: () => Promise.reject(new TypeError("Cannot read properties of undefined (reading 'markedUnread')")),
    };
    expect(await markReadInPage(PHONE)).toMatchObject({
      done: false,
      why: 'failed',
      reason: expect.stringContaining('markedUnread'),
    });
    expect(done).toEqual([['available'], ['unavailable']]);
  });

  test('of a group that is not there asks for no other name of it', async () => {
    modules['WAWebApiContact'] = {};
    expect(await markReadInPage('120363000000000001@g.us')).toMatchObject({ done: false, why: 'no-chat' });
  });

  test('in a page without the function, or without the chat, is told', async () => {
    delete modules['WAWebUpdateUnreadChatAction'];
    expect(await markReadInPage(PHONE)).toMatchObject({ done: false, why: 'failed' });
    held.chats = [];
    expect(await markReadInPage(PHONE)).toMatchObject({ done: false, why: 'no-chat' });
  });
});

describe('reacting', () => {
  test('goes to the message, which the page may have under the other id of the chat', async () => {
    expect(await reactInPage(PHONE, MESSAGE, '👍')).toEqual({ done: true });
    expect(await reactInPage(LID, MESSAGE, '')).toEqual({ done: true });
    expect(done).toEqual([
      ['reacted', MESSAGE, '👍'],
      ['reacted', MESSAGE, ''],
    ]);
  });

  test('to a message that is not there, or of another chat, goes nowhere', async () => {
    expect(await reactInPage(PHONE, 'false_x_1', '👍')).toMatchObject({ why: 'no-message' });
    held.messages[MESSAGE] = '120363000000000001@g.us';
    expect(await reactInPage(PHONE, MESSAGE, '👍')).toMatchObject({ why: 'no-message' });
    expect(done).toEqual([]);
  });

  test('that breaks in WhatsApp is told', async () => {
    delete modules['WAWebSendReactionMsgAction'];
    expect(await reactInPage(PHONE, MESSAGE, '👍')).toMatchObject({ done: false, why: 'failed' });
  });
});

test('typing has the words of the library', async () => {
  for (const state of ['composing', 'recording', 'paused'] as const)
    expect(await setTypingInPage(PHONE, state)).toEqual({ done: true });
  expect(done.map(([state]) => state)).toEqual(['typing', 'recording', 'stop']);
  page.window = { require: (name: string) => modules[name] };
  expect(await setTypingInPage(PHONE, 'composing')).toMatchObject({
    why: 'failed',
    reason: expect.stringContaining('reloading'),
  });
});

describe('what the engine makes of it', () => {
  const over = (call: () => Promise<unknown>): WebjsPage => ({
    page: { call: call as PageCalls['call'] },
    deadlines: DEADLINES,
    sender: { send: () => Promise.reject(new Error('not part of this test')) },
  });
  const answering = (act: PageOperationResult | Error): WebjsPage =>
    over((async (fn: { name: string }) => {
      if (fn.name === 'findChat') return { found: PHONE };
      if (act instanceof Error) throw act;
      return act;
    }) as () => Promise<unknown>);
  const chatId = PHONE as ChatId;
  const react = (run: WebjsPage) =>
    WEBJS_OPERATIONS.carryOut(run, 'message.react', { chatId, messageId: MESSAGE as MessageId, emoji: '👍' }, null);
  const markRead = (run: WebjsPage) => WEBJS_OPERATIONS.carryOut(run, 'chat.markRead', { chatId }, null);
  const setTyping = (run: WebjsPage) =>
    WEBJS_OPERATIONS.carryOut(run, 'chat.setTyping', { chatId, state: 'composing' }, null);
  const calls = Object.entries({ react, markRead, setTyping });

  test.each(calls)('%s: a page that is cut off leaves the outcome unknown', async (_name, call) => {
    const error = await call(answering(new TransportError('the page is gone'))).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({ outcome: 'unknown', code: 'WAB_SESSION_NOT_READY' });
  });

  test.each(calls)('%s: what the page says names nobody', async (name, call) => {
    const page = answering({ done: false, why: 'failed', reason: `No LID for user ${PHONE}` });
    const error = (await call(page).catch((reason: unknown) => reason)) as EngineError;
    expect(error).toMatchObject({ outcome: name === 'react' ? 'unknown' : 'fail', code: 'WAB_OPERATION_FAILED' });
    expect(error.message).toBe('WhatsApp Web said: No LID for user …@c.us');
  });

  test('an unknown message and an unknown chat have their codes', async () => {
    const refused = (why: 'no-chat' | 'no-message') => answering({ done: false, why, reason: 'none' });
    await expect(react(refused('no-message'))).rejects.toMatchObject({
      outcome: 'fail',
      code: 'WAB_MESSAGE_UNKNOWN',
    });
    await expect(markRead(refused('no-chat'))).rejects.toMatchObject({ outcome: 'fail', code: 'WAB_CHAT_UNKNOWN' });
    await expect(setTyping(over(async () => ({ found: null })))).rejects.toMatchObject({
      code: 'WAB_CHAT_UNKNOWN',
    });
  });
});
