import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { appendEvent } from '../../bridge/src/store/events.repository.ts';
import { openDatabase } from '../../bridge/src/store/open-database.ts';
import { databaseSuite, rowNamed } from './database.suite.ts';
import { openPostgres, postgresOf } from './postgres-subject.ts';

databaseSuite('PostgreSQL', {
  open: openPostgres,
  environment: async (dataDir) => ({ DATABASE_URL: await postgresOf(dataDir) }),
});

describe('PostgreSQL alone', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wabridge-postgres-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('a bridge with another data folder is refused the same database', async () => {
    const database = await openPostgres(folder);
    const databaseUrl = await postgresOf(folder);
    const other = { dataDir: join(folder, 'other'), databaseUrl, log: { error() {} }, onFatal: () => undefined };
    await expect(openDatabase(other)).rejects.toMatchObject({
      code: 'WAB_DATABASE_IN_USE',
      message: expect.stringContaining('WABRIDGE_DATABASE_URL'),
    });
    await database.write(appendEvent(rowNamed('still mine')));
    await database.close();
    await (await openDatabase(other)).close();
  });

  test('an empty database is refused beside the SQLite file of a bridge that was used before', async () => {
    writeFileSync(join(folder, 'wabridge.db'), 'content');
    await expect(openPostgres(folder)).rejects.toMatchObject({ code: 'WAB_DATABASE_NOT_COPIED' });
    rmSync(join(folder, 'wabridge.db'));
    await (await openPostgres(folder)).close();
    writeFileSync(join(folder, 'wabridge.db'), 'content');
    await (await openPostgres(folder)).close();
  });

  test('a backup names the tool of the server', async () => {
    const database = await openPostgres(folder);
    await expect(database.backup(join(folder, 'backup'))).rejects.toMatchObject({
      code: 'WAB_BACKUP_BY_SERVER',
      message: expect.stringContaining('pg_dump'),
    });
    await database.close();
  });
});
