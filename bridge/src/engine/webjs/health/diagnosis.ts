/** What the findings of an examination mean, and the words for it, as pure functions. */
import type { LivenessView } from '../browser/liveness.ts';
import type { ProbeOutcome } from './probes.ts';
import type { FaultKind, Remedy } from './healing.ts';

interface Findings {
  /** Chats of which the page does not tell what was missed; infinite if it does not even tell which chats it has. */
  readonly unread: number;
  /** New messages in the page's store that it never announced. */
  readonly fresh: number;
  readonly listeners: ProbeOutcome;
  readonly line: ProbeOutcome;
}

export interface Diagnosis {
  readonly fault: FaultKind;
  /** For a person. */
  readonly words: string;
}

/** What is wrong with a page that answers; null if nothing is. */
export function diagnose({ fresh, listeners, line, unread }: Findings): Diagnosis | null {
  const words = `WhatsApp Web has ${count(fresh, 'new message')} that it did not report`;
  if (fresh > 0 && listeners !== 'ok') return { fault: 'no_events', words };
  if (listeners === 'failed')
    return { fault: 'no_events', words: 'WhatsApp Web works, but its events do not reach the bridge' };
  if (line === 'failed')
    return {
      fault: 'half_open',
      words: "WhatsApp Web says that it is connected, but WhatsApp's server does not answer",
    };
  if (fresh > 0) return { fault: 'some_events_missing', words };
  return unread > 0 ? { fault: 'unread', words: unreadWords(unread) } : null;
}

/** Told while the page does not tell what was missed in so many chats, or not even which chats it has (infinite). */
export function unreadWords(chats: number): string {
  if (chats === Infinity)
    return 'WhatsApp Web does not list its chats, so missed messages cannot be searched for; new ones are reported';
  const verb = chats === 1 ? 'has' : 'have';
  return `${count(chats, 'chat')} ${verb} missed messages that WhatsApp Web does not load; new ones are reported, and the missed ones are requested again`;
}

/** What is wrong with a page that does not answer; null if it is only busy, or silent for a short time. */
export function diagnoseSilence({ page, silentMs }: Pick<LivenessView, 'page' | 'silentMs'>): Diagnosis | null {
  if (page === 'hung')
    return {
      fault: 'hung',
      words: `WhatsApp Web has hung for ${lasting(silentMs)}: it neither answers nor uses the processor`,
    };
  if (page === 'stuck')
    return {
      fault: 'stuck',
      words: `WhatsApp Web has used the processor for ${lasting(silentMs)} without answering`,
    };
  return null;
}

/** What is told while a page is busy. The text changes a few times only, since each change is reported again. */
export function busyWords(silentMs: number, toldFromMs: number): string | null {
  let shown: number | null = null;
  for (let from = toldFromMs; from <= silentMs; from *= 2) shown = from;
  return shown === null
    ? null
    : `the page has been busy for ${lasting(shown)} or more; events are reported once it answers`;
}

const REMEDY_TEXTS: Readonly<Record<Remedy, string>> = {
  refresh: 'its connection and its listeners are being renewed',
  reload: 'it is being reloaded',
  new_page: 'it is being reloaded in a new process',
  new_browser: 'a new browser is being started',
};

/** Nothing is known to be wrong; what a long silence could hide is only found by opening another connection. */
export const TOO_QUIET: Diagnosis = {
  fault: 'half_open',
  words: 'WhatsApp Web did not recover after it was told to reconnect because of a long silence',
};

/** As it looks from the frames alone, which prove nothing: told only if another connection did not help. */
export const UNANSWERED: Diagnosis = {
  fault: 'half_open',
  words: "WhatsApp Web did not answer WhatsApp's server, and did not recover after it was told to reconnect",
};

/** Told while the session is left as it is, since everything else of it works. */
export const TOLERATED =
  'WhatsApp Web does not report every message, even after a reload; the others are searched for and reported later';

/** The diagnosis, with what is done about it. */
export const withRemedy = ({ words }: Diagnosis, remedy: Remedy): string => `${words}; ${REMEDY_TEXTS[remedy]}`;

/** Said once healing was of no avail. */
export const givenUp = ({ words }: Diagnosis, browsers: number, pauseMs: number): string =>
  `${words}, even after ${browsers} new browsers. Check the network of this machine and whether WhatsApp works on the phone, ` +
  `then start the session; the bridge tries again by itself in ${lasting(pauseMs)}`;

/** A length of time for a person. */
export function lasting(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
