/** Reactions: outbox messages without an id of their own, which are repeated where others would be in doubt. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { OutboxId, MessageId } from '../../../bridge/src/contract/ids.ts';
import { isEmoji } from '../../../bridge/src/contract/visible-text.ts';
import { type OutboxMessage } from '../../../bridge/src/contract/views/outbox-message.ts';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import type { Acceptance } from '../../../bridge/src/outbox/outbox.ts';
import type { OpenOutbox } from './outbox-harness.ts';
import { ALICE, asked, KEY, SESSION } from './outbox-samples.ts';
import { Network } from './scripted-network.ts';
import { OutboxLives } from './outbox-lives.ts';

jest.setTimeout(60_000);

const TARGET = `false_${ALICE}_3EB0AAAA` as MessageId;
const { begin, end, start } = new OutboxLives();
let keys = 0;

const accept = (outbox: OpenOutbox, emoji: string, key = `reaction-${++keys}`): Promise<Acceptance> => {
  const request = {
    session: SESSION,
    to: ALICE,
    type: 'reaction',
    messageId: TARGET,
    emoji,
  };
  return outbox.service.accept(...asked(request), { keyId: KEY, idempotencyKey: key, firstAnswer: false });
};
const react = async (outbox: OpenOutbox, emoji: string): Promise<OutboxMessage> =>
  (await accept(outbox, emoji)).message;

beforeEach(begin);
afterEach(end);

describe('a reaction', () => {
  test('is sent without an id of its own and ends as accepted; no event calls it a message', async () => {
    const network = new Network();
    const sent: unknown[] = [];
    network.scripts.push((message, messageId, deliver) => {
      sent.push(message, messageId);
      return { ...deliver(), messageId: TARGET };
    });
    const outbox = await start({ network });
    const { id } = await react(outbox, '👍');
    expect(await outbox.until(id, 'accepted')).toMatchObject({
      type: 'reaction',
      state: 'accepted',
      messageId: null,
      error: null,
    });
    expect(sent).toEqual([
      { operation: 'message.react', input: { chatId: ALICE, messageId: TARGET, emoji: '👍' } },
      null,
    ]);
    expect(await outbox.events('message.sent')).toEqual([]);
  });

  test('is not moved by acknowledgements of the message that it is about', async () => {
    const outbox = await start();
    const { id } = await react(outbox, '👍');
    await outbox.until(id, 'accepted');
    await outbox.report({
      type: 'message.acknowledged',
      at: new Date(),
      chat: addressOf(ALICE),
      data: { messageId: TARGET, ack: 'read' },
    });
    expect((await outbox.service.get(id as OutboxId)).state).toBe('accepted');
  });

  test('keeps the order of its chat, also behind a message and where an emoji replaces another', async () => {
    const outbox = await start({}, false);
    await outbox.accept('hello', ALICE);
    await react(outbox, '👍');
    await react(outbox, '❤️');
    const last = await react(outbox, '');
    outbox.sessions.up();
    await outbox.until(last.id, 'accepted');
    expect(outbox.network.texts()).toEqual(['hello', '👍', '❤️', '']);
  });

  test('under a known idempotency key is sent once', async () => {
    const outbox = await start();
    const first = await accept(outbox, '👍', 'same');
    await outbox.until(first.message.id, 'accepted');
    const second = await accept(outbox, '👍', 'same');
    expect(second).toMatchObject({ replayed: true, message: { id: first.message.id } });
    await expect(accept(outbox, '👎', 'same')).rejects.toMatchObject({ code: 'WAB_IDEMPOTENCY_KEY_REUSED' });
    expect(outbox.network.texts()).toEqual(['👍']);
  });

  test('of anything but one emoji, or nothing, is refused before it is stored', async () => {
    const outbox = await start();
    for (const emoji of ['a', '👍👍', '👍 ', '1', ' ', 'thumbs up'])
      await expect(accept(outbox, emoji)).rejects.toMatchObject({ code: 'WAB_EMOJI_INVALID' });
    expect(await outbox.service.list({ limit: 10 })).toEqual([]);
  });

  test('to a message that WhatsApp does not know fails for good, with an event', async () => {
    const network = new Network();
    network.scripts.push(() => {
      throw new EngineError('fail', 'WAB_MESSAGE_UNKNOWN', 'there is none');
    });
    const outbox = await start({ network });
    const { id } = await react(outbox, '👍');
    expect((await outbox.until(id, 'failed')).error).toMatchObject({ code: 'WAB_MESSAGE_UNKNOWN' });
    expect(await outbox.events('outbox.failed')).toHaveLength(1);
  });
});

describe('a reaction of which nobody knows whether it arrived', () => {
  test.each([
    ['the answer is lost', () => new EngineError('unknown', 'WAB_SESSION_NOT_READY', 'page died')],
    ['the engine fails at it', () => new TypeError('undefined is not a function')],
  ])('%s: it is sent again by itself, and nothing is in doubt', async (_what, error) => {
    const network = new Network();
    network.sendStatus = () => {
      throw new Error('nobody asks for the fate of a reaction');
    };
    network.scripts.push((_message, _messageId, deliver) => {
      deliver();
      throw error();
    });
    const outbox = await start({ network });
    const { id } = await react(outbox, '👍');
    const waiting = await outbox.untilThat(id, ({ error: noted }) => noted !== null);
    expect(waiting).toMatchObject({ state: 'queued', error: { code: 'WAB_SEND_REPEATED' } });
    expect(await outbox.until(id, 'accepted')).toMatchObject({ attempts: 2, error: null });
    expect(network.texts()).toEqual(['👍', '👍']);
    expect(await outbox.events('outbox.in_doubt')).toEqual([]);
  });

  test('no answer in time: the repetition settles it, and what follows in the chat waits for that', async () => {
    const network = new Network();
    network.scripts.push((_message, _messageId, deliver) => {
      deliver();
      return new Promise(() => undefined);
    });
    const outbox = await start({ network, sendMs: 200 });
    const first = await react(outbox, '👍');
    const next = await react(outbox, '');
    await outbox.until(next.id, 'accepted');
    expect((await outbox.service.get(first.id as OutboxId)).state).toBe('accepted');
    expect(network.texts()).toEqual(['👍', '👍', '']);
  });

  test('the bridge died during the send: it is sent again at the next start, whatever the policy for doubt', async () => {
    const network = new Network();
    let reached = (): void => undefined;
    const sending = new Promise<void>((resolve) => (reached = resolve));
    network.scripts.push((_message, _messageId, deliver) => {
      deliver();
      reached();
      return new Promise(() => undefined);
    });
    const before = await start({ network, sendMs: 60_000 });
    const { id } = await react(before, '👍');
    await sending;
    expect((await before.service.get(id as OutboxId)).state).toBe('sending');
    await before.close();

    const after = await start({ network, inDoubtPolicy: 'hold' });
    expect((await after.until(id, 'accepted')).attempts).toBe(2);
    expect(network.texts()).toEqual(['👍', '👍']);
    expect(await after.events('outbox.in_doubt')).toEqual([]);
  });

  test('a send that stayed open while its session is away goes back into the queue', async () => {
    const outbox = await start({ maintenance: { unsettledMs: -1_000 } }, false);
    const { id } = await react(outbox, '👍');
    const row = await outbox.reads.find(id as OutboxId);
    await outbox.transitions.begin(row!, null, { account: null, login: 0 });
    await outbox.maintenance.runOnce();
    expect(await outbox.service.get(id as OutboxId)).toMatchObject({
      state: 'queued',
      error: { code: 'WAB_SEND_REPEATED' },
    });
  });

  test('of a session that was deleted has failed: nobody could send it again', async () => {
    const outbox = await start({}, false);
    const { id } = await react(outbox, '👍');
    const row = await outbox.reads.find(id as OutboxId);
    await outbox.transitions.begin(row!, null, { account: null, login: 0 });
    await outbox.maintenance.sessionDeleted(SESSION);
    expect(await outbox.service.get(id as OutboxId)).toMatchObject({
      state: 'failed',
      error: { code: 'WAB_SESSION_NOT_FOUND' },
    });
  });

  test('is given up after as many attempts as a message', async () => {
    const network = new Network();
    const lost = (): never => {
      throw new EngineError('unknown', 'WAB_SESSION_NOT_READY', 'page died');
    };
    network.scripts.push(lost, lost);
    const outbox = await start({ network, limits: { maxAttempts: 2 } });
    const { id } = await react(outbox, '👍');
    expect((await outbox.until(id, 'failed')).error).toMatchObject({ code: 'WAB_SEND_GAVE_UP' });
  });
});

test.each([
  ['👍', true],
  ['❤', true],
  ['❤️', true],
  ['👩🏻‍❤️‍💋‍👨🏿', true],
  ['🏴󠁧󠁢󠁳󠁣󠁴󠁿', true],
  ['🇩🇪', true],
  ['1️⃣', true],
  // A place that Unicode keeps for pictures and has not filled.
  ['\u{1FAFF}', true],
  ['1', false],
  ['#', false],
  ['🇩', false],
  ['👍👍', false],
  ['👍\u0308', false],
  ['x', false],
  ['', false],
])('%s is one emoji: %s', (text, expected) => {
  expect(isEmoji(text)).toBe(expected);
});
