/**
 * A text from its acceptance to the engine, with wake-ups kept in this process and in Redis, against a bare BullMQ queue with
 * as many jobs on the same Redis, which flushes each command to disk.
 *
 * Ours: validated, its idempotency key looked up, on disk before it is accepted, the intent on disk before the engine gets it,
 * the outcome on disk and as an event; one send of a chat at a time. The engine is an object that takes the text and answers.
 */
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { ChatId, SessionName } from '../../bridge/src/contract/ids.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import { createLogger } from '../../bridge/src/ops/logger.ts';
import { redisOptionsOf } from '../../bridge/src/ops/redis.ts';
import { RedisScheduler } from '../../bridge/src/outbox/redis-scheduler.ts';
import { openOutbox, tempFolder } from '../bridge/outbox/outbox-harness.ts';
import { Network } from '../bridge/outbox/scripted-network.ts';
import { startRedis } from '../servers/redis.ts';
import { until } from '../until.ts';
import { median, type BenchmarkRow } from './benchmark.ts';

/** Each to a chat of its own: within a chat, the next one would wait until WhatsApp's server has accepted the one before. */
const MESSAGES = 1_000;
const ROUNDS = 3;
/** Sends at a time, on both sides: what the outbox does by default. */
const PARALLELISM = 8;

const chatOf = (index: number): ChatId => `49151${String(10_000_000 + index)}@c.us` as ChatId;
const texts = (): string[] => Array.from({ length: MESSAGES }, (_, index) => `text ${index}`);

/** Messages per second. @param redisUrl without it, wake-ups are kept in this process */
async function measureOurs(redisUrl?: string): Promise<number> {
  const folder = await tempFolder();
  const network = new Network();
  const scheduler =
    redisUrl === undefined
      ? undefined
      : new RedisScheduler<SessionName>({
          redis: redisOptionsOf(redisUrl),
          prefix: 'wabridge',
          name: `bench-${randomUUID()}`,
          clock: systemClock,
          log: createLogger('error', 'json'),
          metrics: { redisUp: () => undefined, wokenBy: () => undefined },
        });
  const options = { network, durable: true, parallelism: PARALLELISM, ...(scheduler ? { scheduler } : {}) };
  const outbox = await openOutbox(folder.path, options);
  try {
    outbox.sessions.up();
    await outbox.dispatcher.start();
    const startedAt = performance.now();
    await Promise.all(texts().map((text, index) => outbox.accept(text, chatOf(index))));
    await until('all texts to be sent', () => network.sent.length === MESSAGES, { timeoutMs: 120_000 });
    return (MESSAGES / (performance.now() - startedAt)) * 1_000;
  } finally {
    await outbox.close();
    await scheduler?.stop();
    await folder.remove();
  }
}

async function measureBare(url: string): Promise<number> {
  const name = `bare-${randomUUID()}`;
  const connections = [new Redis(url), new Redis(url, { maxRetriesPerRequest: null })] as const;
  const queue = new Queue(name, { connection: connections[0] });
  let done = 0;
  const worker = new Worker(name, () => Promise.resolve(void (done += 1)), {
    connection: connections[1],
    concurrency: PARALLELISM,
  });
  try {
    await worker.waitUntilReady();
    const startedAt = performance.now();
    await Promise.all(texts().map((text, index) => queue.add('send', { text, to: chatOf(index) })));
    await until('all jobs to be done', () => done === MESSAGES, { timeoutMs: 120_000 });
    return (MESSAGES / (performance.now() - startedAt)) * 1_000;
  } finally {
    await worker.close();
    await queue.close();
    for (const connection of connections) connection.disconnect();
  }
}

/** Measures all three in turns and reports the medians. */
export async function run(): Promise<BenchmarkRow[]> {
  const server = await startRedis({ durable: true });
  const figures = { bare: [] as number[], process: [] as number[], redis: [] as number[] };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      figures.bare.push(await measureBare(server.url));
      figures.process.push(await measureOurs());
      figures.redis.push(await measureOurs(server.url));
    }
  } finally {
    await server.stop();
  }
  const row = (where: string, ours: readonly number[]): BenchmarkRow => ({
    name: `accepted → engine, ${MESSAGES} texts to as many chats, wake-ups in ${where}`,
    unit: 'messages/s',
    kind: 'rate',
    ours: median(ours),
    baseline: median(figures.bare),
    baselineIs:
      'a bare BullMQ queue on a Redis that flushes each command to disk, with as many jobs and as many at a time; a job is ' +
      'the text and its chat, without idempotency key, order per chat, intent before the attempt, outcome or event',
  });
  return [row('this process', figures.process), row('Redis', figures.redis)];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`);
}
