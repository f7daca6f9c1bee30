import { beforeEach, expect, test } from '@jest/globals';
import { DEADLINES, TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import { ServerClock } from '../../../../../bridge/src/engine/webjs/login/server-clock.ts';
import { ManualClock, silent } from '../../../sessions/fake-engine.ts';
import type { PageCalls } from '../../../../../bridge/src/engine/webjs/page/page-calls.ts';

let clock: ManualClock;
let answers: (number | null | Error)[];
let server: ServerClock;
beforeEach(() => {
  clock = new ManualClock();
  answers = [];
  const call = async (): Promise<number | null> => {
    const answer = answers.shift() ?? null;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  server = new ServerClock(() => ({ call }) as unknown as PageCalls, DEADLINES, clock, silent);
});

test('is this machine’s clock until the server tells otherwise', async () => {
  const now = clock.now() / 1000;
  expect(server.seconds).toBe(now);
  answers = [null, new TransportError('the page is away'), clock.now() - 300_000];
  await server.measure();
  await server.measure();
  expect(server.seconds).toBe(now);
  await server.measure();
  expect(server.seconds).toBe(now - 300);
  expect(server.at(clock.elapsed() - 60_000)).toBe(now - 360);
  await clock.pass(10_000);
  expect(server.seconds).toBe(now - 290);
});

test('follows its last answer, since either clock may be set meanwhile', async () => {
  const now = clock.now() / 1000;
  answers = [clock.now() + 7_200_000, clock.now(), null];
  expect(await server.measure()).toBe(true);
  expect(server.seconds).toBe(now + 7_200);
  expect(await server.measure()).toBe(true);
  expect(server.seconds).toBe(now);
  expect(await server.measure()).toBe(false);
  expect(server.seconds).toBe(now);
});

test.each([-7_200_000, 7_200_000])('a clock that is set by %i ms after the question changes nothing', async (by) => {
  const now = clock.now() / 1000;
  answers = [clock.now() - 300_000];
  await server.measure();
  clock.set(by);
  expect(server.seconds).toBe(now - 300);
  await clock.pass(10_000);
  expect(server.seconds).toBe(now - 290);
  expect(server.at(clock.elapsed() - 60_000)).toBe(now - 350);
});

test.each([-7_200_000, 7_200_000])('without an answer it follows a clock that is set by %i ms', (by) => {
  const now = clock.now() / 1000;
  clock.set(by);
  expect(server.seconds).toBe(now + by / 1000);
});
