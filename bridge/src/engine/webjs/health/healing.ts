/**
 * What is tried next to make a silent session speak again, as a pure function. Each remedy costs more than the one
 * before, is given time to prove itself, and is not tried again soon after it has failed.
 */

/**
 * `no_events`: events of the page do not come. `some_events_missing`: they do, but some messages are not announced.
 * `half_open`: WhatsApp's server does not answer. `unread`: the page does not tell what was missed in some chats. The
 * rest: see `silence.ts`.
 */
export type FaultKind = 'no_events' | 'some_events_missing' | 'half_open' | 'unread' | 'hung' | 'stuck';

/**
 * `refresh`: the library's listeners are attached again, a broken line is closed. `reload`: the page is loaded again.
 * `new_page`: the same in a fresh renderer process. `new_browser`: the run ends, and the supervisor launches another.
 */
export const REMEDIES = ['refresh', 'reload', 'new_page', 'new_browser'] as const;
export type Remedy = (typeof REMEDIES)[number];

export interface HealingLimits {
  /** How long each remedy may take to show that it helped, in milliseconds. */
  readonly proofMs: Readonly<Record<Exclude<Remedy, 'new_browser'>, number>>;
  /** A fault that returns later than this is a new one and begins with the first remedy. */
  readonly forgetMs: number;
  /** So many new browsers within so many milliseconds, and healing is given up. */
  readonly newBrowsers: number;
  readonly withinMs: number;
  /** How long it is then left alone. */
  readonly pauseMs: number;
}

export const HEALING_LIMITS: Omit<HealingLimits, 'proofMs'> = {
  forgetMs: 30 * 60_000,
  newBrowsers: 5,
  withinMs: 60 * 60_000,
  pauseMs: 60 * 60_000,
};

export interface HealingRecord {
  /** The last remedy tried in this browser. */
  readonly last: { readonly remedy: Remedy; readonly at: number } | null;
  /** When new browsers were asked for, oldest first; outlives each of them. */
  readonly browsers: readonly number[];
}

export type Decision =
  /** The last remedy still has time until then. */
  | { readonly do: 'wait'; readonly until: number }
  | { readonly do: Remedy }
  /** The next remedy would cost more than the fault. */
  | { readonly do: 'tolerate' }
  | { readonly do: 'stop' };

/** A page that does not answer can neither be refreshed nor reloaded: a reload waits for the same hanging renderer. */
const FIRST: Readonly<Record<FaultKind, Remedy>> = {
  no_events: 'refresh',
  some_events_missing: 'refresh',
  half_open: 'refresh',
  unread: 'reload',
  hung: 'new_page',
  stuck: 'new_page',
};
/**
 * A library that fails at one kind of message fails at it in every browser, and so does a page at the history of a chat;
 * the rest of the session works.
 */
const LAST: Readonly<Record<FaultKind, Remedy>> = {
  no_events: 'new_browser',
  some_events_missing: 'reload',
  half_open: 'new_browser',
  unread: 'new_page',
  hung: 'new_browser',
  stuck: 'new_browser',
};

/** @returns the decision, and the record as it is once the decision is carried out */
export function nextRemedy(
  record: HealingRecord,
  fault: FaultKind,
  now: number,
  limits: HealingLimits,
): { readonly decision: Decision; readonly record: HealingRecord } {
  const browsers = record.browsers.filter((at) => now - at < limits.withinMs);
  const last = record.last !== null && now - record.last.at < limits.forgetMs ? record.last : null;
  if (last !== null && last.remedy !== 'new_browser') {
    const until = last.at + limits.proofMs[last.remedy];
    if (now < until) return { decision: { do: 'wait', until }, record: { last, browsers } };
  }
  const first = REMEDIES.indexOf(FIRST[fault]);
  const next = last === null ? first : Math.max(first, REMEDIES.indexOf(last.remedy) + 1);
  // Not forgotten for as long as it goes on.
  if (last !== null && next > REMEDIES.indexOf(LAST[fault]))
    return { decision: { do: 'tolerate' }, record: { last: { remedy: last.remedy, at: now }, browsers } };
  const remedy = REMEDIES[Math.min(next, REMEDIES.length - 1)] as Remedy;
  if (remedy !== 'new_browser') return { decision: { do: remedy }, record: { last: { remedy, at: now }, browsers } };
  // The next start, by an operator or at the end of the pause, has every remedy still to try.
  if (browsers.length >= limits.newBrowsers) return { decision: { do: 'stop' }, record: { last: null, browsers: [] } };
  return { decision: { do: remedy }, record: { last: null, browsers: [...browsers, now] } };
}
