/** What is written to the outbox. */
import { beforeEach, expect, test } from '@jest/globals';
import { storeMedia } from '../../../bridge/src/store/media.repository.ts';
import {
  acceptMessage,
  addressMessage,
  claimMessages,
  makeMessagesDue,
  pruneOutbox,
  type NewOutboxRow,
} from '../../../bridge/src/store/outbox.repository.ts';
import {
  accepting,
  chatOf,
  claimOf,
  idOf,
  mediaOf,
  messageIdOf,
  messageOf,
  moving,
  OutboxAtTest,
  SUPPORT,
} from './outbox-samples.ts';
import { LARGEST, NOW, reasonOf, TEXT } from './samples.ts';
import type { StoreAtTest } from './store-at-test.ts';

/** What is in no log: the number of the person who gets it, and what it says. */
const PHONE = '4915112345678';
const SECRET = 'what nobody else may read';

export function outboxChecks(at: StoreAtTest): void {
  let outbox: OutboxAtTest;
  beforeEach(() => {
    outbox = new OutboxAtTest(at);
  });
  const inChat = (chat: string, patch: Partial<NewOutboxRow> = {}) => ({ chatId: chatOf(chat), ...patch });

  test('a message comes back as it was', async () => {
    const content = JSON.stringify({ text: `${TEXT}\0`, mentions: [] });
    const row = messageOf('a', { chat: TEXT, content, account: TEXT, expiresAt: LARGEST, resolved: false });
    const claimed = await at.write(acceptMessage({ row, claim: claimOf('key'), now: LARGEST }));
    const stored = await outbox.row('a');
    expect(stored).toEqual({
      position: expect.any(Number),
      id: 'a',
      session: 'support',
      chat_id: 'chat of a',
      chat: TEXT,
      resolved: 0,
      content,
      type: 'text',
      media_id: null,
      state: 'queued',
      account: TEXT,
      login: 0,
      doubted: 0,
      resent_at: null,
      expires_at: LARGEST,
      wire_id: null,
      attempts: 0,
      due_at: 0,
      head: 1,
      error_code: null,
      error_message: null,
      created_at: LARGEST,
      updated_at: LARGEST,
    });
    expect(claimed).toEqual({ kind: 'stored', row: stored });
  });

  test('equal requests in one commit make one message, and another body under the same key is refused', async () => {
    const accept = (id: string, patch = {}) =>
      acceptMessage({ row: messageOf(id), claim: claimOf('key', patch), now: NOW });
    const outcomes = await at.together([
      accept('a'),
      accept('b'),
      accept('c', { digest: 'another' }),
      accept('d', { digest: 'another', firstAnswer: true }),
      accept('e', { keyId: 'another key' }),
    ]);
    expect(outcomes.map((outcome) => outcome.status === 'fulfilled' && outcome.value)).toMatchObject([
      { kind: 'stored', row: { id: 'a' } },
      { kind: 'replayed', row: { id: 'a' } },
      { kind: 'reused' },
      { kind: 'replayed', row: { id: 'a' } },
      { kind: 'stored', row: { id: 'e' } },
    ]);
    expect(await at.outbox.claimed(claimOf('key'))).toMatchObject({ kind: 'replayed', row: { id: 'a' } });
    expect(await at.outbox.claimed(claimOf('KEY'))).toBeUndefined();
  });

  test('a key that is forgotten by age stands for the next message', async () => {
    const accept = (id: string, validSince: number, now: number) =>
      at.write(acceptMessage({ row: messageOf(id), claim: claimOf('key', { validSince }), now }));
    await accept('a', 0, NOW);
    expect(await accept('b', NOW, NOW + 1)).toMatchObject({ kind: 'replayed' });
    expect(await accept('c', NOW + 1, NOW + 2)).toMatchObject({ kind: 'stored' });
    expect(await at.outbox.claimed(claimOf('key'))).toMatchObject({ row: { id: 'c' } });
  });

  test('a file has to be there, or nothing of the message is', async () => {
    const withFile = accepting('a', { mediaId: mediaOf('med') });
    await expect(at.write(withFile)).rejects.toMatchObject({ code: 'WAB_MEDIA_NOT_FOUND' });
    expect(await at.outbox.claimed(claimOf('a'))).toBeUndefined();
    const file = { id: mediaOf('med'), mimeType: 'image/png', sizeBytes: 1, sha256: '', fileName: null };
    await at.write(storeMedia({ ...file, ownerSessions: null, now: NOW }));
    expect(await at.write(withFile)).toMatchObject({ kind: 'stored', row: { media_id: 'med' } });
  });

  test('an id is taken once, and the failure repeats nothing of the message', async () => {
    const row = messageOf('a', inChat(`${PHONE}@c.us`, { content: SECRET }));
    const outcomes = await at.together([
      acceptMessage({ row, claim: claimOf('first'), now: NOW }),
      acceptMessage({ row, claim: claimOf('second'), now: NOW }),
      accepting('b'),
      acceptMessage({
        row: { ...row, id: idOf('c'), type: null as unknown as string },
        claim: claimOf('third'),
        now: NOW,
      }),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    expect(await at.outbox.claimed(claimOf('second'))).toBeUndefined();
    for (const outcome of [outcomes[1]!, outcomes[3]!]) {
      const error = reasonOf(outcome) as Error;
      // What a logger prints of an error: its message, its stack, and what it has of its own.
      const printed = [error.message, error.stack, JSON.stringify({ ...error })].join('\n');
      expect(printed).toMatch(/constraint/);
      expect(printed).not.toContain(PHONE);
      expect(printed).not.toContain(SECRET);
      // What a server adds to its message quotes the row.
      expect(error).not.toHaveProperty('detail');
    }
  });

  test('one message of each chat is next: the oldest that waits, or the one under way', async () => {
    const shared = inChat('shared');
    await at.together([
      accepting('a', shared),
      accepting('b', shared),
      accepting('c', shared),
      accepting('d', inChat('Shared')),
    ]);
    expect(await outbox.heads()).toEqual(['a', 'd']);
    expect(await at.write(moving('b', 'sending', { headOnly: true }))).toBeNull();
    await at.write(moving('a', 'sending', { headOnly: true }));
    expect(await outbox.heads()).toEqual(['a', 'd']);
    await at.write([moving('a', 'accepted', { from: ['sending'] }), moving('b', 'cancelled')]);
    expect(await outbox.heads()).toEqual(['c', 'd']);
    await at.write(moving('a', 'queued', { from: ['accepted'] }));
    expect(await outbox.heads()).toEqual(['a', 'd']);
  });

  test('two who want the same message: one gets it, also in one commit', async () => {
    await outbox.accept('a');
    const outcomes = await at.together([
      moving('a', 'sending', { headOnly: true, attempts: 1 }),
      moving('a', 'sending', { headOnly: true, attempts: 2 }),
    ]);
    expect(outcomes).toMatchObject([{ value: { state: 'sending', attempts: 1 } }, { value: null }]);
    const required = { required: true };
    const refused = await at.together([
      moving('a', 'cancelled', required),
      moving('none', 'cancelled', required),
      moving('a', 'accepted', { from: ['sending'] }),
    ]);
    expect(reasonOf(refused[0]!)).toMatchObject({ code: 'WAB_OUTBOX_STATE', details: { state: 'sending' } });
    expect(reasonOf(refused[1]!)).toMatchObject({ code: 'WAB_OUTBOX_NOT_FOUND' });
    expect(await outbox.row('a')).toMatchObject({ state: 'accepted', attempts: 1 });
  });

  test('a move sets what it names and leaves the rest', async () => {
    await outbox.accept('a');
    await at.write(
      moving('a', 'sending', {
        messageId: messageIdOf(TEXT),
        dueAt: LARGEST,
        resentAt: LARGEST - 1,
        sender: { account: 'first', login: 3 },
        error: { code: 'WAB_X', message: TEXT },
        now: LARGEST,
      }),
    );
    const set = {
      wire_id: TEXT,
      due_at: LARGEST,
      resent_at: LARGEST - 1,
      account: 'first',
      login: 3,
      error_message: TEXT,
    };
    expect(await outbox.row('a')).toMatchObject({ ...set, error_code: 'WAB_X', updated_at: LARGEST, doubted: 0 });
    const of = { session: SUPPORT, messageIds: [messageIdOf('none'), messageIdOf(TEXT)] };
    await at.write(
      moving('', 'in_doubt', {
        of,
        from: ['sending'],
        error: null,
        expiresAt: null,
        sender: { account: 'other', login: 4 },
      }),
    );
    expect(await outbox.row('a')).toMatchObject({
      ...{ state: 'in_doubt', doubted: 1, expires_at: null, error_code: null, error_message: null },
      ...{ account: 'first', login: 4, wire_id: TEXT, due_at: LARGEST },
    });
    expect((await at.outbox.byMessageIds(SUPPORT, of.messageIds))?.id).toBe('a');
    expect(await at.outbox.byMessageIds(SUPPORT, [])).toBeUndefined();
  });

  test('times are whole milliseconds, however they were computed', async () => {
    await at.write(accepting('a', { expiresAt: NOW + 0.4 }, NOW + 0.6));
    await at.write(moving('a', 'queued', { dueAt: NOW + 1.5, now: NOW + 0.5 }));
    const { created_at, updated_at, due_at, expires_at } = await outbox.row('a');
    expect([created_at, updated_at, due_at, expires_at]).toEqual([NOW + 1, NOW + 1, NOW + 2, NOW]);
    await at.write(moving('a', 'queued', { dueAt: Infinity }));
    expect((await outbox.row('a')).due_at).toBe(LARGEST);
    await expect(at.write(moving('a', 'queued', { dueAt: NaN }))).rejects.toThrow();
  });

  test('what waits for the same person under another address joins the order of the chat', async () => {
    const unresolved = { resolved: false };
    await at.write([
      accepting('a', inChat('number', unresolved)),
      accepting('b', inChat('number', unresolved)),
      accepting('c', inChat('lid')),
      accepting('d', inChat('number')),
    ]);
    await at.write(accepting('e', inChat('lid', { alias: chatOf('number') })));
    const chats = Object.fromEntries((await at.outbox.list({ limit: 10 })).map(({ id, chat_id }) => [id, chat_id]));
    expect(chats).toEqual({ a: 'lid', b: 'lid', c: 'lid', d: 'number', e: 'lid' });
    expect(await outbox.heads()).toEqual(['a', 'd']);
  });

  test('a message that gets its address takes those along that wait under the old one', async () => {
    const unresolved = { resolved: false };
    await at.write([
      accepting('a', inChat('asked', unresolved)),
      accepting('b', inChat('asked', unresolved)),
      accepting('c', inChat('known')),
    ]);
    const address = (id: string) =>
      at.write(addressMessage({ id: idOf(id), chatId: chatOf('known'), chat: TEXT, now: NOW }));
    expect(await address('b')).toMatchObject({ id: 'b', chat_id: 'known', chat: TEXT, resolved: 1 });
    expect((await outbox.row('a')).chat_id).toBe('known');
    expect(await outbox.heads()).toEqual(['a']);
    await at.write(moving('a', 'sending'));
    expect(await address('a')).toBeNull();
    expect(await address('none')).toBeNull();
  });

  test('messages that wait for their session become due, and no others', async () => {
    const deferred = (code: string) => ({ dueAt: NOW + 5, error: { code, message: 'later' } });
    await at.write([
      accepting('a'),
      accepting('b'),
      accepting('c'),
      accepting('d', { session: 'sales' as typeof SUPPORT }),
    ]);
    await at.write([moving('a', 'queued', deferred('WAIT')), moving('b', 'queued', deferred('wait'))]);
    await at.write([moving('c', 'sending', deferred('WAIT')), moving('d', 'queued', deferred('WAIT'))]);
    await at.write(makeMessagesDue({ session: SUPPORT, errorCode: 'WAIT', now: NOW }));
    const due = Object.fromEntries((await at.outbox.list({ limit: 9 })).map(({ id, due_at }) => [id, due_at]));
    expect(due).toEqual({ a: 0, b: NOW + 5, c: NOW + 5, d: NOW + 5 });
  });

  test('messages without an account belong to the first one, those under way only to the same login', async () => {
    await at.write([accepting('a'), accepting('b'), accepting('c'), accepting('d', { account: 'known' })]);
    const underLogin = (login: number) => ({ sender: { account: null, login } });
    await at.write([moving('b', 'sending', underLogin(1)), moving('c', 'sending', underLogin(2))]);
    await at.write(claimMessages({ session: SUPPORT, account: TEXT, login: 2 }));
    const accounts = Object.fromEntries((await at.outbox.list({ limit: 9 })).map(({ id, account }) => [id, account]));
    expect(accounts).toEqual({ a: TEXT, b: null, c: TEXT, d: 'known' });
  });

  test('what came to its end is forgotten by age, a few at a time, and counted', async () => {
    const ends = ['accepted', 'delivered', 'read', 'cancelled', 'failed', 'in_doubt', 'queued', 'sending'] as const;
    await at.write(ends.map((state) => accepting(state)));
    await at.write(ends.map((state) => moving(state, state)));
    await at.write([
      accepting('young', {}, NOW + 10),
      accepting('touched'),
      moving('touched', 'read', { now: NOW + 10 }),
    ]);
    const prune = (keysBefore: number, limit: number) =>
      at.write(pruneOutbox({ keysBefore, settledBefore: NOW + 10, limit }));
    expect(await prune(0, 3)).toBe(3);
    expect(await prune(0, 10)).toBe(1);
    const left = (await at.outbox.list({ limit: 20 })).map(({ id }) => id);
    expect(left.sort()).toEqual(['failed', 'in_doubt', 'queued', 'sending', 'touched', 'young']);
    expect([await prune(NOW + 1, 4), await prune(NOW + 1, 10), await prune(NOW + 1, 10)]).toEqual([4, 5, 0]);
    expect(await at.outbox.claimed(claimOf('young'))).toMatchObject({ kind: 'replayed' });
    expect(await at.outbox.claimed(claimOf('failed'))).toBeUndefined();
  });
}
