import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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

databaseSuite('SQLite', {
  open,
  restore: restoreBackup,
  endlessWriter: new URL('./endless-writer.ts', import.meta.url),
});

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
});
