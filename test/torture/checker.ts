/** Judges the history of a run: a pure function, so that a history can be judged again, and the judge itself be tested. */
import { checkEvents } from './check-events.ts';
import { checkSends, doubtedIds } from './check-sends.ts';
import { repeated, type Finding } from './finding.ts';
import { entriesOf, type Entry } from './history.ts';

/** Everything in a history that contradicts what wabridge promises; empty if nothing does. */
export function check(history: readonly Entry[]): readonly Finding[] {
  const ended = entriesOf(history, 'ended').map(({ output }): Finding => ({
    rule: 'ended bridge',
    what: `the bridge ended by itself: ${output.slice(-500)}`,
  }));
  const end = history.findLast(({ kind }) => kind === 'finished' || kind === 'unfinished');
  const unfinished: readonly Finding[] =
    end?.kind === 'finished'
      ? []
      : [{ rule: 'unfinished run', what: `the run did not come to rest: ${reasonOf(end)}` }];
  // Ended before anyone looked at what had arrived: that says nothing about the rest.
  const isJudged = end?.kind === 'finished' || entriesOf(history, 'arrived', 'settled', 'logged').length > 0;
  return [...unfinished, ...ended, ...(isJudged ? [...checkSends(history), ...checkEvents(history)] : [])];
}

const reasonOf = (end: Entry | undefined): string =>
  (end?.kind === 'unfinished' ? end.reason : undefined) ?? 'its history has no end';

/** The figures of a run. */
export interface Tally {
  readonly kills: number;
  readonly killsByKind: Readonly<Record<string, number>>;
  /** Kills that hit sends that were asked for or on their way. */
  readonly killsOnSends: number;
  /** Kills that hit events that a reader had and had not answered. */
  readonly killsOnEvents: number;
  readonly sends: number;
  readonly accepted: number;
  readonly arrived: number;
  readonly inDoubt: number;
  readonly said: number;
  readonly events: number;
  readonly deliveries: number;
  /** Deliveries of an event that its reader had had before. */
  readonly again: number;
}

export function tallyOf(history: readonly Entry[]): Tally {
  const faults = entriesOf(history, 'fault');
  const delivered = entriesOf(history, 'delivered');
  const killsByKind: Record<string, number> = {};
  for (const { fault } of faults) killsByKind[fault] = (killsByKind[fault] ?? 0) + 1;
  const again = repeated(delivered.map(({ reader, event }) => `${reader} ${event}`));
  const accepted = entriesOf(history, 'answered').flatMap(({ outcome, send }) =>
    outcome === 'accepted' ? [send] : [],
  );
  return {
    kills: faults.length,
    killsByKind,
    killsOnSends: faults.filter(({ unanswered, onTheWay }) => unanswered + onTheWay > 0).length,
    killsOnEvents: faults.filter(({ unread }) => unread > 0).length,
    sends: new Set(entriesOf(history, 'asked').map(({ send }) => send)).size,
    accepted: new Set(accepted).size,
    arrived: entriesOf(history, 'arrived').length,
    inDoubt: doubtedIds(history).size,
    said: entriesOf(history, 'said').length,
    events: entriesOf(history, 'logged').length,
    deliveries: delivered.length,
    again: [...again.values()].reduce((sum, times) => sum + times - 1, 0),
  };
}
