/** What the outbox reads: which messages, and in which order. */
import { beforeEach, expect, test } from '@jest/globals';
import type { SessionName } from '../../../bridge/src/contract/ids.ts';
import { storeMedia } from '../../../bridge/src/store/media.repository.ts';
import { accepting, chatOf, idOf, ids, mediaOf, messageIdOf, moving, OutboxAtTest, SUPPORT } from './outbox-samples.ts';
import { BY_BYTES, LARGEST, NOW, SHUFFLED, TEXT } from './samples.ts';
import type { StoreAtTest } from './store-at-test.ts';

const SALES = 'sales' as SessionName;

export function outboxReadChecks(at: StoreAtTest): void {
  let outbox: OutboxAtTest;
  beforeEach(() => {
    outbox = new OutboxAtTest(at);
  });

  test('pages go through all messages, newest first, by session and state', async () => {
    await outbox.accept('c', 'a', 'e', 'b', 'd');
    await at.write([accepting('f', { session: SALES }), moving('a', 'sending'), moving('b', 'read')]);
    const seen: string[] = [];
    for (let page = await at.outbox.list({ limit: 2 }); page.length > 0;) {
      seen.push(...ids(page));
      page = await at.outbox.list({ limit: 2, before: idOf(page.at(-1)!.id) });
    }
    expect(seen).toEqual(['f', 'd', 'b', 'e', 'a', 'c']);
    expect(ids(await at.outbox.list({ limit: 9, session: SUPPORT, states: ['queued', 'read'] }))).toEqual([
      'd',
      'b',
      'e',
      'c',
    ]);
    expect(ids(await at.outbox.list({ limit: 9, states: [] }))).toHaveLength(6);
    expect(await at.outbox.list({ limit: 9, before: idOf('none') })).toEqual([]);
    expect(await at.outbox.find(idOf('A'))).toBeUndefined();
  });

  test('heads come in the order in which they became due, those of one moment in that of their acceptance', async () => {
    await outbox.accept('a', 'b', 'c', 'd', 'e');
    const at5 = { dueAt: NOW - 5 };
    await at.write([moving('d', 'queued', at5), moving('b', 'queued', at5), moving('a', 'queued', { dueAt: NOW })]);
    await at.write(moving('c', 'queued', { dueAt: NOW + 1 }));
    await at.write(accepting('behind e', { chatId: chatOf('chat of e') }));
    expect(ids(await at.outbox.dueHeads(SUPPORT, NOW, 10, true))).toEqual(['e', 'b', 'd', 'a']);
    expect(ids(await at.outbox.dueHeads(SUPPORT, NOW, 2, true))).toEqual(['e', 'b']);
    expect(ids(await at.outbox.dueHeads(SALES, NOW, 2, true))).toEqual([]);
    expect(await at.outbox.nextDue(SUPPORT, NOW)).toBe(NOW + 1);
    expect(await at.outbox.nextDue(SUPPORT, NOW + 1)).toBeNull();
  });

  test('what a clock put off that was set back since waits no longer', async () => {
    await outbox.accept('a', 'b');
    await at.write([
      moving('a', 'queued', { dueAt: LARGEST, now: NOW + 1_001 }),
      moving('b', 'queued', { dueAt: LARGEST - 1, now: NOW + 1_000 }),
    ]);
    expect(ids(await at.outbox.dueHeads(SUPPORT, NOW, 10, true))).toEqual(['a']);
    expect(await at.outbox.nextDue(SUPPORT, NOW)).toBe(LARGEST - 1);
  });

  test('a chat whose next message brings a file can be left out', async () => {
    const file = { id: mediaOf('med'), mimeType: 'image/png', sizeBytes: 1, sha256: '', fileName: null };
    await at.write(storeMedia({ ...file, ownerSessions: null, now: NOW }));
    await at.write([accepting('a', { mediaId: mediaOf('med') }), accepting('b')]);
    await at.write(accepting('behind a', { chatId: chatOf('chat of a') }));
    expect(ids(await at.outbox.dueHeads(SUPPORT, NOW, 10, false))).toEqual(['b']);
    expect(ids(await at.outbox.dueHeads(SUPPORT, NOW, 10, true))).toEqual(['a', 'b']);
  });

  test('each session with work comes once', async () => {
    await at.write(SHUFFLED.map((name) => accepting(name, { session: name as SessionName })));
    await at.write(accepting('again', { session: 'b' as SessionName }));
    await at.write([moving('a', 'sending'), moving('z', 'read'), moving('Z', 'in_doubt')]);
    expect(await at.outbox.sessionsWithWork()).toEqual(BY_BYTES.filter((name) => name !== 'z' && name !== 'Z'));
  });

  test('interrupted sends come oldest first, whatever was changed last', async () => {
    await outbox.accept('a', 'b', 'c', 'd', 'e');
    const sending = (id: string, login: number) => moving(id, 'sending', { sender: { account: null, login } });
    for (const [id, login] of [
      ['d', 1],
      ['a', 2],
      ['c', 1],
      ['b', 1],
    ] as const)
      await at.write(sending(id, login));
    expect(ids(await at.outbox.interruptedWithoutId(SUPPORT, 10))).toEqual(['a', 'b', 'c', 'd']);
    expect(ids(await at.outbox.interruptedWithoutId(SUPPORT, 2))).toEqual(['a', 'b']);
    expect(ids(await at.outbox.sendingByOtherLogin(SUPPORT, 2, 10))).toEqual(['b', 'c', 'd']);
    expect(ids(await at.outbox.sendingByOtherLogin(SUPPORT, 1, 10))).toEqual(['a']);
    expect(ids(await at.outbox.sendingSince([SUPPORT, SALES], NOW + 1, 3))).toEqual(['a', 'b', 'c']);
    expect(ids(await at.outbox.sendingSince([SUPPORT], NOW, 9))).toEqual([]);
    expect(ids(await at.outbox.sendingSince([], NOW + 1, 9))).toEqual([]);
    await at.write(moving('a', 'sending', { from: ['sending'], messageId: messageIdOf('known') }));
    expect(ids(await at.outbox.interruptedWithoutId(SUPPORT, 10))).toEqual(['b', 'c', 'd']);
  });

  test('messages that wait for an account come oldest first, and each account once', async () => {
    await at.write([
      accepting('a', { account: TEXT }),
      accepting('b', { account: 'x' }),
      accepting('c', { account: TEXT }),
      accepting('d'),
      accepting('behind b', { account: 'hidden', chatId: chatOf('chat of b') }),
    ]);
    await at.write([moving('c', 'queued', { dueAt: 1 }), moving('a', 'queued', { dueAt: 2 })]);
    expect((await at.outbox.waitingAccounts(SUPPORT)).sort()).toEqual([TEXT, 'x'].sort());
    expect(ids(await at.outbox.waitingFor(SUPPORT, TEXT, 10))).toEqual(['a', 'c']);
    expect(ids(await at.outbox.waitingFor(SUPPORT, TEXT, 1))).toEqual(['a']);
    expect(ids(await at.outbox.waitingFor(SUPPORT, 'X', 10))).toEqual([]);
    await at.write(moving('b', 'sending'));
    expect(await at.outbox.waitingAccounts(SUPPORT)).toEqual([TEXT]);
  });

  test('states are counted as numbers, and read oldest first', async () => {
    expect(await at.outbox.countByState()).toEqual({});
    await outbox.accept('b', 'a', 'c');
    await at.write([moving('a', 'read'), moving('b', 'read')]);
    expect(await at.outbox.countByState()).toEqual({ queued: 1, read: 2 });
    expect(ids(await at.outbox.inState(SUPPORT, 'read', 10))).toEqual(['b', 'a']);
    expect(ids(await at.outbox.inState(SUPPORT, 'read', 1))).toEqual(['b']);
  });

  test('messages past their deadline, and those that wait too long, come oldest first', async () => {
    await at.write([
      accepting('a', { expiresAt: NOW }),
      accepting('b', { expiresAt: NOW - 1, session: SALES }),
      accepting('c', { expiresAt: NOW + 1 }),
      accepting('d', { expiresAt: NOW - 2 }),
      accepting('e', { expiresAt: NOW - 1 }),
      accepting('f', { expiresAt: NOW - 2 }),
    ]);
    await at.write([moving('d', 'sending'), moving('e', 'queued', { dueAt: LARGEST })]);
    await at.write(moving('f', 'queued', { expiresAt: null }));
    expect([...(await at.outbox.sessionsWithExpired(NOW))].sort()).toEqual(['sales', 'support']);
    expect(await at.outbox.sessionsWithExpired(NOW - 2)).toEqual([]);
    expect(ids(await at.outbox.expired([SUPPORT, SALES], NOW, 10))).toEqual(['b', 'e', 'a']);
    expect(ids(await at.outbox.expired([SUPPORT], NOW, 1))).toEqual(['e']);
    expect(await at.outbox.expired([], NOW, 10)).toEqual([]);
    await at.write([moving('b', 'queued', { resentAt: NOW + 5 }), moving('a', 'queued', { resentAt: NOW + 4 })]);
    expect(ids(await at.outbox.queuedBefore([SUPPORT, SALES], NOW + 5, 10))).toEqual(['a', 'c', 'e', 'f']);
    expect(ids(await at.outbox.queuedBefore([SUPPORT, SALES], NOW + 5, 2))).toEqual(['a', 'c']);
    expect(await at.outbox.queuedBefore([], NOW + 5, 10)).toEqual([]);
  });
}
