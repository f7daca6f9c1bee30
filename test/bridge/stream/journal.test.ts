import { expect, test } from '@jest/globals';
import type { Seq } from '../../../bridge/src/contract/ids.ts';
import { Journal, type JournalEntry, type JournalSource } from '../../../bridge/src/stream/journal.ts';

const source = (id: number): JournalSource => ({
  id,
  changes: () => ({ floor: id as Seq, changed: [], removed: [] }),
});

test('a write that fails is reported as failed to everybody in it, and the next one is tried', async () => {
  const written: (readonly JournalEntry[])[] = [];
  let fails = true;
  const journal = new Journal(async (entries) => {
    if (fails) throw new Error('the disk');
    written.push(entries);
  });
  const first = [journal.commit(source(1)), journal.commit(source(2))];
  expect(await Promise.allSettled(first)).toMatchObject([
    { status: 'rejected', reason: { message: 'the disk' } },
    { status: 'rejected', reason: { message: 'the disk' } },
  ]);
  fails = false;
  await journal.commit(source(3));
  expect(written).toMatchObject([[{ id: 3 }]]);
  await journal.idle();
});

test('what changes while a write is under way goes into the next one, which is not told of before', async () => {
  const release: (() => void)[] = [];
  const journal = new Journal(() => new Promise((resolve) => release.push(resolve)));
  const order: string[] = [];
  const first = journal.commit(source(1)).then(() => order.push('first'));
  while (release.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const second = journal.commit(source(1)).then(() => order.push('second'));
  release.shift()!();
  await first;
  expect(order).toEqual(['first']);
  while (release.length === 0) await new Promise((resolve) => setImmediate(resolve));
  release.shift()!();
  await second;
  expect(order).toEqual(['first', 'second']);
});
