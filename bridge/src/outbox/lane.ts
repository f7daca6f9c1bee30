/**
 * The lane of one session: sends what is due, one message per chat at a time, several chats beside each other, and one
 * file at a time unless the engine can do more. It holds the messages in flight and nothing else; what waits is in the
 * database.
 */
import type { OutboxId, SessionName } from '../contract/ids.ts';
import type { Engine } from '../engine/engine.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import { Pump } from '../ops/pump.ts';
import type { OutboxReads } from '../store/outbox-reads.repository.ts';
import type { OutboxRow } from '../store/outbox-rows.ts';
import type { AttemptResult, AttemptRunner } from './attempt-runner.ts';
import type { Scheduler } from './scheduler.ts';

export interface LaneDependencies {
  readonly reads: OutboxReads;
  readonly attemptRunner: Pick<AttemptRunner, 'run' | 'settle' | 'reconsider' | 'hasLateFile'>;
  readonly scheduler: Pick<Scheduler<SessionName>, 'wakeAt'>;
  readonly readyEngine: (session: SessionName) => Engine | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** After an error of the bridge itself (the database), before the lane tries again. */
const BACKOFF_MS = 1_000;
/** Before WhatsApp is asked again whether a message was sent. */
const ASK_AGAIN_MS = 5_000;
/** Before an engine that is late with a file is asked for another. */
const LATE_FILE_MS = 2_000;
/** Messages in doubt that are asked about when a session becomes ready. */
const RECONSIDER_LIMIT = 100;
const INTERRUPTED = 'the bridge or the session stopped during the send';

export class Lane {
  readonly #session: SessionName;
  readonly #deps: LaneDependencies;
  readonly #parallelism: number;
  readonly #inFlight = new Map<OutboxId, Promise<void>>();
  /** The message in flight that brings a file, the last if there are several. */
  #file: OutboxId | null = null;
  readonly #pump = new Pump(() => this.#processOnce().catch((error: unknown) => this.#backOff(error)));
  #stopped = false;
  readonly #life = new AbortController();
  #backOffUntil = 0;
  /** There may be messages in `sending` without an attempt; not to be asked about before `#askAt`. */
  #interrupted = true;
  #askAt = 0;
  #reconsider = true;

  constructor(session: SessionName, parallelism: number, deps: LaneDependencies) {
    this.#session = session;
    this.#parallelism = parallelism;
    this.#deps = deps;
  }

  /** The session is ready again: WhatsApp can be asked about what was interrupted. */
  sessionReady(): void {
    this.#interrupted = true;
    this.#askAt = 0;
    this.#reconsider = true;
    this.process();
  }

  /** Processes what is due. Calls in the meantime lead to one more round. */
  process(): void {
    this.#pump.wake();
  }

  /** Takes nothing up any more; resolves when what is in flight has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#life.abort();
    await this.#pump.end();
    while (this.#inFlight.size > 0) await Promise.allSettled(this.#inFlight.values());
  }

  async #processOnce(): Promise<void> {
    const { attemptRunner, clock, scheduler, readyEngine, reads } = this.#deps;
    const now = clock.now();
    // Further ahead than it was ever set: the clock was set back.
    if (this.#backOffUntil > now + BACKOFF_MS) this.#backOffUntil = 0;
    if (this.#askAt > now + ASK_AGAIN_MS) this.#askAt = 0;
    if (now < this.#backOffUntil) return; // its end brings the next look
    const engine = readyEngine(this.#session);
    if (!engine) return;
    if (this.#interrupted && now >= this.#askAt) await this.#settleInterrupted();
    const free = this.#parallelism - this.#inFlight.size;
    // What is being prepared is still queued in the database, hence the surplus.
    const late = !engine.capabilities.parallelFiles && attemptRunner.hasLateFile(engine);
    const withFiles = !late && this.#takesFile(engine);
    const heads = free > 0 ? await reads.dueHeads(this.#session, now, free + this.#inFlight.size, withFiles) : [];
    if (!this.#stopped) this.#takeNext(heads, free, engine);
    const due = await reads.nextDue(this.#session, now);
    if (due !== null) await scheduler.wakeAt(this.#session, due);
    if (late) await scheduler.wakeAt(this.#session, now + LATE_FILE_MS);
    if (this.#reconsider) await this.#reconsiderDoubts(engine);
  }

  #takeNext(heads: readonly OutboxRow[], free: number, engine: Engine): void {
    for (const row of heads.filter(({ id }) => !this.#inFlight.has(id as OutboxId)).slice(0, Math.max(0, free))) {
      if (row.media_id !== null && !this.#takesFile(engine)) {
        // Its place is for one without a file, which the next look finds.
        this.process();
        continue;
      }
      if (row.media_id !== null) this.#file = row.id as OutboxId;
      this.#takeUp(row, () => this.#deps.attemptRunner.run(row, engine));
    }
  }

  #takesFile({ capabilities }: Engine): boolean {
    return capabilities.parallelFiles || this.#file === null;
  }

  async #settleInterrupted(): Promise<void> {
    const { reads, attemptRunner } = this.#deps;
    this.#interrupted = false;
    const limit = this.#parallelism + this.#inFlight.size;
    const sending = await reads.inState(this.#session, 'sending', limit);
    if (this.#stopped) return;
    const orphans = sending.filter((row) => !this.#inFlight.has(row.id as OutboxId));
    // Where one look does not take in all of them, the end of each brings the next look.
    if (sending.length === limit) this.#interrupted = true;
    for (const row of orphans) this.#takeUp(row, () => attemptRunner.settle(row, INTERRUPTED));
  }

  async #reconsiderDoubts(engine: Engine): Promise<void> {
    this.#reconsider = false;
    const doubtful = await this.#deps.reads.inState(this.#session, 'in_doubt', RECONSIDER_LIMIT);
    for (const row of doubtful) {
      if (this.#stopped || this.#deps.readyEngine(this.#session) !== engine) return;
      await this.#deps.attemptRunner.reconsider(row, engine);
    }
  }

  #takeUp(row: OutboxRow, work: () => Promise<AttemptResult>): void {
    const id = row.id as OutboxId;
    const done = work()
      .then((result) => (result === 'open' ? this.#askLater() : undefined))
      .catch((error: unknown) => this.#backOff(error))
      .then(() => {
        this.#inFlight.delete(id);
        if (this.#file === id) this.#file = null;
        this.process();
      });
    this.#inFlight.set(id, done);
  }

  /** WhatsApp could not be asked about it: again as soon as the session is ready, or a little later. */
  async #askLater(): Promise<void> {
    const { readyEngine, scheduler, clock } = this.#deps;
    this.#interrupted = true;
    if (!readyEngine(this.#session)) return;
    this.#askAt = clock.now() + ASK_AGAIN_MS;
    await scheduler.wakeAt(this.#session, this.#askAt);
  }

  /** It wakes itself: what failed may have been the scheduler, or the look that asks it for the next wake-up. */
  #backOff(error: unknown): void {
    const { clock, log } = this.#deps;
    log.error({ err: error, session: this.#session }, 'the outbox lane pauses after an error');
    this.#backOffUntil = clock.now() + BACKOFF_MS;
    this.#interrupted = true;
    clock.sleep(BACKOFF_MS, this.#life.signal).then(
      () => {
        // Rather than by the time, which a timer may be early for.
        this.#backOffUntil = 0;
        this.process();
      },
      () => undefined,
    );
  }
}
