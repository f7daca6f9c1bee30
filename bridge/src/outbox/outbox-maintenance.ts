/** Keeps the outbox in order over time: gives up what waits too long, settles what lost its session, forgets old rows. */
import type { SessionName } from '../contract/ids.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import { PeriodicJob } from '../ops/periodic-job.ts';
import type { Ownership } from '../ownership/ownership.ts';
import type { Database } from '../store/database.ts';
import type { OutboxReads } from '../store/outbox-reads.repository.ts';
import type { OutboxRow } from '../store/outbox-rows.ts';
import { pruneOutbox } from '../store/outbox.repository.ts';
import { IDEMPOTENCY_MS } from './outbox-intake.ts';
import { isRepeatable } from './outbox-content.ts';
import type { OutboxTransitions } from './outbox-transitions.ts';

export interface OutboxMaintenanceOptions {
  readonly maxAgeMs: number;
  /** How long messages that came to their end stay listed. */
  readonly retentionMs: number;
  readonly everyMs: number;
  /** How often it looks for messages whose deadline is past. */
  readonly expireEveryMs: number;
  /** A message that is `sending` for longer, while its session is away, is in doubt. */
  readonly unsettledMs: number;
}
export const DEFAULT_MAINTENANCE_OPTIONS: OutboxMaintenanceOptions = {
  maxAgeMs: 24 * 3_600_000,
  retentionMs: 30 * 24 * 3_600_000,
  everyMs: 30_000,
  expireEveryMs: 1_000,
  unsettledMs: 15 * 60_000,
};

export interface OutboxMaintenanceDependencies {
  readonly database: Pick<Database, 'write'>;
  readonly reads: OutboxReads;
  readonly transitions: OutboxTransitions;
  readonly sessions: { exists(session: SessionName): boolean; readyEngine(session: SessionName): object | null };
  /** What is left alone: another process knows what its sessions are doing, and this one does not. */
  readonly ownership: Pick<Ownership<SessionName>, 'owns'>;
  /** The lane of a session may go on. */
  readonly freed: (session: SessionName) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const BATCH = 200;
const GONE = 'the session was deleted';
const AWAY = 'the session stopped during the send and has not come back';
const AGAIN = { kind: 'retry', afterMs: 0, counts: true, code: 'WAB_SEND_REPEATED' } as const;

export class OutboxMaintenance {
  readonly #deps: OutboxMaintenanceDependencies;
  readonly #options: OutboxMaintenanceOptions;
  readonly #jobs: readonly PeriodicJob[];
  #stopped = false;

  constructor(deps: OutboxMaintenanceDependencies, options: OutboxMaintenanceOptions = DEFAULT_MAINTENANCE_OPTIONS) {
    this.#deps = deps;
    this.#options = options;
    const { clock, log } = deps;
    const failed = (error: unknown): void => log.error({ err: error }, 'outbox housekeeping failed');
    this.#jobs = [
      new PeriodicJob({ run: () => this.runOnce(), every: options.everyMs, runsAtStart: true, failed, clock }),
      new PeriodicJob({ run: () => this.expire(), every: options.expireEveryMs, runsAtStart: true, failed, clock }),
    ];
  }

  start(): void {
    for (const job of this.#jobs) job.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#jobs.map((job) => job.stop()));
  }

  /** One round of everything. */
  async runOnce(): Promise<void> {
    // Each with a message that is queued or sending.
    const own = this.#ownOf(await this.#deps.reads.sessionsWithWork());
    for (const session of own) if (!this.#deps.sessions.exists(session)) await this.sessionDeleted(session);
    await this.#giveUpOld(own);
    await this.#markUnsettledInDoubt(own);
    await this.#prune();
  }

  /** Messages that wait fail at their deadline, whatever their session or lane is doing. */
  async expire(): Promise<void> {
    const { reads, transitions, clock } = this.#deps;
    for (let more = true; more && !this.#stopped;) {
      const now = clock.now();
      const own = this.#ownOf(await reads.sessionsWithExpired(now));
      if (own.length === 0) return;
      const expired = await reads.expired(own, now, BATCH);
      for (const row of expired) if (this.#owns(row)) await transitions.expire(row);
      for (const session of new Set(expired.map((row) => row.session))) this.#deps.freed(session as SessionName);
      more = expired.length === BATCH;
    }
  }

  /** The messages of a deleted session come to their end, before another session can take its name. */
  async sessionDeleted(session: SessionName): Promise<void> {
    const { reads, transitions } = this.#deps;
    for (let more = true; more && !this.#stopped;) {
      const queued = await reads.inState(session, 'queued', BATCH);
      const sending = await reads.inState(session, 'sending', BATCH);
      for (const row of queued) await transitions.giveUp(row, 'WAB_SESSION_NOT_FOUND', GONE);
      for (const row of sending) {
        // What would be sent again has nobody left to send it, and nobody needs to settle it.
        if (isRepeatable(row)) await transitions.fail(row, 'WAB_SESSION_NOT_FOUND', GONE);
        else await transitions.markInDoubt(row, GONE);
      }
      more = queued.length === BATCH || sending.length === BATCH;
    }
  }

  #ownOf(sessions: readonly SessionName[]): readonly SessionName[] {
    return sessions.filter((session) => this.#deps.ownership.owns(session));
  }

  /** Asked before each row is touched: the session may be lost while a batch is worked off. */
  #owns(row: OutboxRow): boolean {
    return this.#deps.ownership.owns(row.session as SessionName);
  }

  async #giveUpOld(sessions: readonly SessionName[]): Promise<void> {
    const { reads, transitions, clock } = this.#deps;
    const old = await reads.queuedBefore(sessions, clock.now() - this.#options.maxAgeMs, BATCH);
    for (const row of old)
      if (this.#owns(row))
        await transitions.giveUp(row, 'WAB_SEND_GAVE_UP', row.error_message ?? 'the session was not ready in time');
  }

  async #markUnsettledInDoubt(own: readonly SessionName[]): Promise<void> {
    const { reads, transitions, clock, sessions } = this.#deps;
    const stuck = await reads.sendingSince(own, clock.now() - this.#options.unsettledMs, BATCH);
    for (const row of stuck) {
      // A ready session has a lane that settles it, or a send that is still under way.
      if (!this.#owns(row) || sessions.readyEngine(row.session as SessionName)) continue;
      if (isRepeatable(row)) await transitions.defer(row, { ...AGAIN, reason: AWAY });
      else await transitions.markInDoubt(row, AWAY);
    }
  }

  /** By age alone, so it does no harm if several processes do it. */
  async #prune(): Promise<void> {
    const { database, clock } = this.#deps;
    const now = clock.now();
    const limit = BATCH;
    const call = pruneOutbox({
      keysBefore: now - IDEMPOTENCY_MS,
      settledBefore: now - this.#options.retentionMs,
      limit,
    });
    while (!this.#stopped && (await database.write(call)) >= limit);
  }
}
