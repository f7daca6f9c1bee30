/** A database moves from SQLite to PostgreSQL and back: nothing is lost, nothing doubled, and only one of both can be used. */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { copyDatabase, type CopyProgress } from '../../../bridge/src/store/copy/copy-database.ts';
import type { CopySide } from '../../../bridge/src/store/copy/copy-side.ts';
import { withDatabases, type DatabasePlace } from '../../../bridge/src/store/copy/with-databases.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import { appendEvent } from '../../../bridge/src/store/events.repository.ts';
import { openDatabase } from '../../../bridge/src/store/open-database.ts';
import { runHere } from '../../bridge/cli/cli-here.ts';
import { contentOf, fillEveryTable, Stop, stopAfter } from '../../bridge/store/copy/copy-samples.ts';
import { freshPostgres } from '../../servers/fresh.ts';
import { rowNamed } from '../database.suite.ts';
import { onServer } from './tally.ts';

jest.setTimeout(180_000);

/** More than one batch for each table. */
const ROWS = 250;
let dataDir: string;
let sqlite: DatabasePlace;
let postgres: DatabasePlace & { readonly url: string };
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'wabridge-move-'));
  sqlite = { file: join(dataDir, 'wabridge.db') };
  postgres = { url: await freshPostgres() };
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

type Report = (progress: CopyProgress) => void;
const on = <R>(place: DatabasePlace, work: (side: CopySide) => Promise<R>): Promise<R> =>
  withDatabases(dataDir, [place], work);
const copy = (from: DatabasePlace, to: DatabasePlace, report: Report = () => undefined) =>
  withDatabases(dataDir, [from, to], (source, target) => copyDatabase(source, target, report));
const start = (place: DatabasePlace): Promise<Database> =>
  openDatabase({
    dataDir,
    databaseUrl: 'url' in place ? place.url : undefined,
    log: { error: () => undefined },
    onFatal: () => undefined,
  });
const fill = (rows = ROWS): Promise<void> => on(sqlite, (side) => fillEveryTable(side, rows));
const append = async (place: DatabasePlace, id: string): Promise<number> => {
  const database = await start(place);
  const { seq } = await database.write(appendEvent(rowNamed(id)));
  await database.close();
  return seq;
};
const endConnections = (): Promise<unknown> =>
  onServer(postgres.url, (client) =>
    client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    ),
  );
/** As a person makes room for the way back. */
const moveFileAway = (): void => {
  mkdirSync(join(dataDir, 'old'));
  renameSync(join(dataDir, 'wabridge.db'), join(dataDir, 'old', 'wabridge.db'));
};

test('there and back, with everything, and the positions and the epoch continue', async () => {
  await fill();
  // Positions whose events are gone are not given out again.
  await on(sqlite, (side) => side.query('DELETE FROM event_dedupe WHERE seq > ?', [ROWS - 10]));
  const before = await on(sqlite, contentOf);
  const there = await copy(sqlite, postgres);
  expect(await on(postgres, contentOf)).toEqual(before);
  const next = await append(postgres, 'on PostgreSQL');
  expect(next).toBe(ROWS + 1);

  moveFileAway();
  const inPostgres = await on(postgres, contentOf);
  const back = await copy(postgres, sqlite);
  expect(await on(sqlite, contentOf)).toEqual(inPostgres);
  expect(inPostgres['log_meta']).toEqual(before['log_meta']);
  expect(await append(sqlite, 'on SQLite')).toBe(next + 1);
  // What did not change has the same digest in both kinds of database.
  const unchanged = there.filter(({ table }) => !['events', 'event_payloads', 'event_dedupe'].includes(table));
  expect(back).toEqual(expect.arrayContaining(unchanged));
});

test.each(['there', 'back'])('on the way %s it can be stopped anywhere', async (direction) => {
  await fill();
  let [from, to]: DatabasePlace[] = [sqlite, postgres];
  if (direction === 'back') {
    await copy(sqlite, postgres);
    moveFileAway();
    [from, to] = [postgres, sqlite];
  }
  const before = await on(from!, contentOf);
  let stops = 0;
  for (;;) {
    const outcome = await copy(from!, to!, stopAfter(4)).catch((error: unknown) => error);
    if (!(outcome instanceof Error)) break;
    expect(outcome).toBeInstanceOf(Stop);
    await expect(start(to!)).rejects.toMatchObject({ code: 'WAB_DATABASE_COPY_UNFINISHED' });
    stops += 1;
  }
  expect(stops).toBeGreaterThan(3);
  expect(await on(to!, contentOf)).toEqual(before);
  await expect(start(from!)).rejects.toMatchObject({ code: 'WAB_DATABASE_MOVED' });
});

test('a connection that is lost ends it with a sentence, and the next run continues', async () => {
  await fill();
  const before = await on(sqlite, contentOf);
  let batches = 0;
  const cut = withDatabases(dataDir, [sqlite, postgres], (source, target) => {
    const insert = target.insert.bind(target);
    target.insert = async (table, rows) => {
      if (++batches === 5) await endConnections();
      await insert(table, rows);
    };
    return copyDatabase(source, target, () => undefined);
  });
  await expect(cut).rejects.toMatchObject({
    code: 'WAB_DATABASE_COPY_STOPPED',
    message: expect.stringContaining('same command again'),
  });
  await copy(sqlite, postgres);
  expect(await on(postgres, contentOf)).toEqual(before);
});

test('text that PostgreSQL cannot hold does not make the copies differ', async () => {
  await fill(3);
  await on(sqlite, async (side) =>
    side.query(`UPDATE media SET file_name = 'a' || char(0) || 'b', due_at = 1.6 WHERE id = ?`, [
      (await side.query<{ id: string }>('SELECT id FROM media ORDER BY id LIMIT 1'))[0]!.id,
    ]),
  );
  await copy(sqlite, postgres);
  const { rows } = await onServer(postgres.url, (client) =>
    client.query(`SELECT file_name, due_at::text FROM media ORDER BY id LIMIT 1`),
  );
  expect(rows).toEqual([{ file_name: 'a\uFFFDb', due_at: '2' }]);
});

describe('refused is', () => {
  test('a target that has anything in it', async () => {
    await fill(3);
    await onServer(postgres.url, (client) => client.query('CREATE TABLE of_somebody_else (n integer)'));
    await expect(copy(sqlite, postgres)).rejects.toMatchObject({ code: 'WAB_DATABASE_NOT_EMPTY' });
    await onServer(postgres.url, (client) => client.query('DROP TABLE of_somebody_else'));
    await (await start(sqlite)).close();
    await copy(sqlite, postgres);
    // Back into the old file, which is still there.
    await expect(copy(postgres, sqlite)).rejects.toMatchObject({ code: 'WAB_DATABASE_NOT_EMPTY' });
    await (await start(postgres)).close();
  });

  test('a target that another bridge uses', async () => {
    await fill(3);
    const bridge = await openDatabase({
      dataDir: join(dataDir, 'of another bridge'),
      databaseUrl: postgres.url,
      log: { error: () => undefined },
      onFatal: () => undefined,
    });
    await expect(copy(sqlite, postgres)).rejects.toMatchObject({ code: 'WAB_DATABASE_IN_USE' });
    await bridge.close();
  });

  test('a server that is not there', async () => {
    await fill(3);
    const url = 'postgres://user:a-secret@127.0.0.1:1/nowhere';
    await expect(copy(sqlite, { url })).rejects.toMatchObject({
      code: 'WAB_DATABASE_UNUSABLE',
      message: expect.not.stringContaining('a-secret'),
    });
  });
});

test('as a command: it says what to do next, and no password; the old database can be reopened', async () => {
  await fill(20);
  const withPassword = Object.assign(new URL(postgres.url), { password: 'a-secret' }).href;
  const run = (...args: readonly string[]) => runHere(['database', ...args], { WABRIDGE_DATA_DIR: dataDir });
  const { code, out, err } = await run('copy', '--to', withPassword);
  expect({ code, err }).toEqual({
    code: 0,
    err: expect.stringMatching(/^Copying from SQLite in .* to PostgreSQL at /),
  });
  expect(out).toMatch(/^Copied \d+ rows of \d+ tables.*[^]*WABRIDGE_DATABASE_URL/);
  const again = await run('copy', '--to', withPassword);
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('WAB_DATABASE_NOT_EMPTY') });
  expect([out, err, again.out, again.err].join()).not.toContain('a-secret');
  const same = await run('copy', '--to', 'sqlite');
  expect(same).toMatchObject({ code: 2, err: expect.stringContaining('the same') });
  // A bridge may have used the copy: cursors into it must be recognised.
  expect(await run('reopen', '--json')).toEqual({ code: 0, err: '', out: '{"reopened":true}\n' });
  const [before, after] = [await on(postgres, contentOf), await on(sqlite, contentOf)];
  expect(after['log_meta']).not.toEqual(before['log_meta']);
  await (await start(sqlite)).close();
});
