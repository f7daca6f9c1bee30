/** Copying a database, between two files of SQLite. Both directions with PostgreSQL are in `test/conformance/postgres/`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { copiedTables } from '../../../../bridge/src/store/copy/copied-tables.ts';
import { copyDatabase, type CopyProgress } from '../../../../bridge/src/store/copy/copy-database.ts';
import { reopenDatabase } from '../../../../bridge/src/store/copy/copy-mark.ts';
import type { CopySide } from '../../../../bridge/src/store/copy/copy-side.ts';
import { digestOf } from '../../../../bridge/src/store/copy/table-rows.ts';
import { withDatabases, type DatabasePlace } from '../../../../bridge/src/store/copy/with-databases.ts';
import type { Database } from '../../../../bridge/src/store/database.ts';
import { appendEvent } from '../../../../bridge/src/store/events.repository.ts';
import { openDatabase } from '../../../../bridge/src/store/open-database.ts';
import { rowNamed } from '../../../conformance/database.suite.ts';
import { contentOf, fillEveryTable, LATEST, Stop, stopAfter } from './copy-samples.ts';

/** More than one batch for each table. */
const ROWS = 250;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wabridge-copy-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const place = (name: string): DatabasePlace => ({ file: join(folder, name, 'wabridge.db') });
const on = <R>(name: string, work: (side: CopySide) => Promise<R>): Promise<R> =>
  withDatabases(join(folder, name), [place(name)], work);
const copy = (report: (progress: CopyProgress) => void = () => undefined, to = 'target', from = 'source') =>
  withDatabases(join(folder, from), [place(from), place(to)], (source, target) => copyDatabase(source, target, report));
const start = (name: string): Promise<Database> =>
  openDatabase({ dataDir: join(folder, name), log: { error: () => undefined }, onFatal: () => undefined });
const content = (name: string) => on(name, contentOf);
const fill = (rows = ROWS): Promise<void> => on('source', (side) => fillEveryTable(side, rows));
const epochOf = async (database: Database): Promise<string> =>
  (await database.reader.selectFrom('log_meta').select('epoch').executeTakeFirstOrThrow()).epoch;

describe('what is copied', () => {
  test('every table that a bridge has, each behind those that it refers to', async () => {
    await (await start('source')).close();
    const tables = await copiedTables(LATEST);
    const names = tables.map(({ name }) => name);
    const existing = await on('source', (side) => side.tables());
    expect([...names].sort()).toEqual(existing.filter((name) => !name.startsWith('kysely_')).sort());
    expect(names.indexOf('events')).toBeLessThan(names.indexOf('event_payloads'));
    expect(names.indexOf('subscriptions')).toBeLessThan(names.indexOf('stream_positions'));
    expect(
      tables
        .filter(({ isNumbered }) => isNumbered)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['event_dedupe', 'outbox', 'subscriptions']);
  });

  test('every row, and the numbers and the epoch continue', async () => {
    await fill();
    // Retention may have removed the newest event; its position is not given out again.
    await on('source', (side) => side.query('DELETE FROM event_dedupe WHERE seq > ?', [ROWS - 10]));
    const before = await content('source');
    const copied = await copy();
    expect(await content('target')).toEqual(before);
    expect(Object.fromEntries(copied.map(({ table, rows }) => [table, rows]))).toEqual(
      Object.fromEntries(Object.entries(before).map(([table, rows]) => [table, rows.length])),
    );
    const [meta] = before['log_meta']!;
    const database = await start('target');
    expect(meta).toContain(await epochOf(database));
    expect(await database.write(appendEvent(rowNamed('the next')))).toEqual({ seq: ROWS + 1, duplicate: false });
    await database.close();
  });

  test('a database of an older version stays one, until a bridge starts on it', async () => {
    await on('source', (side) => fillEveryTable(side, 5, '0009-outbox-accounts'));
    await copy();
    expect((await on('target', (side) => side.appliedMigrations())).at(-1)).toBe('0009-outbox-accounts');
    await (await start('target')).close();
    expect((await on('target', (side) => side.appliedMigrations())).at(-1)).toBe(LATEST);
  });
});

describe('a copy that was stopped', () => {
  test('continues wherever it was, and keeps a bridge from starting until it is complete', async () => {
    await fill();
    const before = await content('source');
    const unfinished = { code: 'WAB_DATABASE_COPY_UNFINISHED', message: expect.stringContaining('database copy') };
    let stops = 0;
    const furthest = new Map<string, number>();
    for (let done = false; !done;) {
      const stop = stopAfter(1 + (stops % 3));
      done = await copy((progress) => {
        if (progress.phase === 'copied') {
          // Nothing is copied twice.
          expect(progress.rows).toBeGreaterThan(furthest.get(progress.table) ?? 0);
          furthest.set(progress.table, progress.rows);
        }
        stop(progress);
      }).then(
        () => true,
        (error: unknown) => {
          if (error instanceof Stop) return false;
          throw error;
        },
      );
      if (!done) await expect(start('target')).rejects.toMatchObject(unfinished);
      if (!done) stops += 1;
    }
    expect(stops).toBeGreaterThan(5);
    expect(await content('target')).toEqual(before);
    await (await start('target')).close();
  });

  test('while it was compared: nothing is copied again', async () => {
    await fill(10);
    await expect(copy(stopAfter(2, 'compared'))).rejects.toThrow(Stop);
    await expect(start('target')).rejects.toMatchObject({ code: 'WAB_DATABASE_COPY_UNFINISHED' });
    const phases = new Set<string>();
    await copy(({ phase }) => phases.add(phase));
    expect([...phases]).toEqual(['compared']);
  });

  test('at its very end: neither database can be used, and the next run completes it', async () => {
    await fill(10);
    const stopped = withDatabases(join(folder, 'source'), [place('source'), place('target')], (source, target) => {
      target.analyze = () => Promise.reject(new Stop());
      return copyDatabase(source, target, () => undefined);
    });
    await expect(stopped).rejects.toThrow(Stop);
    await expect(start('source')).rejects.toMatchObject({ code: 'WAB_DATABASE_MOVED' });
    await expect(start('target')).rejects.toMatchObject({ code: 'WAB_DATABASE_COPY_UNFINISHED' });
    await copy();
    await (await start('target')).close();
  });

  test('and whose source was used since is noticed, and copied once more', async () => {
    await fill();
    await expect(copy(stopAfter(20))).rejects.toThrow(Stop);
    await on('source', (side) => side.query(`UPDATE events SET lane = 'another' WHERE seq = 7`));
    await expect(copy()).rejects.toMatchObject({
      code: 'WAB_DATABASE_COPY_DIFFERS',
      message: expect.stringMatching(/differ in: events\. /),
    });
    await expect(start('target')).rejects.toMatchObject({ code: 'WAB_DATABASE_COPY_UNFINISHED' });
    await copy();
    expect((await content('target'))['events']!.filter((row) => row.includes('"another"'))).toHaveLength(1);
    await (await start('target')).close();
  });

  test('is not continued from another source', async () => {
    await fill(10);
    await expect(copy(stopAfter(2))).rejects.toThrow(Stop);
    await on('other', (side) => fillEveryTable(side, 10));
    await expect(copy(undefined, 'target', 'other')).rejects.toMatchObject({ code: 'WAB_DATABASE_NOT_EMPTY' });
    await expect(copy(undefined, 'third', 'target')).rejects.toMatchObject({ code: 'WAB_DATABASE_COPY_UNFINISHED' });
    await copy();
  });
});

describe('what is refused', () => {
  test('a target with content, which stays as it was', async () => {
    await fill(10);
    await (await start('target')).close();
    const before = await content('target');
    await expect(copy()).rejects.toMatchObject({
      code: 'WAB_DATABASE_NOT_EMPTY',
      message: expect.stringContaining(join(folder, 'target')),
    });
    expect(await content('target')).toEqual(before);
    await (await start('source')).close();
  });

  test.each(['source', 'target'])('a %s that a bridge uses', async (name) => {
    await fill(10);
    const running = await start(name);
    await expect(copy()).rejects.toMatchObject({ code: 'WAB_DATABASE_LOCKED' });
    await running.close();
  });

  test('a source that is empty', async () => {
    await expect(copy()).rejects.toMatchObject({
      code: 'WAB_CONFIG_INVALID',
      message: expect.stringContaining('empty'),
    });
  });

  test('an old database, by a bridge and by another copy, until it is reopened', async () => {
    await fill(10);
    await copy();
    const moved = { code: 'WAB_DATABASE_MOVED', message: expect.stringContaining(join(folder, 'target')) };
    await expect(start('source')).rejects.toMatchObject(moved);
    await expect(copy(undefined, 'third')).rejects.toMatchObject(moved);
    const [meta] = (await content('source'))['log_meta']!;
    expect(await on('source', (side) => reopenDatabase(side, side.name, null))).toContain(join(folder, 'target'));
    expect((await content('source'))['log_meta']).toEqual([meta]);
    await (await start('source')).close();
    expect(await on('source', (side) => reopenDatabase(side, side.name, null))).toBeNull();
  });

  test('a half-copied database, by the attempt to reopen it', async () => {
    await fill(10);
    await expect(copy(stopAfter(2))).rejects.toThrow(Stop);
    await expect(on('target', (side) => reopenDatabase(side, side.name, 'e'))).rejects.toMatchObject({
      code: 'WAB_DATABASE_COPY_UNFINISHED',
    });
  });
});

describe('the digest of a table', () => {
  const table = { name: 't', columns: ['a', 'b'], key: ['a'], isNumbered: false };
  const digest = (...values: readonly unknown[]) =>
    digestOf(
      { tables: async () => [], query: async <Row>() => values.map((b, a) => ({ a, b })) as unknown as Row[] },
      table,
    );

  test('tells apart what differs in one value', async () => {
    const digests = await Promise.all([null, '', 'null', '0', 0, 'a\n[1,"b"]', 'a'].map((value) => digest(value)));
    expect(new Set(digests.map(({ sha256 }) => sha256)).size).toBe(digests.length);
    expect(await digest('x', 'y')).not.toEqual(await digest('y', 'x'));
  });

  test('takes for the same what PostgreSQL cannot tell apart', async () => {
    expect(await digest('a\0b', true, 1.2)).toEqual(await digest('a\uFFFDb', 1, 1));
  });
});
