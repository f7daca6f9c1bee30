/** A page that cannot be reached, with a network that does what a test tells it. */
import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Page } from 'puppeteer';
import { TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import { DeadlineError } from '../../../../../bridge/src/ops/deadline.ts';
import { Reachability } from '../../../../../bridge/src/engine/webjs/browser/reachability.ts';
import { ManualClock, settle } from '../../../sessions/fake-engine.ts';
import type { HTTPRequest } from 'puppeteer';

const EVERY = 5_000;
const URL = 'https://web.whatsapp.com/';
const REFUSED = 'net::ERR_CONNECTION_REFUSED at https://web.whatsapp.com/';

let clock: ManualClock;
let page: Page;
let stop: AbortController;
let reach: Reachability;
/** What the network does; null where it answers. */
let error: string | null;
/** Packets vanish: nothing is refused, and nothing comes. */
let swallows: boolean;
/** The page has asked for something, which does not come; nothing of it is refused either. */
let hangs: boolean;
let answers: boolean;
let cutOff: boolean;
let loads: number;
let asked: number;
let told: string[];
/** Called with each question. */
let onAsk: () => void;

beforeEach(() => {
  clock = new ManualClock();
  stop = new AbortController();
  error = null;
  cutOff = swallows = hangs = false;
  answers = true;
  loads = asked = 0;
  told = [];
  onAsk = () => undefined;
  const mainFrame = {};
  page = Object.assign(new EventEmitter(), {
    mainFrame: () => mainFrame,
    goto: async () => {
      loads += 1;
      if (swallows || hangs) return new Promise(() => undefined);
      if (error !== null) throw new Error(error);
      return null;
    },
  }) as unknown as Page;
  reach = new Reachability({
    page,
    url: URL,
    every: EVERY,
    ask: async () => {
      asked += 1;
      onAsk();
      if (swallows) throw new DeadlineError('asking', 10_000);
      return error;
    },
    answers: () => answers,
    isCutOff: () => cutOff,
    away: (name, forMs) => told.push(`${name} for ${forMs / 1_000} s`),
    back: () => told.push('back'),
    clock,
    until: stop.signal,
  });
  reach.watch();
  void reach.run();
});

const failedNavigation = (frame: unknown, errorText: string): object => ({
  isNavigationRequest: () => true,
  frame: () => frame,
  failure: () => ({ errorText }),
});

test('a page that is asked for while nothing can be reached is asked for again until it comes', async () => {
  error = REFUSED;
  const loading = page.goto(URL);
  await clock.pass(EVERY);
  await clock.pass(EVERY);
  expect(told).toEqual([
    'ERR_CONNECTION_REFUSED for 0 s',
    'ERR_CONNECTION_REFUSED for 5 s',
    'ERR_CONNECTION_REFUSED for 10 s',
  ]);
  expect(reach.isAway).toBe(true);
  error = null;
  await clock.pass(EVERY);
  expect(await loading).toBeNull();
  expect(reach.isAway).toBe(false);
  expect([loads, asked]).toEqual([4, 0]);
});

test('what is not the network is thrown as it is, and so is what was tried when the session ends', async () => {
  error = 'net::ERR_CERT_AUTHORITY_INVALID at https://web.whatsapp.com/';
  await expect(page.goto(URL)).rejects.toThrow('ERR_CERT_AUTHORITY_INVALID');
  error = REFUSED;
  const loading = expect(page.goto(URL)).rejects.toThrow('ERR_CONNECTION_REFUSED');
  await settle();
  stop.abort();
  await loading;
  expect(told).toHaveLength(1);
});

test('a page without a line is asked about apart from it, and told once something answers', async () => {
  error = 'net::ERR_INTERNET_DISCONNECTED';
  await clock.pass(EVERY);
  expect(asked).toBe(0);
  cutOff = true;
  await clock.pass(EVERY);
  await clock.pass(EVERY);
  error = null;
  await clock.pass(EVERY);
  await clock.pass(EVERY);
  expect(told).toEqual(['ERR_INTERNET_DISCONNECTED for 0 s', 'ERR_INTERNET_DISCONNECTED for 5 s', 'back']);
  expect(loads).toBe(0);
  error = 'net::ERR_INTERNET_DISCONNECTED';
  await clock.pass(EVERY);
  error = null;
  // The page has found its line by itself while it was asked about.
  onAsk = () => (cutOff = false);
  await clock.pass(EVERY);
  expect(told.filter((each) => each === 'back')).toHaveLength(1);
  expect(reach.isAway).toBe(false);
});

test('a reload that reached nothing is made up for; a frame that did not load, and what is being loaded, are left alone', async () => {
  error = REFUSED;
  page.emit('requestfailed', failedNavigation({}, 'net::ERR_CONNECTION_REFUSED') as unknown as HTTPRequest);
  page.emit('requestfailed', failedNavigation(page.mainFrame(), 'net::ERR_ABORTED') as unknown as HTTPRequest);
  await settle();
  expect(loads).toBe(0);
  page.emit(
    'requestfailed',
    failedNavigation(page.mainFrame(), 'net::ERR_CONNECTION_REFUSED') as unknown as HTTPRequest,
  );
  page.emit(
    'requestfailed',
    failedNavigation(page.mainFrame(), 'net::ERR_CONNECTION_REFUSED') as unknown as HTTPRequest,
  );
  await settle();
  expect(loads).toBe(1);
  error = null;
  await clock.pass(EVERY);
  expect(loads).toBe(2);
  expect(reach.isAway).toBe(false);
});

test('a network that swallows everything is away, also for a page that is being loaded, and the load begins again', async () => {
  swallows = true;
  const loading = page.goto(URL);
  await clock.pass(EVERY);
  await clock.pass(EVERY);
  expect(told).toEqual(['ERR_TIMED_OUT for 0 s', 'ERR_TIMED_OUT for 5 s']);
  expect(reach.isAway).toBe(true);
  expect(loads).toBe(1);
  swallows = false;
  await clock.pass(EVERY);
  expect(await loading).toBeNull();
  expect(reach.isAway).toBe(false);
  expect(loads).toBe(2);
});

test('a page without a line is cut off by a network that swallows everything', async () => {
  swallows = cutOff = true;
  await clock.pass(EVERY);
  expect(told).toEqual(['ERR_TIMED_OUT for 0 s']);
  swallows = false;
  await clock.pass(EVERY);
  expect(told.at(-1)).toBe('back');
});

test('a question that fails for another reason says nothing, and neither does one that was overtaken', async () => {
  cutOff = true;
  onAsk = () => {
    throw new TransportError('the session was closed');
  };
  await clock.pass(EVERY);
  swallows = true;
  // The page has found its line by itself while it was asked about.
  onAsk = () => (cutOff = false);
  await clock.pass(EVERY);
  expect(asked).toBe(2);
  expect(told).toEqual([]);
  expect(reach.isAway).toBe(false);
});

test('a load that is only slow is left alone', async () => {
  swallows = true;
  const loading = page.goto(URL);
  void loading;
  swallows = false;
  await clock.pass(EVERY);
  await clock.pass(EVERY);
  expect([loads, asked, told.length]).toEqual([1, 2, 0]);
});

test('a page of which something may be missing is loaded again once that is possible, and no other', async () => {
  await page.goto(URL);
  expect(await reach.loadAgain()).toBe(false);
  swallows = cutOff = true;
  await clock.pass(EVERY);
  const again = reach.loadAgain();
  await clock.pass(EVERY);
  expect(loads).toBe(1);
  swallows = false;
  await clock.pass(EVERY);
  await clock.pass(EVERY);
  expect(await again).toBe(true);
  expect(loads).toBe(2);
  expect(await reach.loadAgain()).toBe(false);
  swallows = true;
  await clock.pass(EVERY);
  const inVain = reach.loadAgain();
  stop.abort();
  expect(await inVain).toBe(false);
});

describe('a question that comes to nothing', () => {
  const late = async (questions: number): Promise<void> => {
    swallows = true;
    for (let question = 0; question < questions; question++) await clock.pass(EVERY);
    swallows = false;
    await clock.pass(EVERY);
  };
  const underWay = (): void => {
    hangs = true;
    void page.goto(URL);
  };

  test('says nothing of the network while the page itself does not answer', async () => {
    cutOff = true;
    answers = false;
    await late(3);
    expect(told).toEqual([]);
    expect(reach.lastAwayAt).toBeNull();
    // What is refused is refused, whatever the page does.
    error = REFUSED;
    await clock.pass(EVERY);
    expect(told).toEqual(['ERR_CONNECTION_REFUSED for 0 s']);
  });

  test('does not cost a load under way its place, unless the one before it came to nothing too', async () => {
    underWay();
    await late(1);
    await late(1);
    expect([loads, told.length]).toEqual([1, 2]);
    await late(2);
    expect(loads).toBe(2);
  });

  test('does not cost a load its place that gets on', async () => {
    underWay();
    swallows = true;
    await clock.pass(EVERY);
    reach.loaded();
    await late(2);
    expect(loads).toBe(1);
    // What came before nothing could be reached does not count.
    await late(2);
    expect(loads).toBe(2);
  });

  test('lets a load begin again three times at most, and does not prolong its start after that', async () => {
    underWay();
    for (let time = 0; time < 3; time++) await late(2);
    expect(loads).toBe(4);
    const { lastAwayAt } = reach;
    await late(2);
    await late(2);
    expect(loads).toBe(4);
    expect(reach.lastAwayAt).toBe(lastAwayAt);
    // What is refused prolongs it as ever.
    error = REFUSED;
    await clock.pass(EVERY);
    expect(reach.lastAwayAt).toBe(clock.elapsed());
  });
});
