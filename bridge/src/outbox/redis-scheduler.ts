/**
 * Wake-ups by Redis, and by timers of this process while Redis is away. Every pending wake-up is known here, so that a Redis
 * that lost everything gets it back; and each has a timer of this process a little after its time, so that a wake-up
 * which Redis took and lost is late, not lost. ADR 35 explains it.
 */
import { randomUUID } from 'node:crypto';
import { doubledMs } from '../ops/backoff.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import { PeriodicJob } from '../ops/periodic-job.ts';
import { messageOf } from '../ops/reason.ts';
import { type RedisClientOptions, redisPlaceOf, redisReason } from '../ops/redis.ts';
import { InProcessScheduler } from './in-process-scheduler.ts';
import type { Scheduler, Wake } from './scheduler.ts';
import { type WakeJob, WakeQueue } from './wake-queue.ts';

/** How late Redis may be before this process wakes the key itself, in milliseconds. */
const GRACE_MS = 1_000;
const PROBE_MS = 2_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 10_000;
const DRAIN_MS = 2_000;
const STOP_MS = 1_000;

export interface RedisSchedulerMetrics {
  redisUp(up: boolean): void;
  /** Who kept the time of a wake-up. */
  wokenBy(source: 'redis' | 'process'): void;
}

export interface RedisSchedulerDependencies {
  readonly redis: RedisClientOptions;
  readonly prefix: string;
  /** Of the queue. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: RedisSchedulerMetrics;
}

interface Pending {
  readonly at: number;
  /** Of its job in Redis. */
  readonly id: string;
  /** Resolves once Redis has it, or once that has failed and a timer of this process has it. */
  taken: Promise<void>;
}

export class RedisScheduler<Key extends string> implements Scheduler<Key> {
  readonly #deps: RedisSchedulerDependencies;
  readonly #id = randomUUID();
  readonly #timers: InProcessScheduler<Key>;
  readonly #pending = new Map<Key, Pending>();
  readonly #tending: PeriodicJob;
  #wake: Wake<Key> | null = null;
  /** Null while Redis is away. */
  #queue: WakeQueue<Key> | null = null;
  #reason = 'it has not been reached yet';
  /** Whether it was said that Redis is away. */
  #isReported = false;
  #failures = 0;
  #ids = 0;

  constructor(deps: RedisSchedulerDependencies) {
    this.#deps = deps;
    const { clock, log } = deps;
    this.#timers = new InProcessScheduler<Key>(clock, log);
    this.#tending = new PeriodicJob({
      run: () => this.#tend(),
      every: () => (this.#queue ? PROBE_MS : this.#retryMs()),
      failed: (error) => log.error({ reason: messageOf(error) }, 'looking after Redis failed'),
      clock,
    });
  }

  /** Also starts while Redis is away. */
  async start(wake: Wake<Key>): Promise<void> {
    this.#wake = wake;
    await this.#timers.start((key) => this.#timeIsUp(key));
    await this.#tend();
    this.#tending.start();
  }

  async wakeAt(key: Key, at: number): Promise<void> {
    const known = this.#pending.get(key);
    if (!this.#wake || (known && known.at <= at)) return known?.taken;
    const pending = { at, id: this.#newId(), taken: Promise.resolve() };
    this.#pending.set(key, pending);
    pending.taken = this.#ask(key, pending);
    if (known) this.#queue?.remove(known.id);
    return pending.taken;
  }

  async stop(): Promise<void> {
    this.#wake = null;
    await this.#timers.stop();
    await this.#tending.stop(STOP_MS);
    const queue = this.#queue;
    this.#queue = null;
    this.#pending.clear();
    await queue?.close(DRAIN_MS);
  }

  /** `ok`, or what it is waiting for. Messages are sent in either case. */
  get state(): string {
    return this.#queue
      ? 'ok'
      : `degraded: Redis cannot be used (${this.#reason}); messages are sent on time by timers of this process`;
  }

  /** Has the wake-up in Redis, and a timer of this process either way. */
  async #ask(key: Key, { at, id }: Pending): Promise<void> {
    const queue = this.#queue;
    this.#timers.cancel(key);
    await this.#timers.wakeAt(key, queue ? at + GRACE_MS : at);
    if (!queue) return;
    try {
      await queue.add(id, { key, at, by: this.#id });
    } catch (error) {
      this.#lose(queue, redisReason(error));
    }
  }

  #arrived({ key, at, by }: WakeJob<Key>): void {
    const pending = this.#pending.get(key);
    // Asked for by a process that is gone: what it wanted to look at is looked at, once more than needed at worst.
    const isForeign = by !== this.#id;
    // Woken already, by its timer or because it was asked for at an earlier time.
    if (!isForeign && (!pending || pending.at > at)) return;
    if (pending && pending.at <= at) this.#forget(key);
    this.#call(key, 'redis');
  }

  /** Redis is away, or has not woken the key in time. */
  #timeIsUp(key: Key): void {
    const pending = this.#pending.get(key);
    if (!pending) return;
    this.#forget(key);
    this.#queue?.remove(pending.id);
    this.#call(key, 'process');
    // It may have lost more.
    if (this.#queue) this.#tending.wake();
  }

  #forget(key: Key): void {
    this.#pending.delete(key);
    this.#timers.cancel(key);
  }

  #call(key: Key, source: 'redis' | 'process'): void {
    if (!this.#wake) return;
    this.#deps.metrics.wokenBy(source);
    try {
      this.#wake(key);
    } catch (error) {
      this.#deps.log.error({ key, error }, 'a wake-up failed');
    }
  }

  /** One look: whether Redis still works and has what it was given, or whether it is back. */
  async #tend(): Promise<void> {
    const queue = this.#queue;
    if (!queue) return this.#reopen();
    try {
      const isKept = await queue.probe();
      this.#failures = 0;
      if (isKept) return;
    } catch (error) {
      this.#lose(queue, redisReason(error));
      return;
    }
    await this.#giveAgain();
    this.#deps.log.warn(
      { wakeUps: this.#pending.size },
      'Redis has lost its data (flushed, evicted, or restarted without persistence); the wake-ups were given to it again',
    );
  }

  async #reopen(): Promise<void> {
    const { redis, prefix, name, clock, log, metrics } = this.#deps;
    const onLost = (reason: string): void => this.#lose(opened, reason);
    let opened: WakeQueue<Key> | null = null;
    try {
      opened = await WakeQueue.open<Key>({
        ...{ redis, prefix, name, clock, onLost },
        onWake: (job) => this.#arrived(job),
      });
    } catch (error) {
      this.#failures += 1;
      this.#away(messageOf(error));
      return;
    }
    if (!this.#wake) return opened.close(0);
    this.#queue = opened;
    metrics.redisUp(true);
    await this.#giveAgain();
    const said = { redis: redisPlaceOf(redis), wakeUps: this.#pending.size };
    if (this.#isReported) log.info(said, 'Redis can be used again; the wake-ups were given to it');
    else log.info(said, 'wake-ups are kept in Redis');
    this.#isReported = false;
  }

  /** What is pending, as jobs; each keeps its timer. */
  async #giveAgain(): Promise<void> {
    await Promise.all(
      [...this.#pending].map(([key, { at }]) => {
        const again = { at, id: this.#newId(), taken: Promise.resolve() };
        this.#pending.set(key, again);
        return (again.taken = this.#ask(key, again));
      }),
    );
  }

  #lose(queue: WakeQueue<Key> | null, reason: string): void {
    if (queue === null || queue !== this.#queue) return;
    this.#queue = null;
    void queue.close(0);
    this.#away(reason);
    for (const [key, { at }] of this.#pending) void this.#timers.wakeAt(key, at);
    // At once, unless it has just been tried: a Redis that takes a connection and then refuses the work comes back here.
    if (this.#failures === 0) this.#tending.wake();
    this.#failures += 1;
  }

  #away(reason: string): void {
    const { redis, log, metrics } = this.#deps;
    this.#reason = reason;
    metrics.redisUp(false);
    if (this.#isReported || !this.#wake) return;
    this.#isReported = true;
    log.warn(
      { redis: redisPlaceOf(redis), reason },
      'Redis cannot be used; messages go on being sent, on time by timers of this process',
    );
  }

  #retryMs(): number {
    return doubledMs(FIRST_RETRY_MS, LAST_RETRY_MS, this.#failures);
  }

  #newId(): string {
    return `${this.#id}-${(this.#ids += 1)}`;
  }
}
