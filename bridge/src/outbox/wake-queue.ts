/**
 * Wake-ups as delayed jobs of BullMQ, over one connection to Redis: from its opening to its first trouble. It does not
 * recover; `redis-scheduler.ts` opens the next one. ADR 35 explains how the jobs are set up.
 */
import type { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Clock } from '../ops/clock.ts';
import { within } from '../ops/deadline.ts';
import { type RedisClientOptions, redisReason } from '../ops/redis.ts';

/** How long Redis may take for a command before it counts as away, in milliseconds. */
const COMMAND_MS = 2_000;
const OPEN_MS = 5_000;
/** Wake-ups that are taken at the same time; each takes a round trip to be marked as done. */
const CONCURRENCY = 16;
/** After which a job of a process that died is taken by another. */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 30_000;
/** Entries of the stream of events that BullMQ writes and nobody reads. */
const EVENTS_KEPT = 10;
const RETRY_MS = 1_000;

/** What a job carries, and all that it carries. */
export interface WakeJob<Key extends string> {
  readonly key: Key;
  /** When it is due, in milliseconds since the epoch. */
  readonly at: number;
  /** The scheduler that asked. */
  readonly by: string;
}

export interface WakeQueueOptions<Key extends string> {
  readonly redis: RedisClientOptions;
  /** Begins the name of every key in Redis. */
  readonly prefix: string;
  readonly name: string;
  readonly clock: Clock;
  readonly onWake: (job: WakeJob<Key>) => void;
  /** It has become useless: called once, not before it is open. */
  readonly onLost: (reason: string) => void;
}

export class WakeQueue<Key extends string> {
  readonly #options: WakeQueueOptions<Key>;
  readonly #clients: Redis[] = [];
  #client: Redis | null = null;
  #queue: Queue<WakeJob<Key>> | null = null;
  #worker: Worker<WakeJob<Key>> | null = null;
  #state: 'opening' | 'open' | 'over' = 'opening';
  /** The client's own error says more than that the connection was closed. */
  #clientError: string | null = null;

  private constructor(options: WakeQueueOptions<Key>) {
    this.#options = options;
  }

  /** @throws Error whose message says why Redis cannot be used now */
  static async open<Key extends string>(options: WakeQueueOptions<Key>): Promise<WakeQueue<Key>> {
    const queue = new WakeQueue(options);
    try {
      await within(queue.#open(), OPEN_MS, 'opening it', options.clock);
      return queue;
    } catch (error) {
      queue.#destroy();
      throw new Error(queue.#clientError ?? redisReason(error), { cause: error });
    }
  }

  /** @param id of the job @throws Error if Redis did not take it in time */
  async add(id: string, job: WakeJob<Key>): Promise<void> {
    const timestamp = this.#options.clock.now();
    const delay = Math.max(0, job.at - timestamp);
    await this.#answer(this.#queue!.add('wake', job, { jobId: id, timestamp, delay }));
  }

  /** Takes back what is not needed any more. A job that stays does no harm, so nobody waits for it. */
  remove(id: string): void {
    this.#queue?.remove(id).catch(() => undefined);
  }

  /**
   * Writes, as only that shows whether it can be used.
   *
   * @returns whether Redis still has what was written before
   * @throws Error if Redis refuses to write, or does not answer in time
   */
  async probe(): Promise<boolean> {
    const { prefix, name } = this.#options;
    return (await this.#answer(this.#client!.set(`${prefix}:${name}:probe`, 'kept', 'GET'))) !== null;
  }

  /** Ends it. @param graceMs how long wake-ups that are being taken may take */
  async close(graceMs: number): Promise<void> {
    this.#state = 'over';
    if (graceMs > 0 && this.#worker)
      await within(this.#worker.close(), graceMs, 'the end of the wake-ups').catch(() => undefined);
    this.#destroy();
  }

  async #open(): Promise<void> {
    const { redis, prefix, name, onWake } = this.#options;
    const [{ Redis }, { Queue, Worker }] = await Promise.all([import('ioredis'), import('bullmq')]);
    const connect = (options: RedisClientOptions): Redis => this.#watched(new Redis(options));
    const client = (this.#client = connect(redis));
    // BullMQ's second connection, on which it waits for jobs.
    client.duplicate = (override) => connect({ ...redis, connectionName: override?.connectionName });
    await client.connect();
    await this.probe();
    const common = { connection: client, prefix };
    this.#queue = new Queue(name, {
      ...common,
      streams: { events: { maxLen: EVENTS_KEPT } },
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
    });
    this.#worker = new Worker(name, ({ data }) => Promise.resolve(onWake(data)), {
      ...common,
      autorun: false,
      concurrency: CONCURRENCY,
      lockDuration: LOCK_MS,
      skipLockRenewal: true,
      stalledInterval: STALLED_CHECK_MS,
      runRetryDelay: RETRY_MS,
    });
    this.#queue.on('error', (error) => this.#lose(error));
    this.#worker.on('error', (error) => this.#lose(error));
    await this.#worker.waitUntilReady();
    if (this.#state !== 'opening') throw new Error('it was closed while it was opened');
    this.#state = 'open';
    this.#worker.run().catch((error: unknown) => this.#lose(error));
  }

  #watched(client: Redis): Redis {
    this.#clients.push(client);
    const info = client.info.bind(client) as (...args: unknown[]) => Promise<string>;
    // BullMQ asks for the version, and writes to the console if it sees another eviction policy; the doctor says that better.
    client.info = async (...args: unknown[]) =>
      args.length > 0 ? info(...args) : (await info()).replace(/^maxmemory_policy:.*$/m, '');
    client.on('error', (error) => {
      this.#clientError = redisReason(error);
      this.#lose(error);
    });
    client.on('end', () => this.#lose(new Error('Connection is closed')));
    return client;
  }

  #answer<Answer>(command: Promise<Answer>): Promise<Answer> {
    return within(command, COMMAND_MS, 'a command', this.#options.clock);
  }

  #lose(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#state = 'over';
    this.#options.onLost(redisReason(error));
  }

  #destroy(): void {
    this.#state = 'over';
    this.#worker?.close(true).catch(() => undefined);
    this.#queue?.close().catch(() => undefined);
    for (const client of this.#clients) client.disconnect();
  }
}
