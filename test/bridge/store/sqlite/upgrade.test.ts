/** Upgrades of a database that has rows. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { SessionName } from '../../../../bridge/src/contract/ids.ts';
import { claimMessages } from '../../../../bridge/src/store/outbox.repository.ts';
import type { Schema } from '../../../../bridge/src/store/schema.ts';
import { MIGRATIONS, migrationProvider } from '../../../../bridge/src/store/migrations/index.ts';
import { openWriter } from '../../../../bridge/src/store/sqlite/connection.ts';
import { NodeSqliteDialect } from '../../../../bridge/src/store/sqlite/dialect.ts';
import { migrate } from '../../../../bridge/src/store/sqlite/migrate.ts';

const ACCOUNT = JSON.stringify({ chatId: '49150000001@c.us' });
let folder: string;
let database: DatabaseSync;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-upgrade-'));
  database = openWriter(join(folder, 'wabridge.db'));
});
afterEach(async () => {
  database.close();
  await rm(folder, { recursive: true, force: true });
});

async function migrateUntil(name: string): Promise<void> {
  const db = new Kysely<unknown>({ dialect: new NodeSqliteDialect(database) });
  const { error } = await new Migrator({ db, provider: migrationProvider }).migrateTo(name);
  expect(error).toBeUndefined();
}

function session(name: string, self: string | null, desired: string): void {
  database
    .prepare(
      "INSERT INTO sessions (name, engine, desired, self, created_at, updated_at) VALUES (?, 'webjs', ?, ?, 1, 1)",
    )
    .run(name, desired, self);
}

let ids = 0;
function message(of: string, state: string, attempts: number): string {
  const id = `out_${++ids}`;
  database
    .prepare(
      `INSERT INTO outbox (id, session, chat_id, chat, resolved, content, type, state, attempts, due_at, head, created_at,
        updated_at) VALUES (?, ?, ?, '{}', 1, '{}', 'text', ?, ?, 0, 0, 1, 1)`,
    )
    .run(id, of, `${id}@c.us`, state, attempts);
  return id;
}

test('what waits for an account that is not known any more expires, and nothing else does', async () => {
  await migrateUntil('0008-session-proxy');
  session('linked', ACCOUNT, 'running');
  session('unlinked', null, 'logged_out');
  session('used', null, 'running');
  session('new', null, 'running');
  message('used', 'read', 1);
  const expiring = [message('unlinked', 'queued', 0), message('used', 'queued', 0)];
  const waiting = [message('linked', 'queued', 1), message('new', 'queued', 0)];
  message('unlinked', 'accepted', 1);

  await migrate(database);

  const due = database.prepare('SELECT id FROM outbox WHERE expires_at <= ? ORDER BY position').all(Date.now());
  expect(due.map(({ id }) => id)).toEqual(expiring);
  const rows = database.prepare("SELECT id, account FROM outbox WHERE state = 'queued' AND expires_at IS NULL").all();
  expect(rows).toEqual([
    { id: waiting[0], account: ACCOUNT },
    { id: waiting[1], account: null },
  ]);
});

test('what was being sent or in doubt does not become the property of the account that is linked next', async () => {
  await migrateUntil('0008-session-proxy');
  session('support', null, 'logged_out');
  const begun = [message('support', 'sending', 1), message('support', 'in_doubt', 1)];
  const queued = message('support', 'queued', 0);

  await migrate(database);
  const { login } = database.prepare('SELECT login FROM sessions').get() as { login: number };
  const db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(database) });
  const link = (of: number) =>
    db
      .transaction()
      .execute((unit) => claimMessages.run(unit, { session: 'support' as SessionName, account: ACCOUNT, login: of }));
  const owned = () =>
    database
      .prepare('SELECT id FROM outbox WHERE account IS NOT NULL ORDER BY position')
      .all()
      .map(({ id }) => id);

  await link(login);
  expect(owned()).toEqual([queued]);
  // By the login in which they were begun, had it not ended.
  await link(0);
  expect(owned()).toEqual([...begun, queued]);
});

test('what waits to be sent quotes and reacts to the same messages as before, and its text stays', async () => {
  await migrateUntil('0011-media-owners');
  const text = 'he wrote "quotedWireId": "none"';
  const rows = {
    [message('support', 'queued', 1)]: { type: 'text', text, quotedWireId: 'false_1@c.us_A' },
    [message('support', 'queued', 1)]: { type: 'reaction', targetWireId: 'false_1@c.us_B', emoji: '👍' },
  };
  for (const [id, content] of Object.entries(rows))
    database
      .prepare("UPDATE outbox SET content = ?, error_code = 'WAB_ACT_NOT_DONE' WHERE id = ?")
      .run(JSON.stringify(content), id);

  await migrate(database);

  const after = database.prepare('SELECT content, error_code FROM outbox ORDER BY position').all();
  expect(after.map(({ content }) => JSON.parse(content as string) as unknown)).toEqual([
    { type: 'text', text, quotedMessageId: 'false_1@c.us_A' },
    { type: 'reaction', targetMessageId: 'false_1@c.us_B', emoji: '👍' },
  ]);
  expect(after.map((row) => row['error_code'])).toEqual(['WAB_OPERATION_FAILED', 'WAB_OPERATION_FAILED']);
});

test('migrations are numbered without a gap: a database that ran a later one refuses what fills it', () => {
  const numbers = Object.keys(MIGRATIONS).map((name) => Number(name.slice(0, 4)));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
});
