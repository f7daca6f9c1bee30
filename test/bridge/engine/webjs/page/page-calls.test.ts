/** Long work in a page, with a page that is this process. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Page } from 'puppeteer';
import { TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import { callsOf } from '../../../../../bridge/src/engine/webjs/page/page-calls.ts';
import { installShims } from './install-shims.ts';
import type { ShimState } from '../../../../../bridge/src/engine/webjs/page/page-window.ts';

interface World {
  window?: { wabridge?: ShimState };
  finish?: (value: unknown) => void;
  refuse?: (reason: Error) => void;
}
const world = globalThis as unknown as World;
let questions: number;

const page = {
  evaluate: async (what: string | ((...args: unknown[]) => unknown), ...args: unknown[]): Promise<unknown> => {
    questions += 1;
    return typeof what === 'string' ? (0, eval)(what) : what(...args);
  },
} as unknown as Page;

function work(greeting: string): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    Object.assign(globalThis, { finish: (name: string) => resolve(`${greeting} ${name}`), refuse: reject });
  });
}

beforeEach(() => {
  questions = 0;
  world.window = {};
  installShims();
});
afterEach(() => {
  delete world.window;
});
const finishWith = (name: string): void => world.finish?.(name);
const begun = async (): Promise<void> => {
  while (!world.finish) await new Promise((resolve) => setImmediate(resolve));
};

test('work is asked for again and again until it has ended, and then forgotten', async () => {
  delete world.finish;
  const result = callsOf(page, 10).callLong(work, 20_000, 'hello');
  await begun();
  while (questions < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  finishWith('Ada');
  expect(await result).toBe('hello Ada');
  expect(world.window?.wabridge?.jobs.size).toBe(0);
});

test('work that takes too long, fails, or was in a page that is reloaded', async () => {
  await expect(callsOf(page, 5).callLong(work, 20, 'a')).rejects.toThrow(TransportError);
  delete world.finish;
  const failing = callsOf(page, 5).callLong(work, 20_000, 'b');
  await begun();
  world.refuse?.(new Error('broken'));
  await expect(failing).rejects.toThrow(/interrupted: Error: broken/);
  delete world.finish;
  const lost = callsOf(page, 5).callLong(work, 20_000, 'c');
  await begun();
  world.window?.wabridge?.jobs.clear();
  await expect(lost).rejects.toThrow(/was reloaded/);
});
