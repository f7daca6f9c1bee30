/** Rounds of work that follow each other, and work that is queued by key. */
import { expect, test } from '@jest/globals';
import { KeyedQueue } from '../../../bridge/src/ops/keyed-queue.ts';
import { Pump } from '../../../bridge/src/ops/pump.ts';

/** Rounds that end when the test says so. */
function heldRounds() {
  const releases: (() => void)[] = [];
  const pump = new Pump(() => new Promise<void>((resolve) => releases.push(resolve)));
  const begun = async (count: number): Promise<void> => {
    while (releases.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  return { pump, releases, begun };
}

test('what is asked for at once is one round; what is asked for during a round is one more', async () => {
  const { pump, releases, begun } = heldRounds();
  for (let count = 0; count < 3; count++) pump.wake();
  await begun(1);
  for (let count = 0; count < 3; count++) pump.wake();
  releases[0]?.();
  await begun(2);
  releases[1]?.();
  await pump.idle();
  expect(releases).toHaveLength(2);
  pump.wake();
  await begun(3);
});

test('a round that asks for another gets it', async () => {
  let left = 3;
  const pump: Pump = new Pump(async () => {
    left -= 1;
    if (left > 0) pump.wake();
  });
  pump.wake();
  await pump.idle();
  expect(left).toBe(0);
});

test('the end waits for the round under way, and no other begins', async () => {
  const { pump, releases, begun } = heldRounds();
  pump.wake();
  await begun(1);
  pump.wake();
  let hasEnded = false;
  const ended = pump.end().then(() => (hasEnded = true));
  pump.wake();
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasEnded).toBe(false);
  releases[0]?.();
  await ended;
  pump.wake();
  await pump.idle();
  expect(releases).toHaveLength(1);
});

test('what is gathered before the first round is part of it', async () => {
  let gathered: () => void = () => undefined;
  const rounds: number[] = [];
  let asked = 0;
  const pump = new Pump(
    async () => void rounds.push(asked),
    () => new Promise<void>((resolve) => (gathered = resolve)),
  );
  for (; asked < 5; asked++) pump.wake();
  gathered();
  await pump.idle();
  expect(rounds).toEqual([5]);
});

test('work of one key runs in order, whatever fails, while that of another does not wait', async () => {
  const queue = new KeyedQueue();
  const order: string[] = [];
  let release: () => void = () => undefined;
  const first = queue.run('a', async () => {
    await new Promise<void>((resolve) => (release = resolve));
    order.push('first');
    throw new Error('broken');
  });
  const second = queue.run('a', async () => order.push('second'));
  await queue.run('b', async () => order.push('other'));
  release();
  await expect(first).rejects.toThrow('broken');
  await second;
  expect(order).toEqual(['other', 'first', 'second']);
});

test('the end of what was asked for until now does not wait for what comes later; idle does', async () => {
  const queue = new KeyedQueue();
  const releases: (() => void)[] = [];
  const held = (): Promise<void> => new Promise((resolve) => releases.push(resolve));
  const begun = async (count: number): Promise<void> => {
    while (releases.length < count) await new Promise((resolve) => setImmediate(resolve));
  };
  void queue.run('a', held);
  await begun(1);
  const until = Promise.all([queue.ended('a'), queue.allEnded()]);
  let isIdle = false;
  const idle = queue.idle().then(() => (isIdle = true));
  void queue.run('a', held);
  releases[0]?.();
  await until;
  await begun(2);
  expect(isIdle).toBe(false);
  releases[1]?.();
  await idle;
  await Promise.all([queue.ended('a'), queue.ended('never asked')]);
});
