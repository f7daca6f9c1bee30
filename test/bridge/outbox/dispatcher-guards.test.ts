/** What keeps the outbox from doing too much, too little, or in the wrong order where two things happen at once. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { ChatId, OutboxId, MessageId } from '../../../bridge/src/contract/ids.ts';
import { EngineError, type Engine } from '../../../bridge/src/engine/engine.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import type { Call } from '../../../bridge/src/store/operation.ts';
import type { OpenOutbox } from './outbox-harness.ts';
import { ALICE, BOB } from './outbox-samples.ts';
import { CAPABILITIES, Network, NetworkEngine } from './scripted-network.ts';
import { OutboxLives } from './outbox-lives.ts';
import { messageFact } from '../events/message-fact.ts';

jest.setTimeout(60_000);

const { begin, end, start } = new OutboxLives();
beforeEach(begin);
afterEach(end);

/** Resolves once everything that was under way in another chat has had its turn. */
async function barrier(outbox: OpenOutbox): Promise<void> {
  const { id } = await outbox.accept('barrier', BOB);
  await outbox.until(id, 'accepted');
}
const stateOf = async (outbox: OpenOutbox, id: string) => (await outbox.service.get(id as OutboxId)).state;
const rowOf = async (outbox: OpenOutbox, id: string) => (await outbox.reads.find(id as OutboxId))!;

test('a message that turns out to belong to a busy chat does not begin beside the one in flight', async () => {
  const network = new Network();
  const lid = '77@lid' as ChatId;
  const release = network.holdNext();
  let tell!: () => void;
  const told = new Promise<void>((resolve) => (tell = resolve));
  network.resolve = async (chatId) => {
    if (chatId === lid) await told;
    return addressOf(chatId === lid ? ALICE : chatId);
  };
  const outbox = await start({ network, questionMs: 10_000 }, false);
  const first = await outbox.accept('1', ALICE);
  const second = await outbox.accept('2', lid);
  outbox.sessions.up();
  await outbox.until(first.id, 'sending');
  tell();
  await outbox.untilThat(second.id, ({ chat }) => chat.chatId === ALICE);
  await barrier(outbox);
  expect(await stateOf(outbox, second.id)).toBe('queued');
  expect(network.texts()).toEqual(['barrier']);
  release();
  await outbox.until(second.id, 'accepted');
  expect(network.texts(ALICE)).toEqual(['1', '2']);
});

test('only the head of its chat may begin, whoever took it up before it lost its place', async () => {
  const outbox = await start({}, false);
  const [first, second] = [await outbox.accept('1'), await outbox.accept('2')];
  const sender = { account: null, login: 0 };
  expect(await outbox.transitions.begin(await rowOf(outbox, second.id), null, sender)).toBeNull();
  expect(await stateOf(outbox, second.id)).toBe('queued');
  expect(await outbox.transitions.begin(await rowOf(outbox, first.id), null, sender)).toMatchObject({
    state: 'sending',
  });
});

test('a send does not go through an engine that was replaced while its intent was written down', async () => {
  const network = new Network();
  const before = new NetworkEngine(network, CAPABILITIES);
  const after = new NetworkEngine(network, CAPABILITIES);
  const stale = jest.spyOn(before, 'perform');
  let engine: Engine = before;
  const replaceAtIntent = (database: Database): Database =>
    Object.assign(Object.create(database) as Database, {
      write: async (work: Call<{ to?: string }>) => {
        const result: unknown = await database.write(work as Call<unknown>);
        if (!Array.isArray(work) && work.operation === 'outbox.move' && (work.args as { to: string }).to === 'sending')
          engine = after;
        return result;
      },
    });
  const outbox = await start({ network, engine: before, wrap: replaceAtIntent }, false);
  const readyEngine = outbox.sessions.readyEngine.bind(outbox.sessions);
  outbox.sessions.readyEngine = (name) => readyEngine(name) && engine;
  const { id } = await outbox.accept('hello');
  outbox.sessions.up();
  // It says nothing about the message, so it costs no attempt.
  expect(await outbox.until(id, 'accepted')).toMatchObject({ attempts: 1 });
  expect(stale).not.toHaveBeenCalled();
  expect(network.texts()).toEqual(['hello']);
});

describe('an event and its row', () => {
  test.each(['failed', 'in_doubt'] as const)(
    '%s: neither, where WhatsApp settled the message meanwhile',
    async (as) => {
      const outbox = await start();
      const release = outbox.network.holdNext();
      const { id } = await outbox.accept('hello');
      await outbox.until(id, 'sending');
      const seen = await rowOf(outbox, id);
      release();
      await outbox.until(id, 'accepted');
      if (as === 'failed') await outbox.transitions.fail(seen, 'WAB_SEND_GAVE_UP', 'too late');
      else await outbox.transitions.markInDoubt(seen, 'too late');
      expect(await stateOf(outbox, id)).toBe('accepted');
      expect(await outbox.events('outbox.failed', 'outbox.in_doubt')).toEqual([]);
    },
  );

  test.each(['failed', 'in_doubt'] as const)('%s: neither, where the event cannot be stored', async (as) => {
    let refuses = false;
    const outbox = await start(
      {
        wrap: (database) =>
          Object.assign(Object.create(database) as Database, {
            write: (work: Call<unknown> | readonly Call<unknown>[]) =>
              refuses && [work].flat().some(({ operation }) => operation.startsWith('events.'))
                ? Promise.reject(new Error('disk trouble'))
                : database.write(work as Call<unknown>),
          }),
      },
      false,
    );
    const { id } = await outbox.accept('hello');
    const row = await rowOf(outbox, id);
    refuses = true;
    const settle =
      as === 'failed'
        ? outbox.transitions.fail(row, 'WAB_SEND_GAVE_UP', 'too late')
        : outbox.transitions.markInDoubt(row, 'too late', 'back_in_doubt');
    await expect(settle).rejects.toThrow('disk trouble');
    expect(await stateOf(outbox, id)).toBe('queued');
    refuses = false;
    if (as === 'failed') await outbox.transitions.fail(row, 'WAB_SEND_GAVE_UP', 'too late');
    else await outbox.transitions.markInDoubt(row, 'too late', 'back_in_doubt');
    expect(await stateOf(outbox, id)).toBe(as);
    expect((await outbox.events('outbox.failed', 'outbox.in_doubt')).map(({ type }) => type)).toEqual([`outbox.${as}`]);
  });

  test('both, also where the same event is stored already', async () => {
    const outbox = await start();
    // It has an account, from which it may be sent again.
    outbox.sessions.down();
    const { id } = await outbox.accept('hello');
    const row = await rowOf(outbox, id);
    for (let doubts = 0; doubts < 2; doubts++) {
      await outbox.transitions.markInDoubt(row, 'the page died', 'back_in_doubt');
      expect(await stateOf(outbox, id)).toBe('in_doubt');
      await outbox.service.resolve(id as OutboxId, 'resend');
    }
    expect(await outbox.events('outbox.in_doubt')).toHaveLength(1);
  });
});

describe('a message that was taken for absent and waits to be sent again', () => {
  const lostAtFirst = async (): Promise<{ outbox: OpenOutbox; id: string; messageId: MessageId }> => {
    const network = new Network();
    const outbox = await start({ network });
    network.sendStatus = () => 'absent';
    network.scripts.push(() => {
      throw new EngineError('unknown', 'WAB_SESSION_NOT_READY', 'the line broke');
    });
    const { id } = await outbox.accept('hello');
    await outbox.untilThat(id, ({ state, attempts }) => state === 'queued' && attempts === 1);
    return { outbox, id, messageId: (await rowOf(outbox, id)).wire_id as MessageId };
  };

  test('is accepted where it is seen after all, and not sent again', async () => {
    const { outbox, id, messageId } = await lostAtFirst();
    await outbox.report(
      messageFact({
        messageId,
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
    expect(await stateOf(outbox, id)).toBe('accepted');
    const next = await outbox.accept('next');
    await outbox.until(next.id, 'accepted');
    expect(outbox.network.texts()).toEqual(['next']);
  });

  test.each([
    ['server', 'accepted'],
    ['delivered', 'delivered'],
    ['read', 'read'],
  ] as const)('is settled when WhatsApp reports %s', async (level, state) => {
    const { outbox, id, messageId } = await lostAtFirst();
    await outbox.report({
      type: 'message.acknowledged',
      at: new Date(),
      chat: addressOf(ALICE),
      data: { messageId: messageId, ack: level },
    });
    expect(await stateOf(outbox, id)).toBe(state);
    const next = await outbox.accept('next');
    await outbox.until(next.id, 'accepted');
    expect(outbox.network.texts()).toEqual(['next']);
  });
});

test('a send status that is not known yet leaves the message in `sending`, and it is asked for again', async () => {
  const network = new Network();
  const outbox = await start({ network });
  let asked = 0;
  network.sendStatus = (messageId) => {
    if (++asked === 1) throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the page cannot tell yet');
    return network.has(messageId) ? 'sent' : 'absent';
  };
  network.scripts.push((_message, _messageId, deliver) => {
    deliver();
    throw new EngineError('unknown', 'WAB_SESSION_NOT_READY', 'the answer was lost');
  });
  const { id } = await outbox.accept('hello');
  await outbox.untilThat(id, () => asked === 1);
  await barrier(outbox);
  expect(await stateOf(outbox, id)).toBe('sending');
  await outbox.until(id, 'accepted');
  expect(asked).toBe(2);
  expect(await outbox.events('outbox.in_doubt')).toEqual([]);
});

test('what waits for its session is due at once when that is ready; what WhatsApp put off is not', async () => {
  const network = new Network();
  const putOff = (code: 'WAB_SESSION_NOT_READY' | 'WAB_SEND_REFUSED') => () => {
    throw new EngineError('defer', code, 'later', { retryAfterMs: 3_600_000 });
  };
  const outbox = await start({ network, limits: { maxAgeMs: 1e9 } });
  const waiting = async (code: Parameters<typeof putOff>[0], to: ChatId): Promise<string> => {
    network.scripts.push(putOff(code));
    const { id } = await outbox.accept(code, to);
    await outbox.untilThat(id, ({ error, state }) => state === 'queued' && error?.code === code);
    return id;
  };
  const unready = await waiting('WAB_SESSION_NOT_READY', ALICE);
  const limited = await waiting('WAB_SEND_REFUSED', '491533333333@c.us' as ChatId);
  outbox.sessions.up();
  await outbox.until(unready, 'accepted');
  await barrier(outbox);
  expect(await stateOf(outbox, limited)).toBe('queued');
});

test('more interrupted messages than one look takes are all settled', async () => {
  const network = new Network();
  const before = await start({ network, parallelism: 7, sendMs: 60_000 });
  const ids: string[] = [];
  for (let index = 0; index < 7; index++) {
    network.scripts.push((_message, _messageId, deliver) => {
      deliver();
      return new Promise(() => undefined);
    });
    ids.push((await before.accept(`m${index}`, `4915100000${index}@c.us` as ChatId)).id);
  }
  for (const id of ids) await before.until(id, 'sending');
  await before.dispatcher.stop(0);
  await before.close();
  const outbox = await start({ network, parallelism: 2 });
  for (const id of ids) await outbox.until(id, 'accepted');
  expect(network.sent).toHaveLength(7);
});

describe('a text that is `sending` for a quarter of an hour', () => {
  test.each([
    [false, 'in_doubt'],
    [true, 'sending'],
  ] as const)('while its session is ready (%s) is %s', async (ready, state) => {
    const outbox = await start({ sendMs: 60_000, maintenance: { unsettledMs: -60_000 } });
    outbox.network.scripts.push(() => new Promise(() => undefined));
    const { id } = await outbox.accept('hello');
    await outbox.until(id, 'sending');
    if (!ready) outbox.sessions.down();
    await outbox.maintenance.runOnce();
    expect(await stateOf(outbox, id)).toBe(state);
    expect(await outbox.events('outbox.in_doubt')).toHaveLength(ready ? 0 : 1);
  });
});

describe('a lane that nobody else wakes goes on after an error of the bridge', () => {
  test('the rows could not be read', async () => {
    const outbox = await start();
    jest.spyOn(outbox.reads, 'dueHeads').mockRejectedValueOnce(new Error('disk trouble'));
    const { id } = await outbox.accept('hello');
    await outbox.until(id, 'accepted');
    expect(outbox.network.texts()).toEqual(['hello']);
  });

  test('the scheduler did not take a wake-up', async () => {
    const network = new Network();
    network.scripts.push(() => {
      throw new EngineError('defer', 'WAB_QUOTED_UNKNOWN', 'not now');
    });
    const outbox = await start({ network });
    const refused = jest.spyOn(outbox.scheduler, 'wakeAt').mockRejectedValueOnce(new Error('the queue server is away'));
    const { id } = await outbox.accept('hello');
    await outbox.until(id, 'accepted');
    expect(refused).toHaveBeenCalled();
    expect(network.texts()).toEqual(['hello']);
  });
});
