/** What a browser's life makes of its page's navigations, with a page that is this process. */
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Browser, Page } from 'puppeteer';
import { BrowserRun } from '../../../../../bridge/src/engine/webjs/browser/browser-run.ts';
import { DEADLINES } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import type { GuardedClient } from '../../../../../bridge/src/engine/webjs/browser/guarded-client.ts';
import {
  announceSynced,
  type PageState,
  readState,
} from '../../../../../bridge/src/engine/webjs/page/page-functions.ts';
import { until } from '../../../../until.ts';
import { ManualClock, settle, silent } from '../../../sessions/fake-engine.ts';

let signals: string[];
/** The loads of the page that were ready, one after another. */
let documents: unknown[];
/** Why the run ended. */
let ends: string[];
/** What the page says of itself; an error where it does not answer. */
let state: PageState | Error;
let page: EventEmitter;
let client: EventEmitter;
let run: BrowserRun;
let browser: EventEmitter;
let listener: ConstructorParameters<typeof BrowserRun>[1];
let address: string;
let clock: ManualClock;
let reminders: number;
const mainFrame = { url: () => address };

const connected = (document: string): PageState => ({
  document,
  state: 'CONNECTED',
  hasSynced: true,
  injected: true,
  linked: true,
  sync: null,
});

beforeEach(async () => {
  signals = [];
  documents = [];
  ends = [];
  clock = new ManualClock();
  reminders = 0;
  address = 'https://web.whatsapp.com/';
  state = connected('first');
  const noSession = async (): Promise<never> => Promise.reject(new Error('not part of this test'));
  page = Object.assign(new EventEmitter(), {
    mainFrame: () => mainFrame,
    goto: async () => null,
    createCDPSession: noSession,
    evaluate: async (fn: unknown) => {
      if (fn === announceSynced) reminders += 1;
      if (fn !== readState) return undefined;
      if (state instanceof Error) throw state;
      return state;
    },
  });
  browser = Object.assign(new EventEmitter(), {
    process: () => null,
    target: () => ({ createCDPSession: noSession }),
    close: async () => undefined,
  });
  listener = new Proxy(
    { events: [] },
    {
      get: (own, name: string) =>
        name in own
          ? own.events
          : (reason?: string, why?: string) => {
              if (name === 'ready') documents.push(reason);
              if (name === 'ended') ends.push(`${reason}: ${why}`);
              if (name !== 'authenticated') signals.push(name === 'interrupted' ? `${name}: ${reason}` : name);
            },
    },
  ) as unknown as ConstructorParameters<typeof BrowserRun>[1];
  run = new BrowserRun(
    (onBrowser) => {
      client = Object.assign(new EventEmitter(), {
        initialize: async () => onBrowser(browser as unknown as Browser, page as unknown as Page),
      });
      return client as unknown as GuardedClient;
    },
    listener,
    DEADLINES,
    clock,
    silent,
  );
  run.begin();
  await settle();
  client.emit('ready');
  await settle();
  expect(signals).toEqual(['ready']);
});
afterEach(() => run.close());

test('a page that changes its address without reloading stays ready', async () => {
  page.emit('framenavigated', mainFrame);
  await settle();
  expect(run.isReady).toBe(true);
  expect(signals).toEqual(['ready']);
});

test('a new document is an interruption at once, and ready again once the library is attached to it', async () => {
  state = connected('second');
  page.emit('framenavigated', mainFrame);
  await settle();
  expect(signals).toEqual(['ready', 'interrupted: WhatsApp Web is reloading']);
  client.emit('ready');
  await settle();
  expect(signals).toHaveLength(3);
  expect(run.isReady).toBe(true);
});

test('a new document is one also where the library is attached to it before the page answers', async () => {
  state = connected('second');
  client.emit('ready');
  page.emit('framenavigated', mainFrame);
  await settle();
  expect(signals).toContain('interrupted: WhatsApp Web is reloading');
});

test('which load of the page is ready is told with it', async () => {
  client.emit('change_state', 'TIMEOUT');
  await until('the line', () => documents.length === 2);
  state = connected('second');
  page.emit('framenavigated', mainFrame);
  await settle();
  client.emit('ready');
  await until('the new page', () => documents.length === 3);
  expect(documents).toEqual(['first', 'first', 'second']);
});

test('a page that navigates and does not answer is an interruption', async () => {
  state = new Error('the context was destroyed');
  page.emit('framenavigated', mainFrame);
  await settle();
  expect(run.isReady).toBe(false);
});

test('when a sync got on for the last time is known', async () => {
  const syncing = (history: number): PageState => ({
    ...connected('first'),
    hasSynced: false,
    sync: { offline: null, history, chats: null },
  });
  expect(run.lastProgressAt).toBeNull();
  for (const history of [10, 20]) {
    state = syncing(history);
    client.emit('change_state', 'CONNECTED');
    await settle();
  }
  expect(signals).toContain('progress');
  expect(run.lastProgressAt).toEqual(expect.any(Number));
});

test('a page that is loaded and gets no line ends the start with that as its reason', async () => {
  state = { ...connected('first'), state: 'OPENING' };
  const clock = new ManualClock();
  const starting = new BrowserRun(
    (onBrowser) => {
      const never = async (): Promise<void> => {
        onBrowser(browser as unknown as Browser, page as unknown as Page);
        await new Promise(() => undefined);
      };
      return Object.assign(new EventEmitter(), { initialize: never }) as unknown as GuardedClient;
    },
    listener,
    { ...DEADLINES, start: 300 },
    clock,
    silent,
  );
  starting.begin();
  await clock.pass(DEADLINES.watchStarting);
  await until('the end', () => ends.length > 0);
  await starting.close();
  expect(ends).toEqual([
    expect.stringContaining('crashed: WhatsApp Web did not start: the page is loaded but cannot connect'),
  ]);
});

test.each([-7_200_000, 7_200_000])(
  'a library that does not say that the sync is over is reminded in time, though the clock is set by %i ms',
  async (by) => {
    state = connected('second');
    page.emit('framenavigated', mainFrame);
    await settle();
    await clock.pass(DEADLINES.watchStarting);
    clock.set(by);
    await clock.pass(DEADLINES.watchStarting);
    expect(reminders).toBe(0);
    for (let look = 0; look < 12; look++) await clock.pass(100);
    expect(reminders).toBe(1);
  },
);

test.each([-7_200_000, 7_200_000])('how long ago something was heard does not depend on a clock set by %i ms', (by) => {
  const lastReceivedAt = run.lastReceivedAt;
  clock.set(by);
  client.emit('message_ack', {}, 2);
  expect(run.lastReceivedAt).toBe(lastReceivedAt);
});
