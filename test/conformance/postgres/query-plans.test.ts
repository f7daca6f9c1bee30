/** Queries that run often find what they look for by an index, with as many rows as a busy bridge has. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { CompiledQuery, DatabaseConnection } from 'kysely';
import pg from 'pg';
import type { OutboxId, SessionName } from '../../../bridge/src/contract/ids.ts';
import { envelopesAfter, eventsAt, laneBefore } from '../../../bridge/src/store/events.repository.ts';
import { OutboxReads } from '../../../bridge/src/store/outbox-reads.repository.ts';
import { PostgresConnection } from '../../../bridge/src/store/postgres/connection.ts';
import { kyselyOver } from '../../../bridge/src/store/postgres/dialect.ts';
import { migrate } from '../../../bridge/src/store/postgres/migrate.ts';
import type { Schema } from '../../../bridge/src/store/schema.ts';
import { positionsOf } from '../../../bridge/src/store/stream.repository.ts';
import { freshPostgres } from '../../servers/fresh.ts';

jest.setTimeout(120_000);

const SESSION = 's1' as SessionName;
const FILL = `
  INSERT INTO events (seq, id, type, session, sender_keys, occurred_at, recorded_at, lane)
    SELECT n, 'e' || n, 'message.received', 's' || n % 10, '[]', '', n, 'lane ' || n % 500 FROM generate_series(1, 50000) n;
  INSERT INTO event_payloads SELECT n, 'present', '{}' FROM generate_series(1, 50000) n;
  INSERT INTO outbox (id, session, chat_id, chat, resolved, content, type, state, attempts, due_at, head, created_at,
      updated_at, wire_id, expires_at)
    SELECT 'o' || n, 's' || n % 10, 'c' || n, '{}', 1, '{}', 'text', CASE WHEN n % 100 = 0 THEN 'queued' ELSE 'read' END,
      0, n, CASE WHEN n % 100 = 0 THEN 1 ELSE 0 END, n, n, 'w' || n, n FROM generate_series(1, 50000) n;
  INSERT INTO subscriptions (id, name, filter, effective_filter, epoch, floor, since, takeovers, created_at, last_used_at)
    SELECT n, 'sub' || n, '{}', '{}', 'e', 0, 0, 0, 1, 1 FROM generate_series(1, 50) n;
  INSERT INTO stream_positions SELECT 1 + n % 50, n, 'lane', 'acked', 1, 0, 0, NULL, 0 FROM generate_series(1, 50000) n;
  ANALYZE`;

let client: pg.Client;
let connection: PostgresConnection;
let plans: string[];
/** Explains what it is asked for. */
const explaining = {
  async executeQuery({ sql, parameters }: CompiledQuery) {
    const { rows } = await connection.execute(`EXPLAIN ${sql}`, parameters);
    plans.push(...(rows as { 'QUERY PLAN': string }[]).map((row) => row['QUERY PLAN']));
    return { rows: [] };
  },
} as unknown as DatabaseConnection;

beforeAll(async () => {
  client = new pg.Client({ connectionString: await freshPostgres() });
  // Its database is dropped, and the connection with it, before this file's own end.
  client.on('error', () => undefined);
  await client.connect();
  connection = new PostgresConnection(client);
  await migrate(connection);
  await connection.run(FILL);
});
afterAll(() => client.end());

const db = kyselyOver<Schema>(explaining, 'outside');
const outbox = new OutboxReads(db);

test.each<[string, string, () => Promise<unknown>]>([
  ['events after a position', 'events_pkey', () => envelopesAfter(db, 49_000, 100)],
  ['events by position', 'events_pkey', () => eventsAt(db, [1, 7, 9, 40_000])],
  ['the events of a lane, newest first', 'events_lane', () => laneBefore(db, 'lane 7', 49_000, {}, 64)],
  ['the positions of a subscription', 'stream_positions_pk', () => positionsOf(db, 7)],
  ['the next message of each chat', 'outbox_', () => outbox.dueHeads(SESSION, 1_000, 10, true)],
  ['when the next one is due', 'outbox_', () => outbox.nextDue(SESSION, 1)],
  ['a message by its id', 'outbox_id_key', () => outbox.find('o7' as OutboxId)],
  ['sessions with expired messages', 'outbox_deadlines', () => outbox.sessionsWithExpired(1_000)],
  ['expired messages', 'outbox_deadlines', () => outbox.expired([SESSION], 1_000, 10)],
])('%s', async (_what, index, call) => {
  plans = [];
  await call();
  expect(plans.join('\n')).toMatch(new RegExp(`(using|on) ${index}`));
  expect(plans.join('\n')).not.toContain('Seq Scan');
});
