/**
 * Joins the outbox to the engines: one lane per session that this process owns, woken by acceptances, time, and sessions
 * that become ready. A session that is gained is recovered first, as at a start; one that is lost is let go of.
 */
import type { SessionName } from '../contract/ids.ts';
import type { Engine } from '../engine/engine.ts';
import type { Clock } from '../ops/clock.ts';
import { within } from '../ops/deadline.ts';
import type { Log } from '../ops/logger.ts';
import type { Ownership, OwnershipChange } from '../ownership/ownership.ts';
import type { OutboxReads } from '../store/outbox-reads.repository.ts';
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
  readonly ownership: Ownership<SessionName>;
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
  /** Lanes of sessions that were lost, until what they had in flight has ended. */
  readonly #endings = new Map<SessionName, Promise<void>>();
  /** Sessions that have no lane before what their former owner left is settled; the latest recovery of each. */
  readonly #recovering = new Map<SessionName, Promise<void>>();
  #stopListening: (() => void) | null = null;

  constructor(deps: DispatcherDependencies, parallelism = DEFAULT_PARALLELISM) {
    this.#deps = deps;
    this.#parallelism = parallelism;
  }

  /** Settles what a crash left of the sessions that this process owns, and begins to send. */
  async start(): Promise<void> {
    const { reads, changes, scheduler, sessions, ownership } = this.#deps;
    // Before a lane asks it for anything. What it wakes until then is among what is recovered.
    await scheduler.start((session) => this.wake(session));
    const endings = [ownership.onChange((change) => this.#ownerChanged(change))];
    const withWork = await reads.sessionsWithWork();
    this.#stopListening = () => endings.forEach((end) => end());
    // None of them has a lane before it is recovered.
    const recovered = Promise.all(withWork.map((session) => this.#recover(session)));
    changes.onFreed((session) => this.wake(session));
    endings.push(
      sessions.onReady((session) => void this.#sessionReady(session)),
      sessions.onUnlinked((session) => void this.#sessionUnlinked(session)),
    );
    await recovered;
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
    const recovered = [...this.#recovering.values()].map((recovery) => recovery.catch(() => undefined));
    const lanes = [...this.#lanes.values()].map((lane) => lane.stop());
    const ended = Promise.all([...lanes, ...recovered, ...this.#endings.values()]);
    await within(ended, graceMs, 'the end of the sends', clock).catch(() => undefined);
    this.#lanes.clear();
  }

  /** There may be something to do for the session. Nothing happens if another process owns it. */
  wake(session: SessionName): void {
    this.#lane(session)?.process();
  }

  /** @returns once nothing is in flight any more, if the session was lost */
  async #ownerChanged({ name, owned }: OwnershipChange<SessionName>): Promise<void> {
    if (owned) {
      await this.#recover(name).catch((error: unknown) => {
        this.#deps.log.error({ err: error, session: name }, 'a session that was gained could not be recovered');
      });
      return;
    }
    const lane = this.#lanes.get(name);
    this.#lanes.delete(name);
    if (lane)
      this.#endings.set(
        name,
        lane.stop().finally(() => this.#endings.delete(name)),
      );
    await Promise.allSettled([this.#recovering.get(name), this.#endings.get(name)]);
  }

  async #recover(session: SessionName): Promise<void> {
    const recovery = this.#settleRemains(session);
    this.#recovering.set(session, recovery);
    try {
      await recovery;
    } finally {
      if (this.#recovering.get(session) === recovery) this.#recovering.delete(session);
      this.#lane(session)?.sessionReady();
    }
  }

  /** What the former owner of a session left, which may be this process before it was killed. */
  async #settleRemains(session: SessionName): Promise<void> {
    const { sessions, ownership } = this.#deps;
    await this.#endings.get(session);
    if (!ownership.owns(session) || this.#lanes.has(session)) return;
    await this.#settleWithoutId(session);
    // A kill may have come between the end of a login and what it means.
    await this.#settleUnlinked(session);
    if (sessions.readyEngine(session)) await this.#prepareToSend(session);
  }

  async #sessionReady(session: SessionName): Promise<void> {
    if (!this.#deps.ownership.owns(session)) return;
    await this.#prepareToSend(session);
    this.#lane(session)?.sessionReady();
  }

  async #sessionUnlinked(session: SessionName): Promise<void> {
    if (!this.#deps.ownership.owns(session)) return;
    await this.#settleUnlinked(session);
    // Messages queued behind them may go on once the session is back.
    this.wake(session);
  }

  /** An account is linked, and what waited for that is due. */
  async #prepareToSend(session: SessionName): Promise<void> {
    const { accounts, transitions, log } = this.#deps;
    // Before it is sent from, although each message is looked at once more before it goes.
    await accounts.linked(session).catch((error: unknown) => {
      log.error({ err: error, session }, 'messages of another account could not be failed');
    });
    await transitions.makeDue(session).catch((error: unknown) => {
      log.error({ err: error, session }, 'waiting messages could not be made due');
    });
  }

  async #settleUnlinked(session: SessionName): Promise<void> {
    const { accounts, log } = this.#deps;
    await accounts.unlinked(session).catch((error: unknown) => {
      log.error({ err: error, session }, 'sends of a login that has ended could not be settled');
    });
  }

  /** Engines that cannot choose ids leave nothing to ask for; no session need be ready to know that. */
  async #settleWithoutId(session: SessionName): Promise<void> {
    for (;;) {
      const rows = await this.#deps.reads.interruptedWithoutId(session, BATCH);
      for (const row of rows) await this.#deps.attemptRunner.settle(row, 'the bridge stopped during the send');
      if (rows.length < BATCH) return;
    }
  }

  /** Null for a session of another process, for one that is being recovered, and after the stop. */
  #lane(session: SessionName): Lane | null {
    const { reads, attemptRunner, scheduler, sessions, ownership, clock, log } = this.#deps;
    if (!this.#stopListening || !ownership.owns(session) || this.#recovering.has(session)) return null;
    let lane = this.#lanes.get(session);
    if (!lane) {
      const readyEngine = (name: SessionName) => sessions.readyEngine(name);
      lane = new Lane(session, this.#parallelism, { reads, attemptRunner, scheduler, readyEngine, clock, log });
      this.#lanes.set(session, lane);
    }
    return lane;
  }
}
