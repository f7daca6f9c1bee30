import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { NetworkJournal } from '../../../../bridge/src/engine/sandbox/network-journal.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-journal-'));
  file = join(folder, 'deep', 'journal.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('what was appended is there after a restart, in order', async () => {
  const first = new NetworkJournal<{ n: number }>(file);
  expect(await first.open()).toEqual([]);
  await Promise.all(Array.from({ length: 500 }, (_, n) => first.append({ n })));
  await first.close();
  const second = new NetworkJournal<{ n: number }>(file);
  expect((await second.open()).map((entry) => entry.n)).toEqual(Array.from({ length: 500 }, (_, n) => n));
  await second.close();
});

test('an entry is on the disk before its promise resolves', async () => {
  const journal = new NetworkJournal<{ text: string }>(file);
  await journal.open();
  await journal.append({ text: 'line\nbreak' });
  expect(await readFile(file, 'utf8')).toBe('{"text":"line\\nbreak"}\n');
  await journal.close();
});

test('a line that a kill cut short is dropped, and the next entry is whole', async () => {
  const journal = new NetworkJournal<{ n: number }>(file);
  await journal.open();
  await journal.append({ n: 1 });
  await journal.close();
  await appendFile(file, '{"n":');
  const again = new NetworkJournal<{ n: number }>(file);
  expect(await again.open()).toEqual([{ n: 1 }]);
  await again.append({ n: 2 });
  await again.close();
  const last = new NetworkJournal<{ n: number }>(file);
  expect(await last.open()).toEqual([{ n: 1 }, { n: 2 }]);
  await last.close();
});

test('a closed journal takes nothing', async () => {
  const journal = new NetworkJournal<{ n: number }>(file);
  await journal.open();
  await journal.close();
  await expect(journal.append({ n: 1 })).rejects.toThrow('closed');
});
