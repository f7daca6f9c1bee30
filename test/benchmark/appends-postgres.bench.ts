/**
 * Durable appends to PostgreSQL against bare `pg` on the same server, which flushes each commit to disk: the same 1 KB
 * payloads, a unique index, one transaction per batch on one connection. Ours adds envelope, lane index, dedupe, isolation of
 * each append, a deadline for each statement, and what finds out after a lost connection whether a commit was carried out.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { startPostgres } from '../servers/postgres.ts';
import { appendRows, CASES, eventsOf, measureEventLog, perSecond } from './append-work.ts';
import type { BenchmarkRow } from './benchmark.ts';

const ROUNDS = 3;

async function measureRaw(url: string): Promise<number[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      'CREATE TABLE entries (seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL)',
    );
    const results: number[] = [];
    for (const [index, { batch, appends }] of CASES.entries()) {
      const events = eventsOf(index, appends);
      const startedAt = performance.now();
      for (let done = 0; done < appends; done += batch) {
        const inserts = events.slice(done, done + batch).map(({ id, chat, sender, data }) =>
          client.query({
            name: 'insert',
            text: 'INSERT INTO entries (id, body) VALUES ($1, $2)',
            values: [id, JSON.stringify({ chat, sender, data })],
          }),
        );
        await Promise.all([client.query('BEGIN'), ...inserts, client.query('COMMIT')]);
      }
      results.push(perSecond(appends, startedAt));
    }
    return results;
  } finally {
    await client.end();
  }
}

/** Measures ours and raw in turns, each round in new databases of one server, and reports the medians. */
export async function run(): Promise<BenchmarkRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'wabridge-bench-'));
  const server = await startPostgres({ durable: true });
  const fresh = async (name: string): Promise<string> => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query(`CREATE DATABASE ${name}`);
    await client.end();
    return Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
  };
  const ours: number[][] = [];
  const raw: number[][] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      raw.push(await measureRaw(await fresh(`raw_${round}`)));
      ours.push(await measureEventLog(folder, await fresh(`ours_${round}`)));
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return appendRows(
    ' to PostgreSQL',
    { ours, raw },
    'bare pg on the same server, with the same payload and flush per batch; one insert after the other into a table with a ' +
      'unique index, so without envelope, lane index, isolation of each append or an answer about a commit in doubt',
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`);
}
