/** Queries that run often find what they look for by an index, whatever else the table holds. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import type { SessionName } from '../../../../bridge/src/contract/ids.ts';
import { OutboxReads } from '../../../../bridge/src/store/outbox-reads.repository.ts';
import type { Schema } from '../../../../bridge/src/store/schema.ts';
import { openWriter } from '../../../../bridge/src/store/sqlite/connection.ts';
import { NodeSqliteDialect } from '../../../../bridge/src/store/sqlite/dialect.ts';
import { migrate } from '../../../../bridge/src/store/sqlite/migrate.ts';

const SESSION = 'support' as SessionName;

let folder: string;
let database: DatabaseSync;
let asked: { readonly sql: string; readonly parameters: readonly unknown[] }[];
let reads: OutboxReads;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wabridge-plans-'));
  database = openWriter(join(folder, 'wabridge.db'));
  await migrate(database);
  reads = new OutboxReads(
    new Kysely<Schema>({
      dialect: new NodeSqliteDialect(database),
      log: ({ query: { sql, parameters } }) => void asked.push({ sql, parameters }),
    }),
  );
});
afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

/** How SQLite carries out the queries of a call, as it does without statistics: the bridge gathers none. */
async function plansOf(call: () => Promise<unknown>): Promise<string[]> {
  asked = [];
  await call();
  expect(asked).not.toEqual([]);
  return asked.flatMap(({ sql, parameters }) =>
    database
      .prepare(`EXPLAIN QUERY PLAN ${sql}`)
      .all(...(parameters as (string | number)[]))
      .map(({ detail }) => String(detail)),
  );
}

test.each<[string, string, () => Promise<unknown>]>([
  ['sessions with expired messages', 'outbox_deadlines', () => reads.sessionsWithExpired(1)],
  ['expired messages', 'outbox_deadlines', () => reads.expired([SESSION], 1, 10)],
  ['the next message of each chat', 'outbox_heads', () => reads.dueHeads(SESSION, 1, 10, true)],
  ['when the next one is due', 'outbox_heads', () => reads.nextDue(SESSION, 1)],
])('%s', async (_what, index, call) => {
  const searches = (await plansOf(call)).filter((plan) => /\boutbox\b/.test(plan));
  expect(searches).not.toEqual([]);
  for (const plan of searches) expect(plan).toMatch(new RegExp(`^SEARCH outbox USING (COVERING )?INDEX ${index} `));
});
