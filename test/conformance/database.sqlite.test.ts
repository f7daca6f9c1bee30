import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Database } from '../../bridge/src/store/database.ts';
import { appendEvent } from '../../bridge/src/store/events.repository.ts';
import { openDatabase, restoreBackup } from '../../bridge/src/store/open-database.ts';
import { openWriter } from '../../bridge/src/store/sqlite/connection.ts';
import { databaseSuite, rowNamed } from './database.suite.ts';

const open = (dataDir: string): Promise<Database> =>
  openDatabase({
    dataDir,
    log: { error: () => undefined },
    onFatal: (error) => {
      throw error;
    },
  });

databaseSuite('SQLite', { open, restore: restoreBackup });

describe('SQLite alone', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wabridge-sqlite-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('a process id left behind, even one that runs, does not lock the folder', async () => {
    writeFileSync(join(folder, 'wabridge.pid'), `${process.pid}\n`);
    writeFileSync(join(folder, 'wabridge.lock'), '');
    await (await open(folder)).close();
    expect(readdirSync(folder)).not.toContain('wabridge.pid');
  });

  test('every commit is fsynced to a write-ahead log, and references are checked', () => {
    const connection = openWriter(join(folder, 'wabridge.db'));
    const setting = (name: string): unknown => connection.prepare(`PRAGMA ${name}`).get()?.[name];
    expect([setting('journal_mode'), setting('synchronous'), setting('foreign_keys')]).toEqual(['wal', 2, 1]);
    connection.close();
  });

  test('a backup is a single file', async () => {
    const database = await open(join(folder, 'data'));
    mkdirSync(join(folder, 'backups'));
    await database.backup(join(folder, 'backups', 'one.db'));
    expect(readdirSync(join(folder, 'backups'))).toEqual(['one.db']);
    await database.close();
  });

  test('a backup of a newer schema is refused', async () => {
    const database = await open(join(folder, 'data'));
    const file = join(folder, 'newer.db');
    await database.backup(file);
    await database.close();
    const newer = new DatabaseSync(file);
    newer.exec("INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-future', '2030-01-01')");
    newer.close();
    expect(() => restoreBackup(file, join(folder, 'data'))).toThrow(/newer wabridge/);
  });

  test('a write-ahead log left by a kill is not replayed into the restored database', async () => {
    const data = join(folder, 'data');
    const database = await open(data);
    await database.write(appendEvent(rowNamed('kept')));
    await database.backup(join(folder, 'backup.db'));
    for (let index = 0; index < 50; index++) await database.write(appendEvent(rowNamed(`gone ${index}`)));
    // As after kill -9: the files as they are on disk while the database is open.
    const crashed = join(folder, 'crashed');
    mkdirSync(crashed);
    for (const suffix of ['', '-wal'])
      copyFileSync(join(data, `wabridge.db${suffix}`), join(crashed, `wabridge.db${suffix}`));
    await database.close();

    restoreBackup(join(folder, 'backup.db'), crashed);
    const restored = await open(crashed);
    const ids = await restored.reader.selectFrom('events').select('id').execute();
    expect(ids.map(({ id }) => id)).toEqual(['kept']);
    await restored.close();
  });

  test('a database that cannot be read is set aside by a restore, not deleted', async () => {
    const data = join(folder, 'data');
    const database = await open(data);
    await database.write(appendEvent(rowNamed('kept')));
    await database.backup(join(folder, 'backup.db'));
    await database.close();
    writeFileSync(join(data, 'wabridge.db'), 'broken'.repeat(2_000));
    restoreBackup(join(folder, 'backup.db'), data);
    expect(readdirSync(data).some((name) => name.startsWith('wabridge.db.unreadable-'))).toBe(true);
    await (await open(data)).close();
  });

  test('after a clean stop the main file alone holds everything, also while another process has it open', async () => {
    const data = join(folder, 'data');
    const database = await open(data);
    const alone = async (name: string): Promise<readonly string[]> => {
      const copy = join(folder, name);
      mkdirSync(copy);
      copyFileSync(join(data, 'wabridge.db'), join(copy, 'wabridge.db'));
      const connection = new DatabaseSync(join(copy, 'wabridge.db'), { readOnly: true });
      const rows = connection.prepare('SELECT id FROM events ORDER BY seq').all() as { id: string }[];
      connection.close();
      return rows.map(({ id }) => id);
    };
    await database.write(appendEvent(rowNamed('first')));
    expect(await database.reader.selectFrom('events').select('id').execute()).toEqual([{ id: 'first' }]);
    await database.close();
    expect(await alone('stopped')).toEqual(['first']);
    expect(readdirSync(data)).toEqual(['wabridge.db', 'wabridge.lock']);

    const again = await open(data);
    await again.write(appendEvent(rowNamed('second')));
    // As an operator's sqlite3 does, or a backup tool.
    const onlooker = new DatabaseSync(join(data, 'wabridge.db'), { readOnly: true });
    expect(onlooker.prepare('SELECT count(*) AS rows FROM events').get()).toEqual({ rows: 2 });
    await again.close();
    expect(await alone('watched')).toEqual(['first', 'second']);
    onlooker.close();
  });

  test('a reader that never ends does not hold up a stop, and what it keeps out of the main file is in the log', async () => {
    const data = join(folder, 'data');
    const database = await open(data);
    const onlooker = new DatabaseSync(join(data, 'wabridge.db'), { readOnly: true });
    onlooker.exec('BEGIN');
    onlooker.prepare('SELECT count(*) FROM events').get();
    await database.write(appendEvent(rowNamed('kept')));
    await database.close();
    onlooker.close();
    const again = await open(data);
    expect(await again.reader.selectFrom('events').select('id').execute()).toEqual([{ id: 'kept' }]);
    await again.close();
  });

  test.each([
    ['an empty database file beside the operator key', ['wabridge.db', 'operator.key']],
    ['an empty database file beside media', ['wabridge.db', 'media/files/x']],
    ['an empty database file beside login states', ['wabridge.db', 'profiles/support/progress.json']],
    ['an empty database file beside its write-ahead log', ['wabridge.db', 'wabridge.db-wal']],
    ['a write-ahead log without its database', ['wabridge.db-wal']],
  ])('%s is refused, and left as it is', async (_name, files) => {
    const data = join(folder, 'data');
    for (const file of files) {
      mkdirSync(join(data, file, '..'), { recursive: true });
      writeFileSync(join(data, file), file === 'wabridge.db' ? '' : 'x');
    }
    const before = readdirSync(data);
    const error = await open(data).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'WAB_DATABASE_EMPTY', message: expect.stringContaining('wabridge restore') });
    expect(readdirSync(data).filter((name) => name !== 'wabridge.lock')).toEqual(before);
    expect(statSync(join(data, files.at(-1)!)).size).toBe(1);
  });

  test.each([
    ['an empty file that a first start left behind when it was killed', ['wabridge.db']],
    ['no database beside restored login states', ['profiles/support/progress.json']],
    ['a database that was moved away on purpose', ['operator.key']],
  ])('%s is a new beginning', async (_name, files) => {
    const data = join(folder, 'data');
    for (const file of files) {
      mkdirSync(join(data, file, '..'), { recursive: true });
      writeFileSync(join(data, file), '');
    }
    await (await open(data)).close();
  });
});
