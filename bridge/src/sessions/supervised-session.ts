/** What a supervisor is given: the session that it runs, its limits and what it works with. */
import type { Address } from '../contract/address.ts';
import type { SessionName } from '../contract/ids.ts';
import type { SessionState } from '../contract/session-states.ts';
import type { EngineFact, EngineFactory, EngineOptions } from '../engine/engine.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import type { Database } from '../store/database.ts';
import type { Backoff } from './backoff.ts';
import type { SessionAccount } from './session-account.ts';
import type { SessionJournalDependencies } from './session-journal.ts';

/** What the sessions ask of the recorder. */
export type SessionRecorder = SessionJournalDependencies['recorder'] & {
  /** Resolves once the fact is durable. */
  record(session: SessionName, fact: EngineFact): Promise<unknown>;
};

export interface SupervisorOptions {
  readonly backoff: Backoff;
  /** Longest time from a launch, or from a lost line, to ready, in milliseconds. */
  readonly startDeadlineMs: number;
  /** Longest time an engine may take to end or to log out, in milliseconds. */
  readonly stopDeadlineMs: number;
  /** How long a session must have been ready before its next crash counts as the first, in milliseconds. */
  readonly stableAfterMs: number;
}

export const DEFAULT_SUPERVISION: SupervisorOptions = {
  backoff: { firstMs: 1_000, longestMs: 5 * 60_000 },
  startDeadlineMs: 120_000,
  // Above the worst of an engine: its last report, a polite end of the browser and one by force, 5 s each, and 8 s for its copy
  // in the profile store.
  stopDeadlineMs: 30_000,
  stableAfterMs: 60_000,
};

export interface SupervisorDependencies {
  readonly recorder: SessionRecorder;
  readonly database: Pick<Database, 'write'>;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly options: SupervisorOptions;
}

export interface SupervisedSession {
  readonly name: SessionName;
  readonly factory: EngineFactory;
  readonly profileDir: string;
  /** Asked at each launch. @throws WabError if they cannot be read */
  readonly options: () => EngineOptions;
  /** As it was left: at rest until somebody starts it. `failed` where WhatsApp refuses it. */
  readonly restingState: {
    readonly state: Extract<SessionState, 'stopped' | 'logged_out' | 'failed'>;
    readonly reason: string;
  };
  readonly self: Address | null;
  readonly account: SessionAccount;
}
