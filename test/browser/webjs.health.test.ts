/** A page that is alive and silent: the session notices, says so, heals, and reports what was missed. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EngineSignal } from '../../bridge/src/engine/engine.ts';
import type { Deadlines } from '../../bridge/src/engine/webjs/deadlines.ts';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import type { OpenPage } from '../standin/pages.ts';
import { LONG, SessionAtTest } from './session-at-test.ts';

/** The proportions of the defaults, in seconds rather than minutes. */
const SOON: Partial<Deadlines> = {
  livenessEvery: 500,
  pageSilent: 2_000,
  hungAfter: 6_000,
  busyTold: 3_000,
  examineEvery: 1_000,
  sweepGrace: 1_000,
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
  session = await SessionAtTest.open();
});
afterEach(() => session.close(), LONG);

/** Launched, linked, examined once and found in order, with the page that is open. */
async function healthy(deadlines: Partial<Deadlines> = SOON) {
  const started = await session.linked(deadlines);
  await started.heard.until('the first examination', () => signals(started.heard, 'recovered')[0], HEALING);
  return { ...started, page: openPage() };
}
const openPage = (): OpenPage => session.standin.pageOf(session.me);
const signals = <K extends EngineSignal['kind']>(heard: EngineRecording, kind: K) =>
  heard.signals.filter((signal): signal is Extract<EngineSignal, { kind: K }> => signal.kind === kind);
/** Texts in the order of their first report, of one sender. */
const textsOf = (heard: EngineRecording, sender: string): string[] => [
  ...new Set(heard.messages.filter((message) => message.sender.chatId === sender).map(({ text }) => text ?? '')),
];
const say = (...texts: string[]): void => {
  for (const text of texts) session.standin.network.say(session.bob, session.me, text);
};
const untilText = (heard: EngineRecording, text: string) =>
  heard.until(text, () => heard.messages.find((message) => message.text === text), HEALING);
const untilRecovered = (heard: EngineRecording, times: number) =>
  heard.until('recovered', () => signals(heard, 'recovered')[times - 1], HEALING);

describe('a page that is alive and deaf', () => {
  test.each(['listeners', 'collections', 'functions'] as const)(
    'its %s are gone: what was missed is reported in order, and it hears again',
    async (way) => {
      const { heard, page } = await healthy();
      say('heard 1');
      await untilText(heard, 'heard 1');
      await page.deafen(way);
      say('missed 1', 'missed 2', 'missed 3');
      session.standin.network.say(session.carol, session.me, 'missed by Carol');
      await untilText(heard, 'missed 3');
      await untilText(heard, 'missed by Carol');
      await untilRecovered(heard, 2);
      expect(signals(heard, 'degraded').length).toBeGreaterThan(0);
      expect(signals(heard, 'crashed')).toEqual([]);
      say('heard 2');
      await untilText(heard, 'heard 2');
      expect(textsOf(heard, session.bob.pn)).toEqual(['heard 1', 'missed 1', 'missed 2', 'missed 3', 'heard 2']);
    },
    2 * LONG,
  );
});
