/** A number with two forms is one recipient: one order of messages, sent under the id that WhatsApp uses. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { ChatId } from '../../../bridge/src/contract/ids.ts';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import { EXAMPLE_NUMBERS } from '../contract/example-numbers.ts';
import { Network } from './scripted-network.ts';
import { OutboxLives } from './outbox-lives.ts';

jest.setTimeout(60_000);
const lives = new OutboxLives();
beforeEach(lives.begin);
afterEach(lives.end);

const idOf = (digits: string): ChatId => `${digits}@c.us` as ChatId;
const TWICE = EXAMPLE_NUMBERS.filter(({ forms }) => forms.length > 1);

/** WhatsApp with one account per person, known under one form; the other form is told apart or not known at all. */
function whatsApp(own: string, other: string, redirects: boolean): Network {
  const network = new Network();
  network.resolve = (chatId) => {
    if (chatId === idOf(own) || (redirects && chatId === idOf(other))) return addressOf(idOf(own));
    throw new EngineError('fail', 'WAB_CHAT_UNKNOWN', 'no account has this number');
  };
  return network;
}

test.each(TWICE)('while the session is away, both forms of $country $forms.0 wait in one order', async ({ forms }) => {
  const [current, older] = forms as [string, string];
  const network = whatsApp(older, current, true);
  const outbox = await lives.start({ network }, false);
  const written = [`+${older}`, `+${current}`, idOf(older), `\u202A+${current}\u202C`];
  const accepted = [];
  for (const [index, to] of written.entries()) accepted.push(await outbox.accept(String(index), to as ChatId));
  expect(new Set(accepted.map(({ chat }) => chat.chatId)).size).toBe(1);
  const rows = await outbox.database.reader.selectFrom('outbox').select('chat_id').distinct().execute();
  expect(rows).toEqual([{ chat_id: idOf(current) }]);
  outbox.sessions.up();
  for (const { id } of accepted) await outbox.until(id, 'accepted');
  // Each left to the id that WhatsApp gave, in the order in which they came.
  expect(network.texts(idOf(older))).toEqual(['0', '1', '2', '3']);
  expect(network.sent).toHaveLength(4);
});

test.each([true, false])(
  'one that waited is followed by those of the session that is ready (redirects %s)',
  async (redirects) => {
    const network = whatsApp('5215512345678', '525512345678', redirects);
    const outbox = await lives.open({ network });
    const first = await outbox.accept('1', '+525512345678' as ChatId);
    outbox.sessions.up();
    const second = await outbox.accept('2', '+525512345678' as ChatId);
    const third = await outbox.accept('3', '+5215512345678' as ChatId);
    expect([second, third].map(({ chat }) => chat.phone)).toEqual(['+5215512345678', '+5215512345678']);
    await outbox.dispatcher.start();
    for (const { id } of [first, second, third]) await outbox.until(id, 'accepted');
    expect(network.texts(idOf('5215512345678'))).toEqual(['1', '2', '3']);
  },
);

test('a form that WhatsApp does not know is tried under the other; nobody under either is said', async () => {
  const outbox = await lives.start({ network: whatsApp('541123456789', '5491123456789', false) });
  expect((await outbox.accept('x', '+5491123456789' as ChatId)).chat.chatId).toBe('541123456789@c.us');
  await expect(outbox.accept('x', '+5491187654321' as ChatId)).rejects.toMatchObject({ code: 'WAB_CHAT_UNKNOWN' });
});

test('a fault while the other form is asked for is no answer: the message waits', async () => {
  const network = new Network();
  network.resolve = (chatId) => {
    throw chatId === idOf('525512345678')
      ? new EngineError('fail', 'WAB_CHAT_UNKNOWN', 'no account has this number')
      : new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the page does not answer');
  };
  const outbox = await lives.start({ network });
  const message = await outbox.accept('x', '+525512345678' as ChatId);
  const waiting = await outbox.untilThat(message.id, ({ nextAttemptAt }) => nextAttemptAt !== null);
  expect(waiting).toMatchObject({ state: 'queued', error: { code: 'WAB_SESSION_NOT_READY' } });
});
