import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { ChatId, OutboxId, SessionName, MessageId } from '../../../bridge/src/contract/ids.ts';
import { EngineError, messageFact } from '../../../bridge/src/engine/engine.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import { ALICE, BOB, Network, SELF, SESSION, type HarnessOptions } from './outbox-harness.ts';
import { OutboxLives } from './outbox-lives.ts';

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

describe('what goes wrong', () => {
  test('a refusal fails the message with the code and an event', async () => {
    const network = new Network();
    network.scripts.push(() => {
      throw new EngineError('fail', 'WAB_QUOTED_UNKNOWN', 'no such message');
    });
    const outbox = await start({ network });
    const { id } = await outbox.accept('hello');
    expect(await outbox.until(id, 'failed')).toMatchObject({ error: { code: 'WAB_QUOTED_UNKNOWN' }, attempts: 1 });
    expect((await outbox.events('outbox.failed')).map(({ data }) => data)).toEqual([
      { outboxId: id, code: 'WAB_QUOTED_UNKNOWN', reason: expect.stringContaining('reply to') },
    ]);
  });

  test('an unknown recipient fails the message where it could not be known at the acceptance', async () => {
    const network = new Network();
    network.resolve = () => {
      throw new EngineError('fail', 'WAB_CHAT_UNKNOWN', 'no such account');
    };
    const outbox = await start({ network }, false);
    const { id } = await outbox.accept('hello');
    outbox.sessions.up();
    expect(await outbox.until(id, 'failed')).toMatchObject({ error: { code: 'WAB_CHAT_UNKNOWN' } });
    expect(network.sent).toEqual([]);
  });

  test('a lost answer is settled by asking: nothing is sent twice', async () => {
    const network = new Network();
    network.scripts.push((_message, _messageId, deliver) => {
      deliver();
      throw new EngineError('unknown', 'WAB_SEND_REFUSED', 'the answer was lost');
    });
    const outbox = await start({ network });
    const { id } = await outbox.accept('hello');
    await outbox.until(id, 'accepted');
    expect(network.texts()).toEqual(['hello']);
    expect(await outbox.events('message.sent')).toHaveLength(1);
  });

  test('what WhatsApp surely does not have is sent again under the same id', async () => {
    const network = new Network();
    const tried: (MessageId | null)[] = [];
    network.scripts.push((_message, messageId) => {
      tried.push(messageId);
      throw new EngineError('unknown', 'WAB_SEND_REFUSED', 'the line broke');
    });
    const outbox = await start({ network });
    const { id } = await outbox.accept('hello');
    const message = await outbox.until(id, 'accepted');
    expect(network.sent).toEqual([{ messageId: tried[0], chatId: ALICE, text: 'hello' }]);
    expect(message).toMatchObject({ attempts: 2, messageId: tried[0] });
  });

  test('a send that hangs is in doubt, though WhatsApp has nothing yet; its late answer settles it', async () => {
    const network = new Network();
    const late = deferred<void>();
    network.scripts.push(async (_message, _messageId, deliver) => {
      await late.promise;
      return deliver();
    });
    const outbox = await start({ network, sendMs: 50 });
    const { id } = await outbox.accept('hello');
    await outbox.until(id, 'in_doubt');
    expect((await outbox.events('outbox.in_doubt')).map(({ data }) => data)).toMatchObject([{ outboxId: id }]);
    late.resolve();
    await outbox.until(id, 'accepted');
    expect(network.texts()).toEqual(['hello']);
  });

  test('a send that still hangs when its session is back is not sent beside it', async () => {
    const network = new Network();
    const late = deferred<void>();
    network.scripts.push(async (_message, _messageId, deliver) => {
      await late.promise;
      return deliver();
    });
    const outbox = await start({ network, sendMs: 50 });
    const { id } = await outbox.accept('hello');
    await outbox.until(id, 'sending');
    outbox.sessions.down();
    // Past the deadline nobody can be asked; the message stays `sending`.
    await new Promise((resolve) => setTimeout(resolve, 100));
    outbox.sessions.up();
    await outbox.until(id, 'in_doubt');
    late.resolve();
    await outbox.until(id, 'accepted');
    expect(network.texts()).toEqual(['hello']);
  });

  test('a late acknowledgement settles what was in doubt', async () => {
    const network = new Network();
    network.sendStatus = () => 'unknown';
    network.scripts.push((_message, _messageId, deliver) => {
      deliver();
      throw new Error('the page died');
    });
    const outbox = await start({ network });
    const { id } = await outbox.accept('hello');
    const { messageId } = await outbox.until(id, 'in_doubt');
    await outbox.report({
      type: 'message.acknowledged',
      at: new Date(),
      chat: addressOf(ALICE),
      data: { messageId: messageId!, ack: 'delivered' },
    });
    expect((await outbox.service.get(id as OutboxId)).state).toBe('delivered');
  });

  test('the policy `resend` sends again under the same id and says that it was in doubt', async () => {
    const network = new Network();
    network.sendStatus = () => 'unknown';
    network.scripts.push(() => {
      throw new Error('the page died');
    });
    const outbox = await start({ network, inDoubtPolicy: 'resend' });
    const { id } = await outbox.accept('hello');
    const message = await outbox.until(id, 'accepted');
    expect(message.attempts).toBe(2);
    expect(network.sent).toHaveLength(1);
    expect(await outbox.events('outbox.in_doubt')).toHaveLength(1);
  });

  test('gives up after the attempts that are allowed, with an event', async () => {
    const network = new Network();
    const busy = () => {
      throw new EngineError('defer', 'WAB_QUOTED_UNKNOWN', 'busy');
    };
    network.scripts.push(busy, busy);
    const outbox = await start({ network, limits: { maxAttempts: 2 } });
    const { id } = await outbox.accept('hello');
    expect(await outbox.until(id, 'failed')).toMatchObject({ error: { code: 'WAB_SEND_GAVE_UP' }, attempts: 2 });
    expect((await outbox.events('outbox.failed')).map(({ data }) => data)).toMatchObject([
      { code: 'WAB_SEND_GAVE_UP' },
    ]);
  });

  test('a session that says it is not ready costs no attempt', async () => {
    const network = new Network();
    network.scripts.push(() => {
      throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'reconnecting');
    });
    const outbox = await start({ network, limits: { maxAttempts: 1 } });
    const { id } = await outbox.accept('hello');
    await outbox.until(id, 'sending');
    await outbox.until(id, 'queued');
    outbox.sessions.up();
    expect(await outbox.until(id, 'accepted')).toMatchObject({ attempts: 1 });
  });

  test('a database that fails for a moment costs a rest, not the message', async () => {
    const network = new Network();
    let failing = false;
    const outbox = await start({
      network,
      wrap: (database) =>
        Object.assign(Object.create(database), {
          write: (work: never) => (failing ? Promise.reject(new Error('disk trouble')) : database.write(work)),
        }),
    });
    network.scripts.push((_message, _messageId, deliver) => {
      failing = true;
      setTimeout(() => (failing = false), 100);
      return deliver();
    });
    const { id } = await outbox.accept('hello');
    await outbox.until(id, 'accepted');
    expect(network.texts()).toEqual(['hello']);
  });
});

describe('sessions come and go', () => {
  test('messages wait for their session and leave when it is ready', async () => {
    const outbox = await start({}, false);
    const { id } = await outbox.accept('hello');
    expect(outbox.network.sent).toEqual([]);
    outbox.sessions.up();
    await outbox.until(id, 'accepted');
  });

  test('the session goes away during a send: the message is asked about when it is back', async () => {
    const network = new Network();
    const outbox = await start({ network });
    const gone = deferred<void>();
    network.scripts.push((_message, _messageId, deliver) => {
      deliver();
      outbox.sessions.down();
      gone.resolve();
      throw new EngineError('unknown', 'WAB_SESSION_NOT_READY', 'the line broke');
    });
    const { id } = await outbox.accept('hello');
    await gone.promise;
    expect((await outbox.service.get(id as OutboxId)).state).toBe('sending');
    outbox.sessions.up();
    await outbox.until(id, 'accepted');
    expect(network.texts()).toEqual(['hello']);
  });

  test('the messages of a deleted session fail, and what was being sent is in doubt', async () => {
    const network = new Network();
    network.scripts.push(() => new Promise(() => undefined));
    const outbox = await start({ network });
    const sending = await outbox.accept('a1');
    await outbox.until(sending.id, 'sending');
    const queued = await outbox.accept('a2');
    outbox.sessions.forget();
    await outbox.maintenance.sessionDeleted(SESSION);
    expect(await outbox.until(queued.id, 'failed')).toMatchObject({ error: { code: 'WAB_SESSION_NOT_FOUND' } });
    await outbox.until(sending.id, 'in_doubt');
  });

  test('one session that hangs does not hold up another', async () => {
    const network = new Network();
    const other = 'sales' as SessionName;
    const outbox = await start({ network, parallelism: 1 });
    network.scripts.push(() => new Promise(() => undefined));
    const stuck = await outbox.accept('stuck');
    await outbox.until(stuck.id, 'sending');
    outbox.sessions.up(other);
    const { id } = await outbox.accept('fine', BOB, other);
    await outbox.until(id, 'accepted');
  });
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

describe('time', () => {
  test('a message that waited too long is given up with an event, also where its session never came', async () => {
    const outbox = await start({ limits: { maxAgeMs: -1 } }, false);
    const { id } = await outbox.accept('hello');
    await outbox.maintenance.runOnce();
    expect(await outbox.service.get(id as OutboxId)).toMatchObject({
      state: 'failed',
      error: { code: 'WAB_SEND_GAVE_UP' },
    });
    expect(await outbox.events('outbox.failed')).toHaveLength(1);
  });

  test('messages of a session that is gone fail when the outbox is tidied', async () => {
    const outbox = await start({}, false);
    const { id } = await outbox.accept('hello');
    outbox.sessions.forget();
    await outbox.maintenance.runOnce();
    expect(await outbox.service.get(id as OutboxId)).toMatchObject({
      state: 'failed',
      error: { code: 'WAB_SESSION_NOT_FOUND' },
    });
  });

  test('what came to its end is forgotten after the retention; failures and doubts stay', async () => {
    const network = new Network();
    network.sendStatus = () => 'unknown';
    const outbox = await start({ network, maintenance: { retentionMs: -1 } });
    const done = await outbox.accept('done');
    await outbox.until(done.id, 'accepted');
    network.scripts.push(() => {
      throw new Error('the page died');
    });
    const doubtful = await outbox.accept('doubtful');
    await outbox.until(doubtful.id, 'in_doubt');
    network.scripts.push(() => {
      throw new EngineError('fail', 'WAB_SEND_REFUSED', 'no');
    });
    const failed = await outbox.accept('failed');
    await outbox.until(failed.id, 'failed');
    outbox.sessions.down();
    const waiting = await outbox.accept('waiting');
    const withdrawn = await outbox.accept('withdrawn');
    await outbox.service.cancel(withdrawn.id as OutboxId);
    await outbox.maintenance.runOnce();
    await expect(outbox.service.get(withdrawn.id as OutboxId)).rejects.toMatchObject({ code: 'WAB_OUTBOX_NOT_FOUND' });
    expect((await outbox.service.get(failed.id as OutboxId)).state).toBe('failed');
    expect((await outbox.service.get(waiting.id as OutboxId)).state).toBe('queued');
    await expect(outbox.service.get(done.id as OutboxId)).rejects.toMatchObject({ code: 'WAB_OUTBOX_NOT_FOUND' });
    expect((await outbox.service.get(doubtful.id as OutboxId)).state).toBe('in_doubt');
  });
});
