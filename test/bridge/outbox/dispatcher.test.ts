/** How messages leave: what is sent, in which order, and what a restart makes of it. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { ChatId, OutboxId, MessageId } from '../../../bridge/src/contract/ids.ts';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import type { HarnessOptions } from './outbox-harness.ts';
import { ALICE, BOB, SELF, SESSION } from './outbox-samples.ts';
import { Network } from './scripted-network.ts';
import { OutboxLives } from './outbox-lives.ts';
import { messageFact } from '../events/message-fact.ts';

jest.setTimeout(60_000);
const { begin, end, start } = new OutboxLives();

const deferred = <T>() => {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((set) => (resolve = set));
  return { promise, resolve };
};

beforeEach(begin);
afterEach(end);

describe('sending', () => {
  test('a message is sent once, under the id that was on disk before, with its event', async () => {
    const network = new Network();
    let stateAtSend: unknown;
    const outbox = await start({ network });
    network.scripts.push(async (_message, messageId, deliver) => {
      stateAtSend = await outbox.reads.byMessageIds(SESSION, [messageId!]);
      return deliver();
    });
    const { id } = await outbox.accept('hello');
    const message = await outbox.until(id, 'accepted');
    expect(stateAtSend).toMatchObject({ id, state: 'sending', attempts: 1 });
    expect(network.sent).toEqual([{ messageId: message.messageId, chatId: ALICE, text: 'hello' }]);
    const [event] = await outbox.events('message.sent');
    expect(event).toMatchObject({
      session: SESSION,
      data: { messageId: message.messageId, text: 'hello', fromMe: true, outboxId: id },
    });
  });

  test('acknowledgements move the row with their event, never backwards', async () => {
    const outbox = await start();
    const { id } = await outbox.accept('hello');
    const { messageId } = await outbox.until(id, 'accepted');
    const ack = (level: 'server' | 'delivered' | 'read') =>
      outbox.report({
        type: 'message.acknowledged',
        at: new Date(),
        chat: addressOf(ALICE),
        data: { messageId: messageId!, ack: level },
      });
    await ack('read');
    await ack('delivered');
    await ack('server');
    expect((await outbox.service.get(id as OutboxId)).state).toBe('read');
    expect((await outbox.events('message.acknowledged')).map(({ data }) => data)).toEqual([
      { messageId, ack: 'read', outboxId: id },
      { messageId, ack: 'delivered', outboxId: id },
      { messageId, ack: 'server', outboxId: id },
    ]);
  });

  test('what WhatsApp says of a message under the other name of its chat moves the row as well, once', async () => {
    const outbox = await start();
    const { id } = await outbox.accept('hello');
    const { messageId } = await outbox.until(id, 'accepted');
    const lid = '98765@lid' as ChatId;
    const chat = { ...addressOf(lid), phone: addressOf(ALICE).phone as string };
    const otherId = messageId?.replace(ALICE, lid) as MessageId;
    expect(otherId).not.toBe(messageId);
    const message = {
      messageId: otherId,
      chat,
      sender: SELF,
      fromMe: true,
      sentAt: new Date(),
      kind: 'text',
      text: 'hello',
    } as const;
    await outbox.report(messageFact({ ...message, mentions: [], quotedMessageId: null }));
    for (const level of ['delivered', 'read'] as const)
      await outbox.report({
        type: 'message.acknowledged',
        at: new Date(),
        chat,
        data: { messageId: otherId, ack: level },
      });
    await outbox.report({
      type: 'message.acknowledged',
      at: new Date(),
      chat,
      data: { messageId: messageId!, ack: 'read' },
    });
    expect((await outbox.service.get(id as OutboxId)).state).toBe('read');
    expect(await outbox.events('message.sent')).toHaveLength(1);
    expect((await outbox.events('message.acknowledged')).map(({ data }) => data)).toEqual([
      { messageId: otherId, ack: 'delivered', outboxId: id },
      { messageId: otherId, ack: 'read', outboxId: id },
    ]);
  });

  test('WhatsApp reports afterwards that a message could not be sent', async () => {
    const outbox = await start();
    const { id } = await outbox.accept('hello');
    const { messageId } = await outbox.until(id, 'accepted');
    await outbox.report({
      type: 'message.failed',
      at: new Date(),
      chat: addressOf(ALICE),
      data: { messageId: messageId!, reason: 'too many' },
    });
    expect(await outbox.service.get(id as OutboxId)).toMatchObject({
      state: 'failed',
      error: { code: 'WAB_SEND_REFUSED' },
    });
  });

  test('the engine reports the message before its send returns: one event, and the row follows', async () => {
    const network = new Network();
    const outbox = await start({ network });
    network.scripts.push(async (_message, messageId, deliver) => {
      const receipt = deliver();
      await outbox.report(
        messageFact({
          messageId: messageId!,
          chat: addressOf(ALICE),
          sender: outbox.sessions.self(),
          fromMe: true,
          sentAt: new Date(),
          kind: 'text',
          text: 'hello',
          mentions: [],
          quotedMessageId: null,
        }),
      );
      return receipt;
    });
    const { id } = await outbox.accept('hello');
    await outbox.until(id, 'accepted');
    const events = await outbox.events('message.sent');
    expect(events).toHaveLength(1);
    expect(events[0]?.data).toMatchObject({ outboxId: id });
  });

  test('an engine without chosen ids gives the id afterwards', async () => {
    const outbox = await start({ chosenMessageIds: false });
    const { id } = await outbox.accept('hello');
    const message = await outbox.until(id, 'accepted');
    expect(message.messageId).toMatch(/^true_/);
    expect(outbox.network.sent).toEqual([{ messageId: null, chatId: ALICE, text: 'hello' }]);
  });
});

describe('order and parallelism', () => {
  test('one in flight per chat, in order; another chat goes on beside it', async () => {
    const network = new Network();
    const release = network.holdNext();
    const outbox = await start({ network });
    const first = await outbox.accept('a1', ALICE);
    await outbox.until(first.id, 'sending');
    const second = await outbox.accept('a2', ALICE);
    const other = await outbox.accept('b1', BOB);
    await outbox.until(other.id, 'accepted');
    expect(network.texts()).toEqual(['b1']);
    release();
    await outbox.until(second.id, 'accepted');
    expect(network.texts(ALICE)).toEqual(['a1', 'a2']);
  });

  test('at most `parallelism` chats at once', async () => {
    const network = new Network();
    let running = 0;
    let most = 0;
    const all = deferred<void>();
    const slow = async (
      _message: unknown,
      _messageId: unknown,
      deliver: () => { messageId: MessageId; sentAt: Date },
    ) => {
      most = Math.max(most, ++running);
      if (running === 3) setTimeout(() => all.resolve(), 20);
      await all.promise;
      running--;
      return deliver();
    };
    for (let index = 0; index < 9; index++) network.scripts.push(slow);
    const outbox = await start({ network, parallelism: 3 }, false);
    const ids: string[] = [];
    for (let index = 0; index < 9; index++)
      ids.push((await outbox.accept(`m${index}`, `4915100000${index}@c.us` as ChatId)).id);
    outbox.sessions.up();
    for (const id of ids) await outbox.until(id, 'accepted');
    expect(most).toBe(3);
  });

  test('a deferred message holds its chat, and only that', async () => {
    const network = new Network();
    network.scripts.push(() => {
      throw new EngineError('defer', 'WAB_QUOTED_UNKNOWN', 'not now');
    });
    const outbox = await start({ network }, false);
    const first = await outbox.accept('a1', ALICE);
    const second = await outbox.accept('a2', ALICE);
    outbox.sessions.up();
    await outbox.untilThat(first.id, ({ state, attempts }) => state === 'queued' && attempts === 1);
    const other = await outbox.accept('b1', BOB);
    await outbox.until(other.id, 'accepted');
    expect(network.texts()).toEqual(['b1']);
    expect(await outbox.service.get(first.id as OutboxId)).toMatchObject({
      state: 'queued',
      error: { code: 'WAB_QUOTED_UNKNOWN' },
    });
    await outbox.until(second.id, 'accepted');
    expect(network.texts(ALICE)).toEqual(['a1', 'a2']);
  });

  test('a message in doubt does not hold its chat', async () => {
    const network = new Network();
    network.sendStatus = () => 'unknown';
    network.scripts.push(() => {
      throw new EngineError('unknown', 'WAB_SEND_REFUSED', 'the page died');
    });
    const outbox = await start({ network }, false);
    const first = await outbox.accept('a1', ALICE);
    const second = await outbox.accept('a2', ALICE);
    outbox.sessions.up();
    await outbox.until(second.id, 'accepted');
    expect((await outbox.service.get(first.id as OutboxId)).state).toBe('in_doubt');
    expect(network.texts()).toEqual(['a2']);
  });

  test('a message that is sent again waits for the one of its chat that is in flight', async () => {
    const network = new Network();
    network.sendStatus = () => 'unknown';
    network.scripts.push(() => {
      throw new Error('the page died');
    });
    const outbox = await start({ network });
    const first = await outbox.accept('a1', ALICE);
    await outbox.until(first.id, 'in_doubt');
    const release = network.holdNext();
    const second = await outbox.accept('a2', ALICE);
    await outbox.until(second.id, 'sending');
    await outbox.service.resolve(first.id as OutboxId, 'resend');
    const third = await outbox.accept('b1', BOB);
    await outbox.until(third.id, 'accepted');
    expect(network.texts()).toEqual(['b1']);
    release();
    await outbox.until(first.id, 'accepted');
    expect(network.texts(ALICE)).toEqual(['a2', 'a1']);
  });

  test('two names of one chat keep one order once WhatsApp has told that they are one', async () => {
    const network = new Network();
    const lid = '77@lid' as ChatId;
    network.resolve = (chatId) => addressOf(chatId === lid ? ALICE : chatId);
    const outbox = await start({ network }, false);
    const first = await outbox.accept('1', lid);
    const second = await outbox.accept('2', lid);
    outbox.sessions.up();
    await outbox.until(second.id, 'accepted');
    expect(network.texts(ALICE)).toEqual(['1', '2']);
    expect((await outbox.service.get(first.id as OutboxId)).chat).toMatchObject({ chatId: ALICE });
  });
});

test('a message does not overtake one that still waits for its address, where both were asked for under the same', async () => {
  const network = new Network();
  const lid = '77@lid' as ChatId;
  const slow = deferred<void>();
  let questions = 0;
  network.resolve = async () => {
    questions += 1;
    if (questions === 1) await slow.promise;
    return addressOf(ALICE);
  };
  const outbox = await start({ network, questionMs: 5_000 }, false);
  await outbox.accept('1', lid);
  await outbox.accept('2', lid);
  outbox.sessions.up();
  while (questions === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const third = await outbox.accept('3', lid);
  expect(third.chat).toMatchObject({ chatId: ALICE });
  // Time for what may go to go.
  await new Promise((resolve) => setTimeout(resolve, 50));
  slow.resolve();
  await outbox.until(third.id, 'accepted');
  expect(network.texts(ALICE)).toEqual(['1', '2', '3']);
});

describe('a restart', () => {
  const interrupt = async (options: HarnessOptions & { readonly network: Network }, left: boolean): Promise<string> => {
    const before = await start({ ...options, sendMs: 60_000 });
    options.network.scripts.push((_message, _messageId, deliver) => {
      if (left) deliver();
      return new Promise(() => undefined);
    });
    const { id } = await before.accept('hello');
    await before.until(id, 'sending');
    await before.dispatcher.stop(0);
    await before.close();
    return id;
  };

  test.each([true, false])(
    'a message that WhatsApp has (%s) is accepted, one that it does not have is sent under the same id',
    async (left) => {
      const network = new Network();
      const id = await interrupt({ network }, left);
      const outbox = await start({ network });
      await outbox.until(id, 'accepted');
      expect(network.texts()).toEqual(['hello']);
      expect(network.sent[0]?.messageId).toBe('true_491511111111@c.us_000001');
    },
  );

  test.each([
    ['sent', 'accepted'],
    ['failed', 'failed'],
    ['resend', 'accepted'],
  ] as const)('what cannot be known is in doubt, and `%s` settles it', async (as, state) => {
    const network = new Network();
    network.sendStatus = () => 'unknown';
    const id = await interrupt({ network }, false);
    const outbox = await start({ network });
    await outbox.until(id, 'in_doubt');
    await outbox.service.resolve(id as OutboxId, as);
    await outbox.until(id, state);
    expect(network.texts()).toEqual(as === 'resend' ? ['hello'] : []);
    await expect(outbox.service.resolve(id as OutboxId, 'sent')).rejects.toMatchObject({ code: 'WAB_OUTBOX_STATE' });
  });

  test('without an id there is nothing to ask for: in doubt, even before the session is ready', async () => {
    const network = new Network();
    const id = await interrupt({ network, chosenMessageIds: false }, true);
    const outbox = await start({ network, chosenMessageIds: false }, false);
    await outbox.until(id, 'in_doubt');
  });
});
