/** Defences 16 to 18: sends that something else breaks, sends that only look done, people who are known by a lid. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ChatId, MessageId } from '../../../bridge/src/contract/ids.ts';
import type { Engine } from '../../../bridge/src/engine/engine.ts';
import type { EngineRecording } from '../../conformance/engine-recording.ts';
import { until } from '../../until.ts';
import { bobOf, failureOf, LONG } from '../session-at-test.ts';
import { Scene } from './scene.ts';
import type { StockClient, StockMessage } from './stock-client.ts';

let scene: Scene;
let stock: StockClient;
let engine: Engine;
let recording: EngineRecording;
/** What nobody acknowledges is waited for this long; everything else must come within it. */
const ACK_MS = 15_000;
beforeAll(async () => {
  scene = await Scene.open();
  stock = await scene.linkedStock();
  ({ engine, recording } = await scene.linked({ ack: ACK_MS }));
}, LONG);
afterAll(() => scene.close(), LONG);

/** What the page of some versions says when a chat is marked as read. */
const BROKEN = { throws: "Cannot read properties of undefined (reading 'markedUnread')" };

test(
  'defence 16: without it, a failure to mark a chat as read keeps the message from being sent',
  async () => {
    await scene.naivePage.fault('WAWebUpdateUnreadChatAction.sendSeen', BROKEN);
    await expect(stock.call('sendMessage', scene.bob.pn, 'hello')).rejects.toThrow('markedUnread');
    await wait(1_000);
    expect(scene.fromNaive).toEqual([]);
    await scene.naivePage.repair();
  },
  LONG,
);

test(
  'defence 16: with it, a send marks nothing as read; that is an act of its own, whose failure stays with it',
  async () => {
    const seen: unknown[] = [];
    scene.standin.network.events.on('seen', (account) => account === scene.me && seen.push(account));
    await scene.page.fault('WAWebUpdateUnreadChatAction.sendSeen', BROKEN);
    const messageId = engine.chooseMessageId(bobOf(scene));
    await engine.perform('message.sendText', { chatId: bobOf(scene), text: 'hello' }, messageId);
    await scene.inbox(1);
    expect(seen).toEqual([]);
    expect((await failureOf(engine.perform('chat.markRead', { chatId: bobOf(scene) }))).message).toContain(
      'markedUnread',
    );
    await scene.page.repair();
    await engine.perform('chat.markRead', { chatId: bobOf(scene) });
    await until('the mark', () => seen.length === 1);
  },
  LONG,
);

const GONE = 'false_4915110000002@c.us_3A00000000000000000000' as MessageId;

test(
  'defence 17: without it, a message that never arrives counts as sent, and a missing quote is left out silently',
  async () => {
    const { network } = scene.standin;
    network.swallows = true;
    const lost = await stock.call<StockMessage>('sendMessage', scene.bob.pn, 'into the void');
    expect(lost).toMatchObject({ ack: 0, body: 'into the void' });
    const waiting = stock.call('sendMessage', scene.bob.pn, 'and this', { waitUntilMsgSent: true });
    expect(await Promise.race([waiting, wait(5_000, 'hangs')])).toBe('hangs');
    network.swallows = false;
    network.refuses = true;
    expect(await stock.call('sendMessage', scene.bob.pn, 'no')).toMatchObject({ ack: 0 });
    await until('the refusal', () => stock.named('message_ack').some(([, level]) => level === -1));
    network.refuses = false;
    const quoting = await stock.call('sendMessage', scene.bob.pn, 'about what?', { quotedMessageId: GONE });
    expect(quoting).toMatchObject({ hasQuotedMsg: false });
    await until('only the last', () => scene.fromNaive.length > 0);
    expect(scene.fromNaive).toEqual(['about what?']);
  },
  LONG,
);

test(
  'defence 17: with it, only the server’s word counts: silence is unknown, a refusal and a missing quote are failures',
  async () => {
    const { network } = scene.standin;
    const send = (text: string, more: { messageId?: MessageId; quotedMessageId?: MessageId } = {}) => {
      const { messageId = null, ...quote } = more;
      return failureOf(engine.perform('message.sendText', { chatId: bobOf(scene), text, ...quote }, messageId));
    };
    network.swallows = true;
    expect(await send('into the void')).toMatchObject({ outcome: 'unknown' });
    network.swallows = false;
    network.refuses = true;
    const messageId = engine.chooseMessageId(bobOf(scene));
    expect(await send('no', { messageId })).toMatchObject({ outcome: 'fail', code: 'WAB_SEND_REFUSED' });
    await recording.until('the failure', () =>
      recording.facts.find((fact) => fact.type === 'message.failed' && fact.data.messageId === messageId),
    );
    network.refuses = false;
    expect(await send('about what?', { quotedMessageId: GONE })).toMatchObject({
      outcome: 'fail',
      code: 'WAB_QUOTED_UNKNOWN',
    });
    const texts = [...recording.messages.filter(({ fromMe }) => fromMe), ...scene.received()].map(({ text }) => text);
    for (const text of ['into the void', 'no', 'about what?']) expect(texts).not.toContain(text);
    const chosen = engine.chooseMessageId(bobOf(scene));
    const receipt = await engine.perform('message.sendText', { chatId: bobOf(scene), text: 'at last' }, chosen);
    expect(receipt.messageId).toBe(chosen);
  },
  LONG,
);

test(
  'defence 18: without it, a sender is a bare lid, and a number that the page has not met cannot be written to',
  async () => {
    const { network } = scene.standin;
    scene.carol.hidesPhone = true;
    network.say(scene.carol, scene.naive, 'guess who');
    const { from } = await stock.untilMessage('guess who');
    expect(from).toBe(scene.carol.lid);
    network.addAccount('4915110000008', 'Dave');
    await expect(stock.call('sendMessage', '4915110000008@c.us', 'nice to meet you')).rejects.toThrow(
      'No LID for user',
    );
  },
  LONG,
);

test(
  'defence 18: with it, an address has lid and phone where WhatsApp tells them, and a new number is looked up first',
  async () => {
    const { network } = scene.standin;
    const frank = network.addAccount('4915110000011', 'Frank');
    Object.assign(frank, { hidesPhone: true, phoneKnown: false });
    scene.carol.hidesPhone = true;
    network.say(scene.carol, scene.me, 'guess who');
    network.say(frank, scene.me, 'you never will');
    expect((await recording.untilMessage(({ text }) => text === 'guess who')).sender).toMatchObject({
      chatId: scene.carol.lid,
      lid: scene.carol.lid,
      phone: `+${scene.carol.phone}`,
    });
    const { sender } = await recording.untilMessage(({ text }) => text === 'you never will');
    expect(sender).toMatchObject({ chatId: frank.lid, lid: frank.lid, name: 'Frank' });
    expect(sender.phone).toBeUndefined();

    const eve = network.addAccount('4915110000010', 'Eve');
    const chatId = eve.pn as ChatId;
    await engine.perform('message.sendText', { chatId, text: 'nice to meet you' }, engine.chooseMessageId(chatId));
    expect(eve.inbox).toHaveLength(1);
    const nobody = { chatId: '4915119999999@c.us' as ChatId, text: 'anybody?' } as const;
    expect(await failureOf(engine.perform('message.sendText', nobody))).toMatchObject({
      outcome: 'fail',
      code: 'WAB_CHAT_UNKNOWN',
    });
  },
  LONG,
);
