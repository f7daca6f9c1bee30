import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FrameBalance } from '../../../../../bridge/src/engine/webjs/browser/frame-balance.ts';

const MINUTE = 60_000;
const LARGE = 300;
let balance: FrameBalance;
let now: number;

beforeEach(() => {
  balance = new FrameBalance();
  now = 1_000_000;
});

const receive = (times: number, bytes = LARGE): void => {
  for (let each = 0; each < times; each += 1) balance.received(bytes, now);
};
const send = (times = 1): void => {
  for (let each = 0; each < times; each += 1) balance.sent(now);
};
/** The page has answered often enough for the count to be believed. */
const prove = (): void => {
  for (let each = 0; each < 3; each += 1) {
    receive(1);
    send();
  }
};
const isUnanswered = (): boolean => balance.leavesUnanswered(MINUTE, now);

describe('frames without an answer', () => {
  test('count once they are many and have waited for long', () => {
    prove();
    receive(4);
    now += MINUTE;
    expect(isUnanswered()).toBe(false);
    receive(1);
    expect(isUnanswered()).toBe(true);
  });

  test('count only in a page that has been seen to answer', () => {
    receive(50);
    now += 10 * MINUTE;
    expect(isUnanswered()).toBe(false);
  });

  test('count also in a page that announces what came before it answers', () => {
    for (let each = 0; each < 3; each += 1) {
      receive(1);
      balance.announced(now);
      send();
    }
    receive(5);
    now += MINUTE;
    expect(isUnanswered()).toBe(true);
  });

  test('are forgotten once the page announces something, or has another connection', () => {
    for (const forget of [() => balance.announced(now), () => balance.begin()]) {
      prove();
      receive(10);
      now += MINUTE;
      expect(isUnanswered()).toBe(true);
      forget();
      expect(isUnanswered()).toBe(false);
    }
  });

  test('small ones, such as that somebody is writing, are never owed', () => {
    prove();
    receive(1_000, 100);
    now += MINUTE;
    expect(isUnanswered()).toBe(false);
  });

  test('what the page asked for needs no answer, however much it asked for at once', () => {
    prove();
    send(40);
    now += 5_000;
    receive(40);
    now += MINUTE;
    expect(isUnanswered()).toBe(false);
  });
});

test('answers are no questions: a busy page that stops is noticed at once, although it had sent much', () => {
  send(3);
  for (let each = 0; each < 50; each += 1) {
    now += 500;
    receive(1, each % 2 === 0 ? LARGE : 100);
    send();
  }
  receive(12);
  now += MINUTE;
  expect(isUnanswered()).toBe(true);
});

test('a page that answers each frame within seconds is never suspected, whatever comes and whatever else it sends', () => {
  const frame = fc.record({
    bytes: fc.integer({ min: 10, max: 5_000 }),
    pauseMs: fc.integer({ min: 0, max: 5 * MINUTE }),
    extra: fc.integer({ min: 0, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 200 }), (frames) => {
      const page = new FrameBalance();
      let at = 0;
      for (const { bytes, pauseMs, extra } of frames) {
        at += pauseMs;
        page.received(bytes, at);
        for (let each = 0; each <= extra; each += 1) page.sent(at + 2_000);
        expect(page.leavesUnanswered(MINUTE, at + 2_000)).toBe(false);
      }
    }),
  );
});

test('a page that has stopped is noticed although it goes on with its signs of life', () => {
  prove();
  let noticed: number | null = null;
  for (let second = 1; second <= 600 && noticed === null; second += 1) {
    now += 1_000;
    if (second % 20 === 0) send();
    if (second % 6 === 0) receive(1);
    if (isUnanswered()) noticed = second;
  }
  expect(noticed).not.toBeNull();
  expect(noticed).toBeLessThan(180);
});
