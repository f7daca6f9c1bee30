/** A page that is alive and silent: the session notices, says so, heals, and reports what was missed. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EngineSignal } from '../../bridge/src/engine/engine.ts';
import type { Deadlines } from '../../bridge/src/engine/webjs/deadlines.ts';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import type { OpenPage } from '../standin/pages.ts';
import { until } from '../until.ts';
import { browserTree, untilEnded } from './processes.ts';
import { LONG, SessionAtTest } from './session-at-test.ts';

/** The proportions of the defaults, in seconds rather than minutes; only an hour of silence (`quietAfter`) is shorter still. */
const SOON: Partial<Deadlines> = {
  livenessEvery: 500,
  pageSilent: 2_000,
  hungAfter: 6_000,
  busyTold: 3_000,
  examineEvery: 1_000,
  announcementGrace: 1_000,
  listenerProbe: 4_000,
  lineAfter: 3_000,
  lineAnswer: 4_000,
  proveRefresh: 3_000,
  proveReload: 20_000,
  proveNewPage: 30_000,
};
const HEALING = 60_000;

let session: SessionAtTest;
beforeEach(async () => {
  // The build that WhatsApp serves now.
  session = await SessionAtTest.open('$1');
});
afterEach(() => session.close(), LONG);

/** Launched, linked, examined once and found in order, with the page that is open. */
async function healthy(deadlines: Partial<Deadlines> = SOON) {
  const started = await session.linked(deadlines);
  await started.recording.until('the first examination', () => signals(started.recording, 'recovered')[0], HEALING);
  return { ...started, page: openPage() };
}
const openPage = (): OpenPage => session.standin.pageOf(session.me);
const signals = <K extends EngineSignal['kind']>(recording: EngineRecording, kind: K) =>
  recording.signals.filter((signal): signal is Extract<EngineSignal, { kind: K }> => signal.kind === kind);
/** Texts in the order of their first report, of one sender. */
const textsOf = (recording: EngineRecording, sender: string): string[] => [
  ...new Set(recording.messages.filter((message) => message.sender.chatId === sender).map(({ text }) => text ?? '')),
];
const say = (...texts: string[]): void => {
  for (const text of texts) session.standin.network.say(session.bob, session.me, text);
};
const untilText = (recording: EngineRecording, text: string) =>
  recording.until(text, () => recording.messages.find((message) => message.text === text), HEALING);
const untilRecovered = (recording: EngineRecording, times: number) =>
  recording.until('recovered', () => signals(recording, 'recovered')[times - 1], HEALING);

describe('a page that is alive and deaf', () => {
  test.each(['listeners', 'collections', 'functions'] as const)(
    'its %s are gone: what was missed is reported in order, and it hears again',
    async (way) => {
      const { recording, page } = await healthy();
      say('heard 1');
      await untilText(recording, 'heard 1');
      await page.deafen(way);
      say('missed 1', 'missed 2', 'missed 3');
      session.standin.network.say(session.carol, session.me, 'missed by Carol');
      await untilText(recording, 'missed 3');
      await untilText(recording, 'missed by Carol');
      await untilRecovered(recording, 2);
      expect(signals(recording, 'degraded').length).toBeGreaterThan(0);
      expect(signals(recording, 'crashed')).toEqual([]);
      say('heard 2');
      await untilText(recording, 'heard 2');
      expect(textsOf(recording, session.bob.pn)).toEqual(['heard 1', 'missed 1', 'missed 2', 'missed 3', 'heard 2']);
    },
    2 * LONG,
  );
});

describe('a line that is dead', () => {
  test(
    "half-open: WhatsApp's server does not answer while the page says that it is connected",
    async () => {
      const { recording, page } = await healthy();
      await page.deafen('half-open');
      say('into the void 1', 'into the void 2');
      await untilText(recording, 'into the void 2');
      await untilRecovered(recording, 2);
      expect(signals(recording, 'degraded')[0]?.reason).toContain("WhatsApp's server does not answer");
      say('over the line');
      await untilText(recording, 'over the line');
      expect(textsOf(recording, session.bob.pn)).toEqual(['into the void 1', 'into the void 2', 'over the line']);
    },
    2 * LONG,
  );
});

describe('a page that works nothing off', () => {
  test(
    'what the server sends is left lying: another connection is opened after a long silence, and then the page is healed',
    async () => {
      const { recording, page } = await healthy({ ...SOON, quietAfter: 5_000, proveRefresh: 5_000 });
      await page.deafen('inbound');
      say('left lying 1', 'left lying 2');
      await untilText(recording, 'left lying 2');
      await untilRecovered(recording, 2);
      expect(textsOf(recording, session.bob.pn)).toEqual(['left lying 1', 'left lying 2']);
      expect(signals(recording, 'crashed')).toEqual([]);
    },
    2 * LONG,
  );

  test(
    'what the server sends is left lying while people write: the frames tell it long before an hour is over',
    async () => {
      const { recording, page } = await healthy({ ...SOON, unanswered: 3_000, proveRefresh: 5_000 });
      for (const text of ['heard 1', 'heard 2', 'heard 3', 'heard 4']) {
        say(text);
        await untilText(recording, text);
      }
      await page.deafen('inbound');
      const texts = Array.from({ length: 30 }, (_, index) => `left lying ${index}`);
      say(...texts);
      await untilText(recording, 'left lying 29');
      await untilRecovered(recording, 2);
      expect(textsOf(recording, session.bob.pn).slice(4)).toEqual(texts);
      expect(signals(recording, 'degraded')[0]?.reason).toContain('did not answer');
      expect(signals(recording, 'crashed')).toEqual([]);
    },
    2 * LONG,
  );

  test(
    'what is asked of it to catch up is never answered: it is healed, and new events do not wait for ever',
    async () => {
      const first = await session.linked(SOON);
      await first.engine.stop();
      say('offline 1', 'offline 2', 'offline 3');
      session.standin.page.faults['WAWebChatLoadMessages.loadEarlierMsgs'] = { hangs: true };
      const { recording } = await session.launch({ ...SOON, call: 2_000 });
      await recording.untilSignal('ready');
      await recording.until('degraded', () => signals(recording, 'degraded')[0], HEALING);
      session.standin.page.faults = {};
      say('new');
      await untilText(recording, 'new');
      await untilRecovered(recording, 1);
      expect(textsOf(recording, session.bob.pn)).toEqual(['offline 1', 'offline 2', 'offline 3', 'new']);
    },
    2 * LONG,
  );
});

describe('a page that does not answer', () => {
  test(
    'hangs: it gets a new renderer, and what arrived meanwhile is reported',
    async () => {
      const { engine, recording, page } = await healthy();
      await page.busy(5 * 60_000, 'waits');
      await until('the page is silent', async () =>
        (await engine.health()).checks.some(({ name, state }) => name === 'page' && state !== 'ok'),
      );
      say('while it hung');
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
      const { engine, recording, page } = await healthy({ examineEvery: 5_000 });
      await page.busy(120_000);
      const began = Date.now();
      const texts = Array.from({ length: 20 }, (_, index) => `while busy ${index}`);
      say(...texts);
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
      const { recording } = await healthy({ ...SOON, browserAnswer: 2_000, browserMisses: 2 });
      const { browser } = await browserTree(session.profileFolder);
      process.kill(browser as number, 'SIGSTOP');
      expect((await recording.untilSignal('crashed')).reason).toContain('the browser is not responding');
    },
    LONG,
  );
});

describe('catching up', () => {
  test(
    'a reload in the middle of it: nothing is missed, and the order of each chat is kept',
    async () => {
      const first = await session.linked(SOON);
      await first.engine.stop();
      const texts = Array.from({ length: 60 }, (_, index) => `offline ${index}`);
      say(...texts);
      session.standin.network.say(session.carol, session.me, 'offline from Carol');
      // The first read of earlier messages comes back late, and the page reloads before that.
      session.standin.page.faults['WAWebChatLoadMessages.loadEarlierMsgs'] = { delayMs: 4_000 };
      const { recording } = await session.launch(SOON);
      await recording.untilSignal('ready');
      await openPage().reload();
      await recording.untilSignal('ready', 2);
      say('during the catch-up');
      await untilText(recording, 'during the catch-up');
      await untilText(recording, 'offline from Carol');
      expect(textsOf(recording, session.bob.pn)).toEqual([...texts, 'during the catch-up']);
    },
    2 * LONG,
  );
});

describe('an account that WhatsApp refuses', () => {
  test.each([
    ['TOS_BLOCK', 'request a review'],
    ['PROXYBLOCK', 'use another network'],
  ] as const)(
    '%s while it is connected, and at the next start: told so, and the login state stays',
    async (state, advice) => {
      const first = await healthy();
      session.standin.network.block(session.me, state);
      expect((await first.recording.untilSignal('refused')).reason).toContain(advice);
      await untilEnded((await browserTree(session.profileFolder)).pids, 10_000);
      const second = await session.launch(SOON);
      expect((await second.recording.untilSignal('refused')).reason).toContain(advice);
      session.standin.network.block(session.me, null);
      const third = await session.launch(SOON);
      await third.recording.untilSignal('ready');
      expect(signals(third.recording, 'qr')).toEqual([]);
      for (const { recording } of [first, second, third]) expect(signals(recording, 'crashed')).toEqual([]);
    },
    2 * LONG,
  );
});
