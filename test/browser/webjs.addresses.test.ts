/** People are known by phone number, by lid, or by both: messages reach them under each, under the id chosen beforehand. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ChatId, MessageId } from '../../bridge/src/contract/ids.ts';
import type { Engine } from '../../bridge/src/engine/engine.ts';
import { inAnyForm } from '../../bridge/src/engine/number-forms.ts';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import type { Account } from '../standin/account.ts';
import { BUILDS, type PageSettings } from '../standin/page-settings.ts';
import { failureOf, LONG, SessionAtTest } from './session-at-test.ts';

let session: SessionAtTest;
let engine: Engine;
let recording: EngineRecording;
/** Ana's number comes in two forms. */
let ana: Account;
let luz: Account;

/** Sends as the outbox does: the chat is resolved and the id is on record before. */
async function sendTo(engine: Engine, recording: EngineRecording, to: string, text: string): Promise<MessageId> {
  const { chatId } = await engine.resolveChat(to as ChatId);
  const messageId = engine.chooseMessageId(chatId as ChatId);
  const receipt = await engine.perform('message.sendText', { chatId: chatId as ChatId, text }, messageId);
  expect(receipt.messageId).toBe(messageId);
  // What is heard of it later carries the same id.
  await recording.until('the receipt', () => (recording.acksOf(messageId).includes('read') ? true : undefined));
  await recording.untilMessage((each) => each.messageId === messageId);
  return messageId;
}
const textsOf = (account: Account): (string | undefined)[] => account.inbox.map(({ body }) => body);

describe.each(Object.keys(BUILDS) as PageSettings['build'][])('addresses (%s)', (build) => {
  // One session for all, since each test has people of its own.
  beforeAll(async () => {
    session = await SessionAtTest.open(build);
    const { network } = session.standin;
    session.bob.hidesPhone = session.carol.hidesPhone = true;
    ana = network.addAccount('5215512345678', 'Ana');
    ana.alsoFoundAs.add('525512345678@c.us');
    // WhatsApp itself does not lead from one form of this number to the other.
    luz = network.addAccount('541123456789', 'Luz');
    ana.readsAtOnce = luz.readsAtOnce = true;
    ({ engine, recording } = await session.linked());
  }, LONG);
  afterAll(() => session.close(), LONG);

  test(
    'a person who shows a lid only is reached under the lid, under the number, and before having written',
    async () => {
      const { bob, carol, me, standin } = session;
      standin.network.say(bob, me, 'hello');
      const { chat, sender } = await recording.untilMessage(({ text }) => text === 'hello');
      expect(chat).toMatchObject({ chatId: bob.lid, lid: bob.lid, phone: `+${bob.phone}` });
      expect(sender).toMatchObject(chat);
      await sendTo(engine, recording, bob.lid, 'to the lid');
      // The number leads to the chat that there is, not to a second one.
      const byNumber = await sendTo(engine, recording, bob.pn, 'to the number');
      expect(byNumber).toContain(bob.lid);
      expect(await engine.resolveChat(bob.pn as ChatId)).toMatchObject({ lid: bob.lid, phone: `+${bob.phone}` });
      expect(textsOf(bob)).toEqual(['to the lid', 'to the number']);
      await sendTo(engine, recording, carol.lid, 'not met yet');
      expect(textsOf(carol)).toEqual(['not met yet']);
      // Straight to the other name, as a message that was accepted before the chat was known.
      await engine.perform('message.sendText', { chatId: bob.pn as ChatId, text: 'unresolved' }, null);
      expect(textsOf(bob)).toContain('unresolved');
    },
    LONG,
  );

  test(
    'a number that was never met is looked up first; one whose lid nobody tells, and a lid of nobody, are unknown',
    async () => {
      const { network } = session.standin;
      const dave = network.addAccount('4915110000009', 'Dave');
      dave.readsAtOnce = true;
      await sendTo(engine, recording, dave.pn, 'nice to meet you');
      const eve = network.addAccount('4915110000010', 'Eve');
      eve.lidKnown = false;
      for (const nobody of [eve.pn, '900000000000001@lid', '4915119999999@c.us'] as ChatId[]) {
        const unknown = { outcome: 'fail', code: 'WAB_CHAT_UNKNOWN' };
        expect(await failureOf(engine.resolveChat(nobody))).toMatchObject(unknown);
        expect(await failureOf(engine.perform('message.sendText', { chatId: nobody, text: 'x' }, null))).toMatchObject(
          unknown,
        );
      }
      expect(eve.inbox).toEqual([]);
    },
    LONG,
  );

  test(
    'a message of a person who shows a lid only is quoted',
    async () => {
      const { bob, me, standin } = session;
      standin.network.say(bob, me, 'a question');
      const question = await recording.untilMessage(({ text }) => text === 'a question');
      const chatId = bob.pn as ChatId;
      await engine.perform(
        'message.sendText',
        { chatId, text: 'an answer', quotedMessageId: question.messageId },
        null,
      );
      const answer = bob.inbox.find(({ body }) => body === 'an answer');
      expect(answer?.quoted).toMatchObject({ stanza: question.messageId.split('_')[2] });
      const quoting = await recording.untilMessage(({ text }) => text === 'an answer');
      expect(quoting.quotedMessageId).toBe(question.messageId);
    },
    LONG,
  );

  test(
    'numbers of a country that changed them: both forms lead to one chat, and a mention names the id that WhatsApp uses',
    async () => {
      const { me, standin } = session;
      const { network } = standin;
      for (const form of ['525512345678@c.us', '5215512345678@c.us'])
        expect(await sendTo(engine, recording, form, form)).toContain(`_${ana.pn}_`);
      expect(textsOf(ana)).toEqual(['525512345678@c.us', '5215512345678@c.us']);
      const asked = (form: ChatId) => engine.resolveChat(form);
      expect(await inAnyForm('5491123456789@c.us' as ChatId, asked)).toMatchObject({ phone: `+${luz.phone}` });
      const nobody = inAnyForm('5491199999999@c.us' as ChatId, asked);
      expect(await failureOf(nobody)).toMatchObject({ outcome: 'fail', code: 'WAB_CHAT_UNKNOWN' });

      const group = network.addGroup('Ana and Luz', [me, ana, luz]);
      network.say(luz, group, 'here');
      await recording.untilMessage(({ text }) => text === 'here');
      await engine.perform(
        'message.sendText',
        {
          chatId: group.id as ChatId,
          text: '@525512345678 and @5491123456789',
          mentions: ['525512345678@c.us', '5491123456789@c.us'] as ChatId[],
        },
        null,
      );
      const got = await network.until('the mention', () => ana.inbox.find(({ body }) => body?.includes(' and ')));
      expect(got).toMatchObject({ body: `@${ana.phone} and @${luz.phone}`, mentions: [ana.pn, luz.pn] });
    },
    LONG,
  );

  test(
    'a group whose members are named by lid: senders, ids chosen after a restart, mentions and quotes',
    async () => {
      const { bob, carol, me, standin } = session;
      const { network } = standin;
      const group = network.addGroup('Lids', [me, bob, carol], true);
      network.say(bob, group, 'before');
      const { sender } = await recording.untilMessage(({ text }) => text === 'before');
      expect(sender).toMatchObject({ chatId: bob.lid, lid: bob.lid, phone: `+${bob.phone}` });
      await engine.stop();
      ({ engine, recording } = await session.launch());
      await recording.untilSignal('ready');
      // Not resolved again: the outbox knows the group from before.
      const chatId = group.id as ChatId;
      const messageId = engine.chooseMessageId(chatId);
      expect(messageId).toContain(me.lid);
      network.say(carol, group, 'a question in the group');
      const question = await recording.untilMessage(({ text }) => text === 'a question in the group');
      const receipt = await engine.perform(
        'message.sendText',
        {
          chatId,
          text: `@${bob.phone} @${carol.phone} see?`,
          mentions: [bob.pn as ChatId, carol.lid as ChatId],
          quotedMessageId: question.messageId,
        },
        messageId,
      );
      expect(receipt.messageId).toBe(messageId);
      const got = await network.until('the message', () => bob.inbox.find(({ body }) => body?.endsWith('see?')));
      const userOf = (id: string): string => id.split('@')[0] as string;
      expect(got.body).toBe(`@${userOf(bob.lid)} @${carol.phone} see?`);
      expect(got.mentions).toEqual([bob.lid, carol.lid]);
      expect(got.quoted?.stanza).toBe(question.messageId.split('_')[2]);
      await recording.until('the receipt', () => (recording.acksOf(messageId).includes('read') ? true : undefined));
      const own = await recording.untilMessage((each) => each.messageId === messageId);
      expect(own.quotedMessageId).toBe(question.messageId);
      expect(own.mentions).toMatchObject([{ phone: `+${bob.phone}` }, { phone: `+${carol.phone}` }]);
    },
    LONG,
  );
});
