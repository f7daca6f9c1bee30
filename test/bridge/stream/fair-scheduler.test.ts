import { expect, test } from '@jest/globals';
import { FairScheduler, type Worker } from '../../../bridge/src/stream/fair-scheduler.ts';

const worker = (name: string, log: string[], steps: number): Worker => ({
  turn: () => {
    log.push(name);
    return Promise.resolve(--steps > 0);
  },
});

test('a backlog delays others by one step at most', async () => {
  const scheduler = new FairScheduler();
  const log: string[] = [];
  scheduler.request(worker('backlog', log, 100));
  const other = worker('other', log, 1);
  let asked = 0;
  const ask = (): void => {
    if (++asked > 20) return;
    scheduler.request(other);
    setImmediate(ask);
  };
  ask();
  await scheduler.idle();
  const gaps = log.map((name, index) => (name === 'other' ? index : -1)).filter((index) => index >= 0);
  expect(gaps.length).toBeGreaterThanOrEqual(5);
  for (let index = 1; index < gaps.length; index++) expect(gaps[index]! - gaps[index - 1]!).toBeLessThanOrEqual(3);
});

test('workers take turns', async () => {
  const scheduler = new FairScheduler();
  const log: string[] = [];
  for (const name of ['a', 'b', 'c']) scheduler.request(worker(name, log, 3));
  await scheduler.idle();
  expect(log.join('')).toBe('abcabcabc');
});

test('asking twice gives one turn; asking while it works gives another', async () => {
  const scheduler = new FairScheduler();
  let count = 0;
  const again: Worker = {
    turn: async () => {
      if (++count === 1) scheduler.request(again);
      return false;
    },
  };
  scheduler.request(again);
  scheduler.request(again);
  await scheduler.idle();
  expect(count).toBe(2);
});
