/** Joins the outbox to the engines: one lane per session, woken by acceptances, time, and sessions that become ready. */
import type { SessionName } from '../contract/ids.ts';
import type { Engine } from '../engine/engine.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import type { OutboxReads } from '../store/outbox.repository.ts';
import type { AccountChanges } from './account-changes.ts';
import type { AttemptRunner } from './attempt-runner.ts';
import { Lane } from './lane.ts';
import type { OutboxChanges } from './outbox-changes.ts';
import type { OutboxTransitions } from './outbox-transitions.ts';
import type { Scheduler } from './scheduler.ts';

/** What the dispatcher needs of the sessions. */
export interface DispatcherSessions {
  readyEngine(session: SessionName): Engine | null;
  onReady(listener: (session: SessionName) => void): () => void;
  onUnlinked(listener: (session: SessionName) => void): () => void;
}

export interface DispatcherDependencies {
  readonly reads: OutboxReads;
  readonly transitions: OutboxTransitions;
  readonly attemptRunner: AttemptRunner;
  readonly accounts: Pick<AccountChanges, 'linked' | 'unlinked'>;
  readonly changes: OutboxChanges;
  readonly scheduler: Scheduler<SessionName>;
  readonly sessions: DispatcherSessions;
  readonly clock: Clock;
  readonly log: Log;
}

/** Messages of one session that may be in flight at once, each for another chat. */
export const DEFAULT_PARALLELISM = 8;
const BATCH = 100;

export class Dispatcher {
  readonly #deps: DispatcherDependencies;
  readonly #parallelism: number;
  readonly #lanes = new Map<SessionName, Lane>();
  #stopListening: (() => void) | null = null;

  constructor(deps: DispatcherDependencies, parallelism = DEFAULT_PARALLELISM) {
    this.#deps = deps;
    this.#parallelism = parallelism;
  }

  /** Settles what a crash left and begins to send. */
  async start(): Promise<void> {
    const { reads, changes, scheduler, sessions } = this.#deps;
    await this.#settleWithoutId();
    await scheduler.start((session) => this.wake(session));
    changes.onFreed((session) => this.wake(session));
    const endings = [
      sessions.onReady((session) => void this.#sessionReady(session)),
      sessions.onUnlinked((session) => void this.#sessionUnlinked(session)),
    ];
    this.#stopListening = () => endings.forEach((end) => end());
    for (const session of await reads.sessionsWithWork()) {
      // A kill may have come between the end of a login and what it means.
      await this.#sessionUnlinked(session);
      if (sessions.readyEngine(session)) await this.#sessionReady(session);
      else this.#lane(session).sessionReady();
    }
  }

  /**
   * Takes nothing up any more and waits for what is in flight.
   *
   * @param graceMs at most this long; what has not ended then stays `sending` and is settled at the next start
   */
  async stop(graceMs: number): Promise<void> {
    const { changes, scheduler, clock } = this.#deps;
    this.#stopListening?.();
    this.#stopListening = null;
    changes.onFreed(() => undefined);
    await scheduler.stop();
    const ended = Promise.all([...this.#lanes.values()].map((lane) => lane.stop()));
    const abort = new AbortController();
    await Promise.race([ended, clock.sleep(graceMs, abort.signal).catch(() => undefined)]);
    abort.abort();
    this.#lanes.clear();
  }

  /** There may be something to do for the session. */
  wake(session: SessionName): void {
    if (this.#stopListening) this.#lane(session).process();
  }

  async #sessionReady(session: SessionName): Promise<void> {
    const { accounts, transitions, log } = this.#deps;
    // Before it is sent from, although each message is looked at once more before it goes.
    await accounts.linked(session).catch((error: unknown) => {
      log.error({ err: error, session }, 'messages of another account could not be failed');
    });
    await transitions.makeDue(session).catch((error: unknown) => {
      log.error({ err: error, session }, 'waiting messages could not be made due');
    });
    if (this.#stopListening) this.#lane(session).sessionReady();
  }

  async #sessionUnlinked(session: SessionName): Promise<void> {
    await this.#deps.accounts.unlinked(session).catch((error: unknown) => {
      this.#deps.log.error({ err: error, session }, 'sends of a login that has ended could not be settled');
    });
    // Messages queued behind them may go on once the session is back.
    this.wake(session);
  }

  /** Engines that cannot choose ids leave nothing to ask for; no session need be ready to know that. */
  async #settleWithoutId(): Promise<void> {
    for (;;) {
      const rows = await this.#deps.reads.interruptedWithoutId(BATCH);
      for (const row of rows) await this.#deps.attemptRunner.settle(row, 'the bridge stopped during the send');
      if (rows.length < BATCH) return;
    }
  }

  #lane(session: SessionName): Lane {
    let lane = this.#lanes.get(session);
    if (!lane) {
      const { reads, attemptRunner, scheduler, sessions, clock, log } = this.#deps;
      const readyEngine = (name: SessionName) => sessions.readyEngine(name);
      lane = new Lane(session, this.#parallelism, { reads, attemptRunner, scheduler, readyEngine, clock, log });
      this.#lanes.set(session, lane);
    }
    return lane;
  }
}
