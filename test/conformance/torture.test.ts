/** A few kills on each backend, of the very run that `npm run torture` makes longer. The seed is fixed; a failure prints the history. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { torture } from '../torture/torture.ts';

jest.setTimeout(600_000);

test.each([
  { backend: 'sqlite', kills: 3, seed: 11 },
  // Each of its faults once.
  { backend: 'postgres-redis-s3', kills: 11, seed: 11 },
] as const)('$backend, killed $kills times: nothing is lost, doubled or swapped', async (run) => {
  const folder = await mkdtemp(join(tmpdir(), 'wabridge-torture-history-'));
  const historyFile = join(folder, 'history.jsonl');
  const { findings, tally } = await torture({ ...run, historyFile });
  if (findings.length > 0) throw new Error(`${historyFile}\n${JSON.stringify({ findings, tally }, null, 2)}`);
  await rm(folder, { recursive: true });
  // The kills hit what they were meant to hit. Whether a reader has an event in hand at a kill is chance; that events come again is not.
  expect(tally.kills).toBe(run.kills);
  expect(tally.killsOnSends).toBeGreaterThan(run.kills / 2);
  expect(tally.again).toBeGreaterThan(0);
});
