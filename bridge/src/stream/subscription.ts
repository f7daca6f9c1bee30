/**
 * One subscription on one connection: moves events from the log into the reader's window, and its answers into the
 * plan. What is pure about it is in `delivery-plan.ts`.
 *
 * The order that nothing may break: an attempt is on disk before its frame is sent, and an acknowledgement is on disk
 * before the attempt that takes its place is sent. Both often go into the same write.
 */
import type { Principal } from '../auth/keys.ts';
import type { Filter } from '../contract/filter.ts';
import type { AckFrame, NackFrame } from '../contract/frames.ts';
import type { Seq, SubscriptionName } from '../contract/ids.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import { Timer } from './timer.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { DeliveryPlan, PlanChanges } from './delivery-plan.ts';
import { FrameSender, type FrameSink } from './frame-sender.ts';
import type { JournalSource } from './journal.ts';
import { maskLane } from './lane-name.ts';
import { LateAcks } from './late-acks.ts';
import type { Position, PositionRecord } from './position.ts';
import type { KeyHolder } from './reach.ts';
import { scanAhead } from './scan-ahead.ts';
import type { FairScheduler, Worker } from './fair-scheduler.ts';

/** Positions that one turn may attempt, and envelopes that it may look at. */
const ATTEMPTS_PER_TURN = 64;
const ENVELOPES_PER_TURN = 256;

/** Where progress is stored. For an ephemeral subscription: nowhere. */
export interface ProgressStore {
  commit(source: JournalSource): Promise<void>;
  moveToDeadLetters(name: SubscriptionName, position: Readonly<Position>, refusal?: string): Promise<void>;
  settleLate(name: SubscriptionName, acks: ReadonlyMap<Seq, number>, holder: KeyHolder): Promise<void>;
}

export interface SubscriptionOptions {
  readonly id: number;
  readonly name: SubscriptionName;
  readonly isDurable: boolean;
  readonly filter: Filter;
  /** Where it, or its present filter, began. */
  readonly since: Seq;
  /** Positions that its reader did not want to have: no event names them as its predecessor. */
  readonly skipped: ReadonlySet<Seq>;
  readonly window: number;
  readonly principal: Principal;
  readonly plan: DeliveryPlan;
  readonly sink: FrameSink;
  readonly events: EventLog;
  readonly progressStore: ProgressStore;
  readonly scheduler: FairScheduler;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with the outcome of each delivery, for metrics. */
  readonly count?: ((outcome: DeliveryOutcome) => void) | undefined;
}

export type DeliveryOutcome = 'sent' | 'acked' | 'nacked' | 'lost' | 'dead';

export class Subscription implements Worker, JournalSource {
  readonly id: number;
  readonly name: SubscriptionName;
  readonly isDurable: boolean;
  readonly #options: SubscriptionOptions;
  readonly #plan: DeliveryPlan;
  readonly #timer: Timer;
  readonly #frames: FrameSender;
  readonly #pendingDeadLetters = new Set<Promise<void>>();
  readonly #late: LateAcks;
  #isDraining = false;
  #ended: Promise<void> | null = null;

  constructor(options: SubscriptionOptions) {
    this.id = options.id;
    this.name = options.name;
    this.isDurable = options.isDurable;
    this.#options = options;
    this.#plan = options.plan;
    this.#frames = new FrameSender(options, options.plan);
    this.#timer = new Timer(options.clock, 'elapsed', () => this.resume());
    this.#late = new LateAcks((acks) =>
      options.progressStore
        .settleLate(options.name, acks, options.principal)
        .catch((error: unknown) => options.log.warn({ err: error }, 'late acknowledgements were ignored')),
    );
  }

  get plan(): DeliveryPlan {
    return this.#plan;
  }

  get filter(): Filter {
    return this.#options.filter;
  }

  /** Position up to which the filter was evaluated, as a cursor. */
  get evaluatedTo(): string {
    return encodeCursor(this.#options.events.epoch, this.#plan.scannedTo);
  }

  /** The lane that holds up the subscription, fit to be shown. */
  get blockedBy(): string | null {
    const lane = this.#plan.blockedBy;
    return lane === null ? null : maskLane(lane);
  }

  start(): void {
    for (const position of this.#plan.exhausted()) this.#moveToDeadLetters(position);
    this.resume();
  }

  /** There may be something to do: the log grew, the window or the socket has room again, a wait is over. */
  resume(): void {
    if (this.#ended === null) this.#options.scheduler.request(this);
  }

  /** A dead letter comes back, to the front of its lane. */
  redeliver(position: PositionRecord): void {
    this.#plan.reopen(position);
    this.resume();
  }

  /** From now on answers are taken and nothing new is sent. */
  drain(): void {
    this.#isDraining = true;
  }

  changes(): PlanChanges {
    return this.#plan.changes();
  }

  /** Writes down how far the filter was evaluated where no delivery did. */
  keepUp(): void {
    if (this.#plan.isDirty) this.#commit().catch((error: unknown) => this.#options.sink.fail(error));
  }

  async turn(): Promise<boolean> {
    if (this.#ended !== null || this.#isDraining) return false;
    try {
      return await this.#step();
    } catch (error) {
      if (this.#ended === null) this.#options.sink.fail(error);
      return false;
    }
  }

  /** @throws WabError WAB_CURSOR_INVALID */
  acknowledge({ cursors, attempt }: AckFrame): void {
    let changed = false;
    for (const seq of this.#ownPositions(cursors)) {
      if (this.#plan.acknowledge(seq, attempt)) {
        this.#options.count?.('acked');
        this.#frames.answered(seq);
        changed = true;
      } else if (this.#isBehind(seq)) {
        this.#late.add(seq, attempt);
      }
    }
    if (changed) this.#answered();
  }

  /** @throws WabError WAB_CURSOR_INVALID */
  refuse({ cursors, attempt, retryAfterMs, reason }: NackFrame): void {
    let changed = false;
    const notBefore = this.#options.clock.elapsed() + retryAfterMs;
    for (const seq of this.#ownPositions(cursors)) {
      const outcome = this.#plan.refuse(seq, attempt, notBefore);
      if (outcome === 'ignored') continue;
      this.#options.count?.('nacked');
      changed = true;
      this.#frames.answered(seq);
      if (outcome === 'exhausted') this.#moveToDeadLetters(this.#plan.get(seq)!, reason);
    }
    if (changed) this.#answered();
  }

  /** Resolves when what is in flight has been dealt with and is durable. Nothing is sent any more. */
  end(how: 'lost' | 'withdrawn'): Promise<void> {
    this.#ended ??= this.#end(how);
    return this.#ended;
  }

  async #end(how: 'lost' | 'withdrawn'): Promise<void> {
    const { scheduler, clock, log } = this.#options;
    this.#timer.clear();
    scheduler.forget(this);
    this.#frames.stop();
    for (const position of [...this.#plan.open()]) {
      if (position.state !== 'sent') continue;
      if (how === 'lost' && this.#frames.hasSent(position.seq)) this.#options.count?.('lost');
      // A frame that never went out cannot have done any harm.
      if (how === 'withdrawn' || !this.#frames.hasSent(position.seq)) this.#plan.withdraw(position.seq);
      else if (this.#plan.markLost(position.seq, clock.elapsed()) === 'exhausted') this.#moveToDeadLetters(position);
    }
    try {
      await this.#commit();
      while (this.#pendingDeadLetters.size > 0) await Promise.all(this.#pendingDeadLetters);
      if (this.#plan.isDirty) await this.#commit();
    } catch (error) {
      // The table still says that the attempts are in flight; the next reader counts them as lost.
      log.error({ err: error, subscription: this.name }, 'the end of a subscription could not be recorded');
    }
  }

  async #step(): Promise<boolean> {
    const { sink, window, events, clock } = this.#options;
    if (!sink.hasRoom()) return false;
    if (this.#frames.hasWork) {
      await this.#deliver();
      if (this.#frames.hasWork) return true;
    }
    const room = window - this.#plan.inFlight;
    if (room <= 0) return false;
    const limit = Math.min(room, ATTEMPTS_PER_TURN);
    const taken = this.#plan.take(limit, clock.elapsed());
    if (taken.length > 0) await this.#attempt(taken);
    if (taken.length === limit) return room > limit;
    if (this.#plan.scannedTo < events.head && !this.#plan.isFull) {
      await this.#scan();
      return true;
    }
    this.#timer.set(this.#plan.nextDue);
    return false;
  }

  async #scan(): Promise<void> {
    const { events, filter } = this.#options;
    const { matches, scannedTo, lost } = await scanAhead(events, this.#plan, filter, ENVELOPES_PER_TURN);
    if (lost > 0) this.#reportLost(lost);
    for (const { seq, lane } of matches) if (!this.#plan.offer(seq, lane)) return;
    this.#plan.evaluatedTo(scannedTo);
  }

  async #attempt(taken: readonly Position[]): Promise<void> {
    const attempts = taken.map((position) => ({ position, attempt: position.attempts }));
    for (const position of taken) {
      if (position.previous === undefined) position.previous = await this.#previousOf(position);
    }
    this.#commit().then(
      () => {
        if (this.#ended !== null) return;
        this.#frames.add(attempts);
        this.resume();
      },
      (error: unknown) => this.#options.sink.fail(error),
    );
  }

  /** The preceding event that this subscription had to deliver, under the filter it has now. */
  async #previousOf({ lane, seq }: Position): Promise<Seq | null> {
    const { events, filter, since, skipped } = this.#options;
    let previous = await events.previousInLane(lane, seq, filter);
    while (previous !== null && skipped.has(previous)) previous = await events.previousInLane(lane, previous, filter);
    return previous !== null && previous > since ? previous : null;
  }

  async #deliver(): Promise<void> {
    const gone = await this.#frames.send();
    if (gone === 0) return;
    this.#reportLost(gone);
    this.#answered();
  }

  #reportLost(lost: number): void {
    const { events, log, sink } = this.#options;
    log.warn({ subscription: this.name, lost }, 'events were removed by retention before they could be delivered');
    sink.send({
      type: 'reset',
      subscription: this.name,
      reason: 'expired',
      oldest: this.#cursor(events.horizon),
      lost,
    });
  }

  #moveToDeadLetters(position: Readonly<Position>, refusal?: string): void {
    const { progressStore, sink } = this.#options;
    this.#options.count?.('dead');
    const pending = progressStore
      .moveToDeadLetters(this.name, position, refusal)
      .then(() => {
        // Acknowledged at the last moment: the dead letter has to be removed.
        if (this.#isBehind(position.seq)) this.#late.add(position.seq, position.attempts);
        this.#plan.finish(position.seq);
        if (this.#ended === null) this.#answered();
      })
      // The lane stays where it is, and the next one to load the subscription tries again.
      .catch((error: unknown) => sink.fail(error))
      .finally(() => this.#pendingDeadLetters.delete(pending));
    this.#pendingDeadLetters.add(pending);
  }

  /** First the turn, then the write: what takes the place of the answered is written with the answer. */
  #answered(): void {
    this.resume();
    this.#commit().catch((error: unknown) => this.#options.sink.fail(error));
  }

  #commit(): Promise<void> {
    return this.#options.progressStore.commit(this);
  }

  /** Done already, perhaps by becoming a dead letter. */
  #isBehind(seq: Seq): boolean {
    return this.isDurable && seq <= this.#plan.scannedTo && (this.#plan.get(seq)?.state ?? 'acked') === 'acked';
  }

  #cursor(seq: Seq): string {
    return encodeCursor(this.#options.events.epoch, seq);
  }

  /** Positions of this log; answers to events of another history (before a restore) mean nothing here. */
  #ownPositions(cursors: readonly string[]): Seq[] {
    const { epoch } = this.#options.events;
    return cursors.map(decodeCursor).flatMap((cursor) => (cursor.epoch === epoch ? [cursor.seq] : []));
  }
}
