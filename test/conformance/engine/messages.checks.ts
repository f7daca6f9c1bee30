/** Messages without a file, in both directions, and what became of them. */
import { expect } from '@jest/globals';
import type { ChatId, MessageId } from '../../../bridge/src/contract/ids.ts';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import { failure, idFor, type EngineAtTest } from './engine-at-test.ts';

export function messageChecks(at: EngineAtTest): void {
  const { check, checkIf, shared } = at;

  check('reports an incoming text with chat, sender and time', async () => {
    const { recording } = await shared();
    const before = Date.now();
    await at.harness.say({ from: at.harness.contact, text: 'hello bridge' });
    const message = await recording.untilMessage((each) => each.text === 'hello bridge');
    expect(message).toMatchObject({ kind: 'text', fromMe: false, quotedMessageId: null });
    expect(message).not.toHaveProperty('media');
    expect(message.chat.chatId).toBe(at.harness.contact);
    expect(message.sender.chatId).toBe(at.harness.contact);
    expect(message.messageId).toMatch(/^false_.+_.+/);
    expect(Math.abs(message.sentAt.getTime() - before)).toBeLessThan(60_000);
  });

  check('reports the messages of a chat in the order in which they were said', async () => {
    const { recording } = await shared();
    const texts = Array.from({ length: 30 }, (_, index) => `number ${index}`);
    for (const text of texts) await at.harness.say({ from: at.harness.contact, text });
    await recording.untilMessage((each) => each.text === 'number 29');
    const firsts = [
      ...new Set(recording.messages.filter((each) => each.text?.startsWith('number')).map((each) => each.text)),
    ];
    expect(firsts).toEqual(texts);
  });

  checkIf('groups', 'reports a group message with the group as chat and the person as sender', async () => {
    const { recording } = await shared();
    await at.harness.say({ from: at.harness.contact, group: at.harness.group, text: 'hello all' });
    const message = await recording.untilMessage((each) => each.text === 'hello all');
    expect(message.chat.chatId).toBe(at.harness.group);
    expect(message.sender.chatId).toBe(at.harness.contact);
  });

  checkIf('ownPhone', 'reports a message typed on the own phone as from me', async () => {
    const { recording } = await shared();
    await at.harness.sendFromPhone({ to: at.harness.contact, text: 'typed by hand' });
    const message = await recording.untilMessage((each) => each.text === 'typed by hand');
    expect(message.fromMe).toBe(true);
    expect(message.chat.chatId).toBe(at.harness.contact);
  });

  check('sends a text once, under the id it was told, and reports acknowledgements in order', async () => {
    const { engine, recording } = await shared();
    const messageId = idFor(engine, at.harness.contact);
    const receipt = await engine.perform(
      'message.sendText',
      { chatId: at.harness.contact as ChatId, text: 'hi there' },
      messageId,
    );
    if (at.supports.chosenMessageIds) expect(receipt.messageId).toBe(messageId);
    expect(Math.abs(receipt.sentAt.getTime() - Date.now())).toBeLessThan(60_000);
    const received = await at.harness.inbox(1);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      messageId: receipt.messageId,
      chatId: at.harness.contact,
      text: 'hi there',
      mediaSha256: null,
    });
    await recording.until('read', () => (recording.acksOf(receipt.messageId).includes('read') ? true : undefined));
    expect(recording.acksOf(receipt.messageId)).toEqual(['server', 'delivered', 'read']);
  });

  checkIf('chosenMessageIds', 'chooses another id for every message', async () => {
    const { engine } = await shared();
    expect(engine.capabilities.chosenMessageIds).toBe(true);
    const ids = Array.from({ length: 50 }, () => engine.chooseMessageId(at.harness.contact as ChatId));
    expect(new Set(ids).size).toBe(50);
    for (const id of ids) expect(id.startsWith(`true_${at.harness.contact}_`)).toBe(true);
  });

  check('keeps many sends at once apart', async () => {
    const { engine } = await shared();
    const texts = Array.from({ length: 20 }, (_, index) => `batch ${index}`);
    const receipts = await Promise.all(
      texts.map((text) =>
        engine.perform(
          'message.sendText',
          { chatId: at.harness.contact as ChatId, text },
          idFor(engine, at.harness.contact),
        ),
      ),
    );
    const received = await at.harness.inbox(20);
    expect(received).toHaveLength(20);
    const textOf = new Map(received.map((each) => [each.messageId, each.text]));
    expect(receipts.map((receipt) => textOf.get(receipt.messageId))).toEqual(texts);
  });

  checkIf('quotes', 'sends a reply, and refuses to quote what it does not know', async () => {
    const { engine, recording } = await shared();
    await at.harness.say({ from: at.harness.contact, text: 'a question' });
    const question = await recording.untilMessage((each) => each.text === 'a question');
    const chatId = at.harness.contact as ChatId;
    await engine.perform(
      'message.sendText',
      { chatId, text: 'an answer', quotedMessageId: question.messageId },
      idFor(engine, chatId),
    );
    const [answer] = await at.harness.inbox(1);
    expect(answer?.quotedMessageId).toBe(question.messageId);
    const unknown = `false_${at.harness.contact}_3EB0DOESNOTEXIST` as MessageId;
    const error = await failure(
      engine.perform(
        'message.sendText',
        { chatId, text: 'to nothing', quotedMessageId: unknown },
        idFor(engine, chatId),
      ),
    );
    expect(error).toMatchObject({ outcome: 'fail', code: 'WAB_QUOTED_UNKNOWN' });
    expect(await at.harness.inbox(1)).toHaveLength(1);
  });

  checkIf('mentions', 'sends mentions', async () => {
    const { engine } = await shared();
    const chatId = (at.supports.groups ? at.harness.group : at.harness.contact) as ChatId;
    const text = `hi @${at.harness.otherContact.split('@')[0] ?? ''}`;
    await engine.perform(
      'message.sendText',
      { chatId, text, mentions: [at.harness.otherContact as ChatId] },
      idFor(engine, chatId),
    );
    const [received] = await at.harness.inbox(1);
    expect(received?.mentions).toEqual([at.harness.otherContact]);
  });

  check('reports a message that WhatsApp got and could not send on, and no acknowledgement of it', async () => {
    const { engine, recording } = await shared();
    const { contact } = at.harness;
    await at.harness.failNextSend();
    const messageId = idFor(engine, contact);
    const receipt = await engine
      .perform('message.sendText', { chatId: contact as ChatId, text: 'never there' }, messageId)
      .catch((error: unknown) => error as EngineError);
    // WhatsApp may say so before the send has ended: then that fails, too.
    if (receipt instanceof EngineError) expect(receipt).toMatchObject({ outcome: 'fail', code: 'WAB_SEND_REFUSED' });
    const failed = await recording.untilFact('message.failed');
    if (messageId !== null) expect(failed.data.messageId).toBe(messageId);
    expect(failed.chat.chatId).toBe(contact);
    expect(recording.acksOf(failed.data.messageId)).toEqual([]);
  });

  check('resolves a known number and refuses one without an account', async () => {
    const { engine } = await shared();
    expect((await engine.resolveChat(at.harness.contact as ChatId)).chatId).toMatch(/@(c\.us|lid)$/);
    const error = await failure(engine.resolveChat(at.harness.unknownChat as ChatId));
    expect(error).toMatchObject({ outcome: 'fail', code: 'WAB_CHAT_UNKNOWN' });
  });

  check('knows that a message was sent, and never claims it of one that was not', async () => {
    const { engine } = await shared();
    const chatId = at.harness.contact as ChatId;
    const receipt = await engine.perform('message.sendText', { chatId, text: 'here' }, idFor(engine, chatId));
    await at.harness.inbox(1);
    expect(await engine.sendStatusOf(receipt.messageId, chatId)).toBe('sent');
    const never = `true_${at.harness.contact}_3EB0NEVERSENT0000000` as MessageId;
    const sendStatus = await engine.sendStatusOf(never, chatId);
    expect(at.supports.absence ? ['absent'] : ['absent', 'unknown']).toContain(sendStatus);
  });
}
