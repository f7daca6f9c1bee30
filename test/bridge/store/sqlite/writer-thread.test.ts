import { expect, test } from '@jest/globals';
import { WriterThread } from '../../../../bridge/src/store/sqlite/writer-thread.ts';

test('the death of the writer rejects all that is pending, is reported once, and further writes fail', async () => {
  const deaths: Error[] = [];
  const script = new URL('./dying-writer.worker.mjs', import.meta.url);
  const thread = await WriterThread.open('unused', (error) => deaths.push(error), script);
  const call = { operation: 'any', args: null };
  const outcomes = await Promise.allSettled([thread.submit([call]), thread.submit([call])]);
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'WAB_INTERNAL' } });
  }
  await expect(thread.submit([call])).rejects.toMatchObject({ code: 'WAB_INTERNAL' });
  expect(deaths.map(({ message }) => message)).toEqual(['the writer died']);
  await thread.close();
});

test('a database that cannot be opened rejects the opening', async () => {
  await expect(WriterThread.open('/nowhere/at/all.db', () => undefined)).rejects.toThrow(/open/);
});
