/**
 * Databases for a test file on the servers that all files share. `npm test` starts them and names them in the environment; a
 * file that is run by hand gets servers of its own, which end with it. Tests that harm a server start one themselves.
 */
import { afterAll } from '@jest/globals';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import type { ServerProcess } from './server-process.ts';

const own = new Map<string, Promise<ServerProcess>>();
const databases: string[] = [];

async function sharedUrl(variable: string, start: () => Promise<ServerProcess>): Promise<string> {
  const shared = process.env[variable];
  if (shared !== undefined && shared !== '') return shared;
  let server = own.get(variable);
  if (!server) own.set(variable, (server = start()));
  return (await server).url;
}

const postgresUrl = (): Promise<string> => sharedUrl('TEST_POSTGRES_URL', () => startPostgres());
const redisUrl = (): Promise<string> => sharedUrl('TEST_REDIS_URL', () => startRedis());

async function onPostgres(...statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: await postgresUrl() });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The URL of a new and empty database, which is dropped after the test file. */
export async function freshPostgres(): Promise<string> {
  const name = `test_${process.pid}_${process.hrtime.bigint()}`;
  await onPostgres(`create database ${name}`);
  databases.push(name);
  const url = new URL(await postgresUrl());
  url.pathname = `/${name}`;
  return url.href;
}

/** The URL of an empty Redis database, by a number that no other caller gets. FLUSHDB harms nobody else, FLUSHALL does. */
export async function freshRedis(): Promise<string> {
  const url = new URL(await redisUrl());
  const client = new Redis(url.href);
  try {
    url.pathname = `/${await client.incr('databases given')}`;
    return url.href;
  } finally {
    await client.quit();
  }
}

afterAll(async () => {
  try {
    if (databases.length > 0)
      await onPostgres(...databases.splice(0).map((name) => `drop database ${name} with (force)`));
  } finally {
    for (const server of own.values()) await (await server).stop();
    own.clear();
  }
});
