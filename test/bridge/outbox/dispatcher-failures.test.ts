/** Sends that go wrong, sessions that come and go, and the time that messages have. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { OutboxId, SessionName, MessageId } from '../../../bridge/src/contract/ids.ts';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import { ALICE, BOB, SESSION } from './outbox-samples.ts';
import { Network } from './scripted-network.ts';
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
