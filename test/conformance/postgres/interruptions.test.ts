/** PostgreSQL goes away during a migration, changes a password under a bridge that runs, or never answers. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Database } from '../../../bridge/src/store/database.ts';
import { appendEvent } from '../../../bridge/src/store/events.repository.ts';
import { MIGRATIONS } from '../../../bridge/src/store/migrations/index.ts';
import { openDatabase } from '../../../bridge/src/store/open-database.ts';
import { startPostgres } from '../../servers/postgres.ts';
import type { ServerProcess } from '../../servers/server-process.ts';
import { TcpProxy } from '../../servers/tcp-proxy.ts';
import { until } from '../../until.ts';
import { rowNamed } from '../database.suite.ts';
import { exactly, onServer, Tally } from './tally.ts';

jest.setTimeout(180_000);

let server: ServerProcess;
let proxy: TcpProxy;
let url: string;
let databases = 0;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  server = await startPostgres({ durable: true });
  proxy = await TcpProxy.before(server.port);
});
afterAll(async () => {
  await proxy.stop();
  await server.stop();
});
beforeEach(async () => {
  const name = `interrupted_${++databases}`;
  await sql(`CREATE DATABASE ${name}`, server.url);
  url = changed({ pathname: `/${name}` });
});
afterEach(async () => {
  await proxy.forward();
  for (const end of ends.splice(0).reverse()) await end();
});

const changed = (change: Partial<URL>): string => Object.assign(new URL(server.url), change).href;
const sql = (text: string, at = url): Promise<unknown> => onServer(at, (client) => client.query(text));
const rows = (text: string): Promise<string[]> =>
  onServer(url, async (client) => (await client.query<{ name: string }>(text)).rows.map(({ name }) => name));
const openTally = async (databaseUrl: string, answerTimeoutMs?: number): Promise<Tally> => {
  const tally = await Tally.open(databaseUrl, answerTimeoutMs);
  ends.push(() => tally.close());
  return tally;
};
const reasonOf = (tally: Tally): string => tally.database.availability.outage?.reason ?? '';

describe('killed in the middle of the migrations', () => {
  const TABLES = `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'kysely%'`;
  let dataDir: string;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'wabridge-migrating-'));
    // Stops before the table of the media, for as long as somebody holds a lock, which a killed server does not keep.
    await sql(`
      CREATE FUNCTION stop_at_media() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
        IF to_regclass('media') IS NOT NULL THEN PERFORM pg_advisory_xact_lock(4711); END IF; END $$;
      CREATE EVENT TRIGGER stop_at_media ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION stop_at_media()`);
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const open = (signal?: AbortSignal): Promise<Database> =>
    openDatabase({ dataDir, databaseUrl: url, log: { error: () => undefined }, onFatal: () => undefined, signal });

  /** Starts a bridge's database, and kills the server while it migrates. */
  async function killedDuring(signal?: AbortSignal): Promise<{ readonly opening: Promise<Database> }> {
    const holder = new pg.Client({ connectionString: url });
    holder.on('error', () => undefined);
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock(4711)');
    const opening = open(signal);
    opening.catch(() => undefined);
    await until('the migrations to be under way', async () => {
      const waiting = await rows(`SELECT query AS name FROM pg_stat_activity WHERE wait_event = 'advisory'`);
      return waiting.some((query) => /create table "media"/.test(query));
    });
    await server.kill();
    return { opening };
  }

  async function expectWhole(opening: Promise<Database>): Promise<void> {
    const database = await opening;
    ends.push(() => database.close());
    expect(await rows('SELECT name FROM kysely_migration ORDER BY name')).toEqual(Object.keys(MIGRATIONS));
    expect(await rows(TABLES)).toEqual(expect.arrayContaining(['events', 'media', 'outbox', 'writer_marker']));
    await database.write(appendEvent(rowNamed('after the migrations')));
  }

  test('the start waits for the server and carries them out', async () => {
    const { opening } = await killedDuring();
    await server.restart();
    await expectWhole(opening);
  });

  test('nothing of them is left if the bridge ends meanwhile, and the next start carries them out', async () => {
    const stop = new AbortController();
    const { opening } = await killedDuring(stop.signal);
    stop.abort();
    await expect(opening).rejects.toMatchObject({ code: 'WAB_SHUTTING_DOWN' });
    await server.restart();
    expect(await rows(TABLES)).toEqual([]);
    await expectWhole(open());
  });
});

describe('a password', () => {
  const ROLE = 'keeper';
  let secret: string;

  beforeAll(async () => {
    await onServer(server.url, async (client) => {
      // The tests' own user needs none.
      await client.query(`
        DO $$ BEGIN EXECUTE format('COPY (VALUES (%L), (%L)) TO %L', 'host all postgres all trust',
          'host all all all scram-sha-256', current_setting('hba_file')); END $$`);
      await client.query(`CREATE ROLE ${ROLE} LOGIN PASSWORD 'the-first-one'`);
      await client.query('SELECT pg_reload_conf()');
    });
  });
  beforeEach(async () => {
    await sql(`ALTER ROLE ${ROLE} PASSWORD 'the-first-one'; ALTER SCHEMA public OWNER TO ${ROLE}`);
    secret = Object.assign(new URL(proxy.through(url)), { username: ROLE, password: 'the-first-one' }).href;
  });

  test('that is wrong ends a start with one clear error, which does not repeat it', async () => {
    const wrong = Object.assign(new URL(secret), { password: 'a-wrong-one' }).href;
    const error: unknown = await Tally.open(wrong).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'WAB_DATABASE_UNUSABLE',
      message: expect.stringMatching(/refuses the password.*WABRIDGE_DATABASE_URL/),
    });
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain('a-wrong-one');
  });

  test('that changes while the bridge runs is waited for, and the reason says so', async () => {
    const tally = await openTally(secret);
    await tally.one();
    await sql(`ALTER ROLE ${ROLE} PASSWORD 'the-second-one'`);
    proxy.cut();
    const written = tally.one();
    await until('the reason', () => reasonOf(tally).includes('it refuses the password'));
    expect(reasonOf(tally)).not.toContain('the-first-one');
    await sql(`ALTER ROLE ${ROLE} PASSWORD 'the-first-one'`);
    await written;
    await until('the end of the outage', () => reasonOf(tally) === '');
    expect(await tally.check(url)).toEqual(exactly(2));
    expect(tally.fatal).toEqual([]);
  });
});

describe('a server that never answers', () => {
  test('is given up by the bridge itself, and what was asked of it is asked again', async () => {
    const tally = await openTally(proxy.through(url), 1_500);
    await tally.one();
    proxy.swallow('to the client');
    const written = tally.one();
    const read = tally.database.reader.selectFrom('events').select('id').execute();
    // What was swallowed is lost: only another connection can bring the answers.
    await until('a connection to be given up', () => reasonOf(tally) !== '');
    await proxy.forward();
    await written;
    expect((await read).length).toBeGreaterThan(0);
    expect(await tally.check(url)).toEqual(exactly(2));
    await until('the end of the outage', () => reasonOf(tally) === '');
  });
});
