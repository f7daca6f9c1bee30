/** What the doctor says of a real PostgreSQL. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkDatabase, judgeServer } from '../../bridge/src/cli/doctor-database.ts';
import type { Result } from '../../bridge/src/cli/finding.ts';
import { loadSettings } from '../../bridge/src/config/load-settings.ts';
import { openDatabase } from '../../bridge/src/store/open-database.ts';
import { askServer, type ServerFacts } from '../../bridge/src/store/postgres/server-facts.ts';
import { startPostgres } from '../servers/postgres.ts';
import type { ServerProcess } from '../servers/server-process.ts';
import { onServer } from './postgres/tally.ts';

const PASSWORD = 'open-sesame';
let server: ServerProcess;
let url: string;
let databases = 0;
beforeAll(async () => {
  server = await startPostgres({ durable: true });
});
afterAll(() => server.stop());
beforeEach(async () => {
  const name = `doctor_${++databases}`;
  await onServer(server.url, (client) => client.query(`CREATE DATABASE ${name}`));
  url = changed(server.url, { pathname: `/${name}` });
});

const changed = (from: string, change: Partial<URL>): string => Object.assign(new URL(from), change).href;
const sql = (text: string, at = url): Promise<unknown> => onServer(at, (client) => client.query(text));
const examine = (databaseUrl = url): Promise<Result> =>
  checkDatabase(loadSettings({ WABRIDGE_DATABASE_URL: databaseUrl }).settings);
/** For connections to come. */
const set = (setting: string): Promise<unknown> =>
  sql(`ALTER DATABASE ${new URL(url).pathname.slice(1)} SET ${setting}`, server.url);

test('a server that is as it should be, before and after a bridge has used it', async () => {
  const good = { state: 'ok', detail: expect.stringMatching(/^PostgreSQL \d+\.\d+ at 127\.0\.0\.1:\d+\/doctor_\d+$/) };
  expect(await examine()).toEqual(good);
  const dataDir = mkdtempSync(join(tmpdir(), 'wabridge-doctor-'));
  const log = { error: () => undefined };
  const database = await openDatabase({ dataDir, databaseUrl: url, log, onFatal: () => undefined });
  try {
    // It takes no lock, so the bridge is not disturbed.
    expect(await examine()).toEqual(good);
  } finally {
    await database.close();
    rmSync(dataDir, { recursive: true });
  }
});

test('SQLite', async () => {
  expect(await checkDatabase(loadSettings({}).settings)).toMatchObject({
    state: 'ok',
    detail: expect.stringMatching(/^SQLite, .*wabridge\.db$/),
  });
});

test('another encoding', async () => {
  await sql(`CREATE DATABASE doctor_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`, server.url);
  expect(await examine(changed(url, { pathname: '/doctor_latin' }))).toMatchObject({
    state: 'failed',
    detail: expect.stringContaining('encoding of the database is LATIN1'),
    todo: expect.stringContaining("ENCODING 'UTF8'"),
  });
});

test('a user without rights, and tables of somebody else', async () => {
  await sql('CREATE ROLE poor LOGIN', server.url);
  const poor = changed(url, { username: 'poor' });
  expect(await examine(poor)).toMatchObject({
    state: 'failed',
    detail: expect.stringContaining('poor may not create tables in the schema public'),
    todo: expect.stringMatching(/ALTER DATABASE doctor_\d+ OWNER TO poor/),
  });
  await sql('GRANT CREATE ON SCHEMA public TO poor; CREATE TABLE kysely_migration (name text)');
  expect(await examine(poor)).toMatchObject({
    state: 'failed',
    detail: expect.stringContaining('its tables belong to postgres, so that poor cannot change them'),
    todo: expect.stringContaining('REASSIGN OWNED BY postgres TO poor'),
  });
});

test('commits that are not on disk when they are acknowledged', async () => {
  await set('synchronous_commit = off');
  expect(await examine()).toMatchObject({
    state: 'warning',
    detail: expect.stringContaining('the bridge turns it on for what it writes'),
  });
  const careless = await startPostgres();
  try {
    expect(await examine(careless.url)).toMatchObject({
      state: 'warning',
      detail: expect.stringMatching(/fsync is off: a crash of its machine loses messages and events/),
      todo: expect.stringContaining('fsync = on'),
    });
  } finally {
    await careless.stop();
  }
});

test('a database that only reads', async () => {
  await set('default_transaction_read_only = on');
  expect(await examine()).toMatchObject({
    state: 'failed',
    detail: expect.stringContaining('records and sends nothing'),
    todo: expect.stringContaining('default_transaction_read_only = off'),
  });
});

test('too few connections, of the user or the database', async () => {
  await sql('CREATE ROLE limited LOGIN CONNECTION LIMIT 4', server.url);
  await sql(`GRANT CREATE ON SCHEMA public TO limited`);
  const limited = changed(url, { username: 'limited' });
  expect(await examine(limited)).toMatchObject({
    state: 'warning',
    detail: expect.stringContaining('4 connections are left, and the bridge needs 5'),
  });
  await sql('ALTER ROLE limited CONNECTION LIMIT 5', server.url);
  expect(await examine(limited)).toMatchObject({ state: 'ok' });
  await onServer(limited, async () => {
    expect(await examine(limited)).toMatchObject({ state: 'warning' });
  });
});

test('a schema that is newer than this version', async () => {
  await sql(
    `CREATE TABLE kysely_migration (name text); INSERT INTO kysely_migration VALUES ('0001-events'), ('9999-future')`,
  );
  expect(await examine()).toMatchObject({ state: 'failed', detail: expect.stringContaining('9999-future') });
});

test('a database that is not there, and a server that does not answer: no password is told', async () => {
  const withPassword = changed(url, { password: PASSWORD });
  const nowhere = await examine(changed(withPassword, { pathname: '/nowhere' }));
  expect(nowhere).toMatchObject({
    state: 'failed',
    detail: expect.stringMatching(/cannot be used: the database does not exist/),
  });
  const closed = await examine(changed(withPassword, { port: '1' }));
  expect(closed).toMatchObject({ state: 'failed', detail: expect.stringContaining('refuses connections') });
  expect(JSON.stringify([nowhere, closed])).not.toContain(PASSWORD);
});

test('a server that holds still is given up soon', async () => {
  await server.pause();
  try {
    expect(await examine()).toMatchObject({ state: 'failed', detail: expect.stringContaining('does not answer') });
  } finally {
    await server.resume();
  }
});

test('what this machine has no server for', async () => {
  const facts = (await askServer(url)) as ServerFacts;
  expect(Math.abs(facts.clockAheadMs)).toBeLessThan(5_000);
  const judge = (patch: Partial<ServerFacts>, place = '127.0.0.1:5432/x'): Result =>
    judgeServer({ ...facts, ...patch }, place);
  expect(judge({ versionNumber: 140_009, version: '14.9' })).toMatchObject({
    state: 'failed',
    detail: expect.stringContaining('PostgreSQL 14.9 at'),
    todo: expect.stringContaining('15 or newer'),
  });
  expect(judge({ isStandby: true })).toMatchObject({
    state: 'failed',
    detail: expect.stringContaining('it is a standby'),
  });
  expect(judge({ clockAheadMs: -90_000 })).toMatchObject({
    state: 'warning',
    detail: expect.stringContaining('90 s behind'),
  });
  expect(judge({ isEncrypted: false }, 'db.example.com:5432/x')).toMatchObject({
    todo: expect.stringContaining('verify-full'),
  });
  expect(judge({ isEncrypted: true }, 'db.example.com:5432/x')).toMatchObject({ state: 'ok' });
  expect(judge({ synchronousStandbys: 'ANY 1 (*)', synchronousCommit: 'local' })).toMatchObject({
    state: 'warning',
    detail: expect.stringContaining('a failover loses'),
  });
});
