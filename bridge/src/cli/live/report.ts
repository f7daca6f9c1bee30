/** The report of a live check: what was tried, what came of it, and on what; fit to be attached to a bug. */
import { members } from '../output.ts';

/** `not_run` says in its detail why, and is not a failure. */
export type CheckState = 'ok' | 'failed' | 'not_run';

export interface Outcome {
  readonly state: CheckState;
  readonly detail: string;
  /** What a person can do about it. */
  readonly todo?: string;
}

export interface CheckResult extends Outcome {
  readonly check: string;
  /** How long it took, in milliseconds; null if it did not run. */
  readonly ms: number | null;
}

export interface LiveReport {
  /** ISO 8601. */
  readonly at: string;
  readonly engine: string;
  readonly simulated: boolean;
  readonly versions: {
    readonly wabridge: string;
    /** Of this machine and this command. */
    readonly node: string;
    readonly os: string;
    /** As the session's health tells them; null if it does not. */
    readonly browser: string | null;
    readonly whatsappWeb: string | null;
  };
  readonly checks: readonly CheckResult[];
}

export const ok = (detail: string): Outcome => ({ state: 'ok', detail });
export const failed = (detail: string, todo: string): Outcome => ({ state: 'failed', detail, todo });
export const notRun = (detail: string, todo?: string): Outcome => ({
  state: 'not_run',
  detail,
  ...(todo === undefined ? {} : { todo }),
});

export const kib = (bytes: number): string => `${Math.ceil(bytes / 1024)} KiB`;
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const MARKS: Readonly<Record<CheckState, string>> = { ok: ' ok ', failed: 'FAIL', not_run: ' -- ' };

/** One check on a line, and below it what to do. */
function checkLine({ check, state, detail, todo, ms }: CheckResult): string {
  const took = ms === null ? '' : ` (${seconds(ms)})`;
  return `${MARKS[state]}  ${check}: ${detail}${took}${todo === undefined ? '' : `\n      -> ${todo}`}`;
}

/** One check as it ends, for somebody who waits. */
export const progressLine = ({ check, state }: CheckResult): string => `${MARKS[state]}  ${check}`;

/** What the checks came to, in one sentence. */
export function verdict({ checks, simulated }: Pick<LiveReport, 'checks' | 'simulated'>): string {
  const count = (state: CheckState): number => checks.filter((each) => each.state === state).length;
  const tested = `${count('ok')} ok, ${count('failed')} failed, ${count('not_run')} not run`;
  return simulated ? `${tested}. The phone is simulated: this says nothing about WhatsApp.` : `${tested}.`;
}

/** The whole report for people. */
export function reportText(report: LiveReport): string {
  const { versions } = report;
  return [
    'wabridge live check',
    members([
      ['at', report.at],
      ['wabridge', versions.wabridge],
      ['engine', report.simulated ? `${report.engine} (simulated)` : report.engine],
      ['WhatsApp Web', versions.whatsappWeb ?? 'not known'],
      ['browser', versions.browser ?? 'not known'],
      ['node', versions.node],
      ['system', versions.os],
    ]),
    report.checks.map(checkLine).join('\n'),
    verdict(report),
  ].join('\n\n');
}
