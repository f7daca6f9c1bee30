import { expect, test } from '@jest/globals';
import { Turns, type Worker } from '../../../bridge/src/stream/turns.ts';

const worker = (name: string, log: string[], steps: number): Worker => ({
  turn: () => {
    log.push(name);
    return Promise.resolve(--steps > 0);
  },
});

test('a backlog delays others by one step at most', async () => {
  const turns = new Turns();
  const log: string[] = [];
  turns.request(worker('backlog', log, 100));
  const other = worker('other', log, 1);
  let asked = 0;
  const ask = (): void => {
    if (++asked > 20) return;
    turns.request(other);
    setImmediate(ask);
  };
  ask();
  await turns.idle();
  const gaps = log.map((name, index) => (name === 'other' ? index : -1)).filter((index) => index >= 0);
  expect(gaps.length).toBeGreaterThanOrEqual(5);
  for (let index = 1; index < gaps.length; index++) expect(gaps[index]! - gaps[index - 1]!).toBeLessThanOrEqual(3);
});

test('those with work take turns', async () => {
  const turns = new Turns();
  const log: string[] = [];
  for (const name of ['a', 'b', 'c']) turns.request(worker(name, log, 3));
  await turns.idle();
  expect(log.join('')).toBe('abcabcabc');
});

test('asking twice gives one turn; asking while it works gives another', async () => {
  const turns = new Turns();
  let count = 0;
  const again: Worker = {
    turn: async () => {
      if (++count === 1) turns.request(again);
      return false;
    },
  };
  turns.request(again);
  turns.request(again);
  await turns.idle();
  expect(count).toBe(2);
});
