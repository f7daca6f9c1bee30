/** Media files: what is expected, stored, due and forgotten. */
import { expect, test } from '@jest/globals';
import type { SessionName } from '../../../bridge/src/contract/ids.ts';
import {
  abandonMedia,
  expectMedia,
  expireMedia,
  makeMediaDue,
  markMediaFound,
  markMediaMissing,
  parkMedia,
  postponeMedia,
  storeMedia,
  type MediaReads,
  type MediaRow,
} from '../../../bridge/src/store/media.repository.ts';
import { accepting, mediaOf, messageIdOf, moving, SUPPORT } from './outbox-samples.ts';
import { BY_BYTES, LARGEST, NOW, SHUFFLED, TEXT } from './samples.ts';
import type { StoreAtTest } from './store-at-test.ts';

const SALES = 'sales' as SessionName;
const NOTHING: Parameters<MediaReads['due']>[2] = { ids: [], sessions: [] };
const expecting = (id: string, session = SUPPORT, now = NOW) =>
  expectMedia({
    ...{ id: mediaOf(id), session, messageId: messageIdOf(TEXT) },
    ...{ kind: 'image', mimeType: 'image/png', fileName: TEXT, now },
  });
const storing = (id: string, sizeBytes = 5, now = NOW, patch: Partial<Parameters<typeof storeMedia>[0]> = {}) =>
  storeMedia({
    ...{ id: mediaOf(id), mimeType: 'image/jpeg', sizeBytes, sha256: 'ab', fileName: null },
    ...{ ownerSessions: null, now, ...patch },
  });
const postponing = (id: string, dueAt: number | null, now = NOW) =>
  postponeMedia({ id: mediaOf(id), attempts: 2, dueAt, failure: TEXT, now });
const idsOf = (rows: readonly { readonly id: string }[]): string[] => rows.map(({ id }) => id);

export function mediaChecks(at: StoreAtTest): void {
  const row = async (id: string): Promise<MediaRow | undefined> => {
    const found = await at.media.find(mediaOf(id));
    return found && { ...found };
  };
  const due = async (now: number, limit: number, except = NOTHING): Promise<string[]> =>
    idsOf(await at.media.due(now, limit, except));

  test('a file that is expected comes back as it was, and is expected once', async () => {
    await at.together([expecting('med', SUPPORT, LARGEST), expecting('med', SALES, 1), expecting('Med')]);
    expect(await row('med')).toEqual({
      ...{ id: 'med', session: 'support', owner_sessions: null, wire_id: TEXT, kind: 'image', state: 'pending' },
      ...{ mime_type: 'image/png', size_bytes: 0, sha256: '', file_name: TEXT, failure: null, attempts: 0, due_at: 0 },
      ...{ created_at: LARGEST, updated_at: LARGEST },
    });
    expect(await row('MED')).toBeUndefined();
  });

  test('a file that is stored: of an upload, or the one that was expected', async () => {
    const upload = await at.write(storing('up', LARGEST, LARGEST, { ownerSessions: [SUPPORT, SALES], fileName: TEXT }));
    expect({ ...upload }).toEqual({
      ...{ id: 'up', session: null, owner_sessions: '["support","sales"]', wire_id: null, kind: null, state: 'stored' },
      ...{ mime_type: 'image/jpeg', size_bytes: LARGEST, sha256: 'ab', file_name: TEXT, failure: null, attempts: 0 },
      ...{ due_at: null, created_at: LARGEST, updated_at: LARGEST },
    });
    await at.write([expecting('med', SUPPORT, 1), postponing('med', NOW)]);
    const expected = await at.write(storing('med', 7, NOW, { ownerSessions: [SALES] }));
    const kept = { session: 'support', owner_sessions: null, file_name: TEXT, attempts: 2, created_at: 1 };
    expect(expected).toMatchObject({ ...kept, state: 'stored', size_bytes: 7, due_at: null, failure: null });
    // It is not expected again.
    await at.write(expecting('med'));
    expect(await row('med')).toMatchObject({ state: 'stored' });
  });

  test('an attempt that failed is repeated or given up, unless the file is there', async () => {
    await at.write([expecting('a'), expecting('b'), storing('c')]);
    expect(await at.write(postponing('a', LARGEST))).toMatchObject({ state: 'pending', attempts: 2, due_at: LARGEST });
    expect(await at.write(postponing('b', null))).toMatchObject({ state: 'failed', due_at: null, failure: TEXT });
    expect(await at.write(postponing('c', null))).toMatchObject({ state: 'stored', failure: null });
    expect(await at.write(postponing('none', 1))).toBeUndefined();
  });

  test('what is due comes longest due first, but for those under way', async () => {
    await at.write([expecting('a'), expecting('b'), expecting('c', SALES), expecting('d'), storing('e')]);
    await at.write([
      postponing('a', NOW),
      postponing('b', NOW - 2),
      postponing('c', NOW - 1),
      postponing('d', NOW + 1),
    ]);
    expect(await due(NOW, 10)).toEqual(['b', 'c', 'a']);
    expect(await due(NOW, 2)).toEqual(['b', 'c']);
    expect(await due(NOW, 10, { ids: ['b'], sessions: [] })).toEqual(['c', 'a']);
    expect(await due(NOW, 10, { ids: ['a', 'none'], sessions: ['sales'] })).toEqual(['b']);
    expect(await at.media.nextDue(NOW - 1)).toBe(NOW);
    expect(await at.media.nextDue(NOW)).toBe(NOW + 1);
    expect(await at.media.nextDue(NOW + 1)).toBeNull();
    // Written by a clock that was set back since.
    await at.write(postponing('d', LARGEST, NOW + 1_001));
    expect(await due(NOW, 10)).toEqual(['b', 'c', 'a', 'd']);
    expect(await due(NOW, 3)).toEqual(['b', 'c', 'a']);
  });

  test('a session that is ready, away or gone moves what waits for it alone', async () => {
    await at.write([expecting('a'), expecting('b', SALES), storing('c'), expecting('d')]);
    await at.write([postponing('a', NOW + 9), postponing('b', NOW + 9), postponing('d', null)]);
    await at.write(makeMediaDue({ session: SUPPORT }));
    expect(await row('a')).toMatchObject({ due_at: 0, updated_at: NOW });
    expect(await row('b')).toMatchObject({ due_at: NOW + 9 });
    await at.write(parkMedia({ session: SUPPORT, dueAt: NOW + 5, now: NOW + 1 }));
    expect(await row('a')).toMatchObject({ due_at: NOW + 5, updated_at: NOW + 1 });
    await at.write(parkMedia({ session: SALES, dueAt: NOW + 5, now: NOW + 1 }));
    expect(await row('b')).toMatchObject({ due_at: NOW + 9, updated_at: NOW });
    // Parked by a clock that was set back since.
    await at.write(parkMedia({ session: SALES, dueAt: NOW - 5_000, now: NOW - 10_000 }));
    expect(await row('b')).toMatchObject({ due_at: NOW - 5_000 });
    await at.write(abandonMedia({ session: SUPPORT, failure: TEXT, now: NOW + 2 }));
    expect(await row('a')).toMatchObject({ state: 'failed', failure: TEXT, due_at: null, updated_at: NOW + 2 });
    expect([(await row('b'))?.state, (await row('c'))?.state]).toEqual(['pending', 'stored']);
  });

  test('old files go, oldest first and a few at a time, unless a message may still need them', async () => {
    await at.write([
      storing('c', 3, NOW - 3),
      storing('a', LARGEST, NOW - 1),
      storing('b', 2, NOW - 2),
      storing('young', 1, NOW),
    ]);
    await at.write([expecting('pending', SUPPORT, 1), expecting('failed', SUPPORT, 2), postponing('failed', null)]);
    const states = ['queued', 'sending', 'in_doubt', 'read'] as const;
    for (const state of states) {
      await at.write([storing(`of ${state}`, 1, 1), accepting(state, { mediaId: mediaOf(`of ${state}`) })]);
      await at.write(moving(state, state));
    }
    const expire = (limit: number) => at.write(expireMedia({ before: NOW, limit }));
    expect(await expire(2)).toEqual([
      { id: 'of read', sizeBytes: 1 },
      { id: 'failed', sizeBytes: 0 },
    ]);
    expect(await expire(10)).toEqual([
      { id: 'c', sizeBytes: 3 },
      { id: 'b', sizeBytes: 2 },
      { id: 'a', sizeBytes: LARGEST },
    ]);
    expect(await expire(10)).toEqual([]);
    const left = await at.reader.selectFrom('media').select('id').execute();
    expect(idsOf(left).sort()).toEqual(['of in_doubt', 'of queued', 'of sending', 'pending', 'young']);
  });

  test('files that the store lost are marked, and found again', async () => {
    await at.write([storing('a'), storing('b'), expecting('c'), expecting('d'), postponing('d', null)]);
    await at.write(markMediaMissing({ ids: ['a', 'b', 'c', 'none'], now: NOW + 1 }));
    await at.write([markMediaMissing({ ids: [], now: NOW + 9 }), markMediaFound({ ids: [], now: NOW + 9 })]);
    const known = await at.media.expected(['a', 'b', 'c', 'd', 'A']);
    expect(known).toEqual(
      new Map([
        ['a', { isMissing: true }],
        ['b', { isMissing: true }],
      ]),
    );
    await at.write(markMediaFound({ ids: ['a', 'c', 'd'], now: NOW + 2 }));
    expect(await row('a')).toMatchObject({ state: 'stored', failure: null, updated_at: NOW + 2 });
    expect([(await row('b'))?.state, (await row('c'))?.state, (await row('d'))?.state]).toEqual([
      'failed',
      'pending',
      'failed',
    ]);
    expect(await at.media.expected([])).toEqual(new Map());
  });

  test('stored files are listed in batches, and their bytes are a number', async () => {
    expect(await at.media.usedBytes()).toBe(0);
    await at.write(SHUFFLED.map((id) => storing(id, 2 ** 40)));
    await at.write([storing('later', 1, NOW + 1), expecting('pending')]);
    const batches: (readonly string[])[] = [];
    for await (const batch of at.media.storedBefore(NOW + 1, 4)) batches.push(batch);
    expect(batches.flat()).toEqual(BY_BYTES);
    expect(batches.map(({ length }) => length)).toEqual([4, 4, 4, 4, 1]);
    expect(await at.media.usedBytes()).toBe(BY_BYTES.length * 2 ** 40 + 1);
  });
}
