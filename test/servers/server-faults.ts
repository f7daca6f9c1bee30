/** What tests do to the servers behind a bridge. Each fault is healed when its promise resolves. */
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Servers } from './backends.ts';

/** Something that can be killed and come back over its data. */
interface Mortal {
  kill(): Promise<void>;
  restart(): Promise<void>;
}
interface Pausable {
  pause(): Promise<void>;
  resume(): Promise<void>;
}

async function killFor(victim: Mortal, ms: number): Promise<void> {
  await victim.kill();
  await wait(ms);
  await victim.restart();
}

async function pauseFor(victim: Pausable, ms: number): Promise<void> {
  await victim.pause();
  await wait(ms);
  await victim.resume();
}

async function flush(url: string): Promise<void> {
  const client = new Redis(url);
  try {
    await client.flushall();
  } finally {
    client.disconnect();
  }
}

/** By name, with how long it lasts in milliseconds if it lasts at all. */
export const SERVER_FAULTS = {
  'kill PostgreSQL': ({ postgres }, ms) => killFor(postgres, ms),
  'pause PostgreSQL': ({ postgres }, ms) => pauseFor(postgres, ms),
  'cut PostgreSQL': async ({ postgresNetwork }) => postgresNetwork.cut(),
  'kill Redis': ({ redis }, ms) => killFor(redis, ms),
  'pause Redis': ({ redis }, ms) => pauseFor(redis, ms),
  'flush Redis': ({ redis }) => flush(redis.url),
  'cut Redis': async ({ redisNetwork }) => redisNetwork.cut(),
  'kill S3': ({ s3 }, ms) => killFor({ kill: () => s3.kill(), restart: () => s3.up() }, ms),
} satisfies Readonly<Record<string, (servers: Servers, ms: number) => Promise<void>>>;
export type ServerFault = keyof typeof SERVER_FAULTS;
export const SERVER_FAULT_NAMES = Object.keys(SERVER_FAULTS) as readonly ServerFault[];
