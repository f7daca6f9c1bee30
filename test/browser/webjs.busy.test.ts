/** A page that does not answer: one that hangs is replaced, one that is busy is waited for. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../until.ts';
import { browserTree } from './processes.ts';
import { LONG } from './session-at-test.ts';
import { signals, SOON, textsOf, untilRecovered, untilText, WatchedSession } from './watched-session.ts';

let session: WatchedSession;
beforeEach(async () => {
  // The build that WhatsApp serves now.
  session = await WatchedSession.open('$1');
});
afterEach(() => session.close(), LONG);

describe('a page that does not answer', () => {
  test(
    'hangs: it gets a new renderer, and what arrived meanwhile is reported',
    async () => {
      const { engine, recording, page } = await session.healthy();
      await page.busy(5 * 60_000, 'waits');
      await until('the page is silent', async () =>
        (await engine.health()).checks.some(({ name, state }) => name === 'page' && state !== 'ok'),
      );
      session.say('while it hung');
      await untilText(recording, 'while it hung');
      await untilRecovered(recording, 2);
      expect(signals(recording, 'degraded').map(({ reason }) => reason)).toEqual([expect.stringContaining('has hung')]);
      // The browser itself lives on.
      expect(signals(recording, 'crashed')).toEqual([]);
      expect(signals(recording, 'authenticated')).toHaveLength(1);
    },
    2 * LONG,
  );

  test(
    'is busy for two minutes: it is waited for, that is told, and everything arrives afterwards',
    async () => {
      // Only how often it is examined differs from the defaults.
      const { engine, recording, page } = await session.healthy({ examineEvery: 5_000 });
      // A page that computed all the time would only slow down the tests beside it.
      await page.busy(120_000, 'works');
      const began = Date.now();
      const texts = Array.from({ length: 20 }, (_, index) => `while busy ${index}`);
      session.say(...texts);
      const { reason } = await recording.until('degraded', () => signals(recording, 'degraded')[0], 100_000);
      expect(reason).toContain('the page has been busy for 30 s');
      const { checks } = await engine.health();
      expect(checks).toContainEqual(expect.objectContaining({ name: 'page', state: 'failed' }));
      await recording.until(
        'the last text',
        () => recording.messages.find(({ text }) => text === texts.at(-1)),
        180_000,
      );
      expect(Date.now() - began).toBeGreaterThan(110_000);
      await untilRecovered(recording, 2);
      expect(textsOf(recording, session.bob.pn)).toEqual(texts);
      for (const kind of ['interrupted', 'crashed'] as const) expect(signals(recording, kind)).toEqual([]);
      expect(signals(recording, 'ready')).toHaveLength(1);
    },
    6 * LONG,
  );

  test(
    'a browser that stands still counts as dead',
    async () => {
      const { recording } = await session.healthy({ ...SOON, browserAnswer: 2_000, browserMisses: 2 });
      const { browser } = await browserTree(session.profileFolder);
      process.kill(browser as number, 'SIGSTOP');
      expect((await recording.untilSignal('crashed')).reason).toContain('the browser is not responding');
    },
    LONG,
  );
});
