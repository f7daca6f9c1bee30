import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../../bridge/src/store/open-database.ts';
import { repositoriesSuite } from './repositories.suite.ts';

repositoriesSuite('SQLite', {
  open: (dataDir) =>
    openDatabase({
      dataDir,
      log: { error: () => undefined },
      onFatal: (error) => {
        throw error;
      },
    }),
  execute: async (dataDir, sql) => {
    const connection = new DatabaseSync(join(dataDir, 'wabridge.db'), { timeout: 10_000 });
    try {
      connection.exec(`BEGIN; ${sql}; COMMIT`);
    } finally {
      connection.close();
    }
  },
});
