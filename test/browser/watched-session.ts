/** Sessions whose health is watched closely, for tests of pages that no longer work. */
import type { EngineSignal } from '../../bridge/src/engine/engine.ts';
import type { Deadlines } from '../../bridge/src/engine/webjs/deadlines.ts';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import type { OpenPage } from '../standin/pages.ts';
import { SessionAtTest } from './session-at-test.ts';

/** The proportions of the defaults, in seconds rather than minutes; only an hour of silence (`quietAfter`) is shorter still. */
export const SOON: Partial<Deadlines> = {
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
/** How long a session may take to heal, in milliseconds. */
export const HEALING = 60_000;

/** On the build that WhatsApp serves now. */
export class WatchedSession extends SessionAtTest {
  /** Launched, linked, examined once and found in order, with the page that is open. */
  async healthy(deadlines: Partial<Deadlines> = SOON) {
    const started = await this.linked(deadlines);
    await started.recording.until('the first examination', () => signals(started.recording, 'recovered')[0], HEALING);
    return { ...started, page: this.openPage };
  }

  get openPage(): OpenPage {
    return this.standin.pageOf(this.me);
  }

  /** Bob writes texts, one after the other. */
  say(...texts: string[]): void {
    for (const text of texts) this.standin.network.say(this.bob, this.me, text);
  }
}

export const signals = <K extends EngineSignal['kind']>(recording: EngineRecording, kind: K) =>
  recording.signals.filter((signal): signal is Extract<EngineSignal, { kind: K }> => signal.kind === kind);

/** Texts in the order of their first report, of one sender. */
export const textsOf = (recording: EngineRecording, sender: string): string[] => [
  ...new Set(recording.messages.filter((message) => message.sender.chatId === sender).map(({ text }) => text ?? '')),
];

export const untilText = (recording: EngineRecording, text: string) =>
  recording.until(text, () => recording.messages.find((message) => message.text === text), HEALING);

export const untilRecovered = (recording: EngineRecording, times: number) =>
  recording.until('recovered', () => signals(recording, 'recovered')[times - 1], HEALING);
