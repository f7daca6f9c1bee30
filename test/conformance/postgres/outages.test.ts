/** PostgreSQL goes away in every way that a test can make happen: nothing is lost, nothing is done twice. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres } from '../../servers/postgres.ts';
import type { ServerProcess } from '../../servers/server-process.ts';
import { TcpProxy } from '../../servers/tcp-proxy.ts';
import { until } from '../../until.ts';
import { exactly, onServer, Tally } from './tally.ts';

jest.setTimeout(180_000);

const CONNECTIONS = 12;
let server: ServerProcess;
let proxy: TcpProxy;
let url: string;
let databases = 0;
let tally: Tally;

beforeAll(async () => {
  server = await startPostgres({
    durable: true,
    settings: { max_connections: String(CONNECTIONS), superuser_reserved_connections: '0' },
  });
  proxy = await TcpProxy.before(Number(new URL(server.url).port));
});
afterAll(async () => {
  await proxy.stop();
  await server.stop();
});
beforeEach(async () => {
  const name = `outage_${++databases}`;
  await onServer(server.url, (client) => client.query(`CREATE DATABASE ${name}`));
  url = Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
  tally = await Tally.open(proxy.through(url));
});
afterEach(async () => {
  await proxy.forward();
  await tally.close();
});

const outage = (): string | undefined => tally.database.availability.outage?.reason;
/** Resolves once as many more units are acknowledged. */
const more = async (units: number): Promise<void> => {
  const target = tally.acknowledged + units;
  await until(`${target} units`, () => tally.acknowledged >= target);
};

test('the server is killed again and again while events are appended', async () => {
  const stop = tally.run(30);
  for (let kill = 0; kill < 4; kill++) {
    await more(200);
    await server.kill();
    await until('an outage', () => outage() !== undefined);
    await server.restart();
  }
  await more(200);
  await stop();
  expect(await tally.check(url)).toEqual(exactly(tally.acknowledged));
  expect(tally.acknowledged).toBeGreaterThan(1_000);
  expect(outage()).toBeUndefined();
});

test('the connection is cut again and again, wherever a transaction happens to be', async () => {
  const stop = tally.run(10);
  for (let cut = 0; cut < 40; cut++) {
    await more(1 + (cut % 7));
    await wait(cut % 5);
    proxy.cut();
  }
  await more(1);
  await stop();
  expect(await tally.check(url)).toEqual(exactly(tally.acknowledged));
});

describe('a COMMIT that takes its time', () => {
  beforeEach(() =>
    onServer(url, (client) =>
      client.query(`
        CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER linger AFTER UPDATE ON subscriptions DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION linger()`),
    ),
  );
  const writer = async (): Promise<{ pid: number; query: string } | undefined> =>
    onServer(url, async (client) => {
      const { rows } = await client.query<{ pid: number; query: string }>(
        `SELECT pid, query FROM pg_stat_activity
         WHERE application_name = 'wabridge writer' AND datname = current_database() AND wait_event = 'PgSleep'`,
      );
      return rows[0];
    });
  /** @param former a backend that is not meant */
  const untilCommitting = (former = 0): Promise<number> =>
    until('a COMMIT under way', async () => {
      const found = await writer();
      return found?.query === 'COMMIT' && found.pid !== former && found.pid;
    });

  test('is cut off before it took effect: the unit is carried out again', async () => {
    const written = tally.one();
    const former = await untilCommitting();
    proxy.cut();
    await untilCommitting(former);
    await written;
    expect(await tally.check(url)).toEqual(exactly(1));
  });

  test('took effect, but its answer is lost: the unit is not carried out again', async () => {
    const written = tally.one();
    await untilCommitting();
    proxy.swallow('to the client');
    await until('the commit', async () => (await tally.check(url)).events === 1);
    proxy.cut();
    await proxy.forward();
    await written;
    expect(await tally.check(url)).toEqual(exactly(1));
    await tally.one();
    expect(await tally.check(url)).toEqual(exactly(2));
  });

  test('is cancelled by an operator: the unit is carried out again', async () => {
    const written = tally.one();
    const pid = await untilCommitting();
    await onServer(url, (client) => client.query('SELECT pg_cancel_backend($1)', [pid]));
    await written;
    expect(await tally.check(url)).toEqual(exactly(1));
  });
});

test('a server that holds still is an outage; once it goes on, so does the work', async () => {
  const stop = tally.run(5);
  await more(20);
  await server.pause();
  await until('an outage', () => outage() !== undefined);
  expect(outage()).toMatch(/it takes long to answer/);
  await server.resume();
  await more(20);
  await stop();
  await until('the end of the outage', () => outage() === undefined);
  expect(await tally.check(url)).toEqual(exactly(tally.acknowledged));
});

test('the outage of an idle bridge is noticed, and its end', async () => {
  await proxy.refuse();
  await until('an outage', () => outage() !== undefined);
  expect(outage()).toMatch(/^PostgreSQL at 127\.0\.0\.1:\d+\/outage_\d+: /);
  await proxy.forward();
  await until('the end of the outage', () => outage() === undefined);
  await tally.one();
});

test('reads wait for a free connection', async () => {
  const { reader } = tally.database;
  const others = [];
  // All but the one that writes.
  for (let index = 0; index < CONNECTIONS - 1; index++) {
    const client = new pg.Client({ connectionString: url });
    others.push(client);
    await client.connect();
  }
  try {
    const read = reader.selectFrom('events').select('id').execute();
    await until('an outage', () => outage() !== undefined);
    expect(outage()).toMatch(/no free connections/);
    await others.pop()!.end();
    expect(await read).toEqual([]);
    expect(outage()).toBeUndefined();
  } finally {
    await Promise.all(others.map((client) => client.end()));
  }
});

test('a database that only reads is waited for, and read from', async () => {
  const alter = (change: string): Promise<unknown> =>
    onServer(server.url, async (client) => {
      await client.query('SET default_transaction_read_only = off');
      await client.query(`ALTER DATABASE ${new URL(url).pathname.slice(1)} ${change}`);
    });
  await tally.one();
  await alter('SET default_transaction_read_only = on');
  proxy.cut();
  const written = tally.one();
  await until('an outage', () => /read-only/.test(outage() ?? ''));
  expect(await tally.database.reader.selectFrom('events').select('id').execute()).toHaveLength(1);
  await alter('RESET default_transaction_read_only');
  await written;
  expect(await tally.check(url)).toEqual(exactly(2));
});

test('a full disk is an error that says so, for the units that met it', async () => {
  // The SQLSTATE of a full disk, raised by the real server; the disk itself is not full.
  await onServer(url, (client) =>
    client.query(`
      CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN IF NEW.id = ''event 2'' THEN RAISE EXCEPTION ''no space'' USING ERRCODE = ''53100''; END IF; RETURN NEW; END';
      CREATE TRIGGER full_disk BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION full_disk()`),
  );
  const outcomes = await Promise.allSettled([tally.one(), tally.one(), tally.one()]);
  expect(outcomes).toMatchObject([
    { status: 'fulfilled' },
    { status: 'rejected', reason: { code: 'WAB_DISK_FULL' } },
    { status: 'fulfilled' },
  ]);
  expect(outage()).toBeUndefined();
  expect(await tally.check(url)).toEqual(exactly(2));
});

test('another bridge that took the database over is a reason to stop', async () => {
  await proxy.refuse();
  await until('an outage', () => outage() !== undefined);
  const other = await onServer(url, async (client) => {
    await client.query('DELETE FROM subscriptions');
    return Tally.open(url);
  });
  try {
    await proxy.forward();
    await expect(tally.one()).rejects.toMatchObject({ code: 'WAB_DATABASE_IN_USE' });
    expect(tally.fatal).toMatchObject([{ code: 'WAB_DATABASE_IN_USE' }]);
    await expect(tally.one()).rejects.toMatchObject({ code: 'WAB_SHUTTING_DOWN' });
  } finally {
    await other.close();
  }
});

describe('what others wrote while the connection was lost is a reason to stop', () => {
  beforeEach(async () => {
    await tally.one();
    await proxy.refuse();
    await until('an outage', () => outage() !== undefined);
  });
  const expectEnd = async (): Promise<void> => {
    await proxy.forward();
    await until('the end', () => tally.fatal.length > 0);
    expect(tally.fatal).toMatchObject([{ code: 'WAB_DATABASE_CHANGED' }]);
    await expect(tally.one()).rejects.toMatchObject({ code: 'WAB_SHUTTING_DOWN' });
  };

  test('another bridge had the database, and is gone', async () => {
    await onServer(url, (client) => client.query('DELETE FROM subscriptions'));
    await (await Tally.open(url)).close();
    await expectEnd();
  });

  test('the server came back without what it had confirmed', async () => {
    await onServer(url, (client) => client.query(`UPDATE writer_marker SET group_id = 'an earlier one'`));
    await expectEnd();
  });
});

test('a stop does not wait for a server that is away', async () => {
  await tally.one();
  await proxy.refuse();
  // Looked at together: whichever is refused first must not be left alone until the other is.
  const outcomes = Promise.allSettled([tally.one(), tally.database.reader.selectFrom('events').select('id').execute()]);
  await until('an outage', () => outage() !== undefined);
  tally.database.availability.stopWaiting();
  const refused = { status: 'rejected', reason: { code: 'WAB_SHUTTING_DOWN' } };
  expect(await outcomes).toMatchObject([refused, refused]);
  await tally.close();
  expect(tally.fatal).toEqual([]);
});
