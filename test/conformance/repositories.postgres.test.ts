import { openPostgres, postgresOf } from './postgres-subject.ts';
import { onServer } from './postgres/tally.ts';
import { repositoriesSuite } from './repositories.suite.ts';

repositoriesSuite('PostgreSQL', {
  open: openPostgres,
  execute: async (dataDir, sql) => {
    await onServer(await postgresOf(dataDir), (client) => client.query(sql));
  },
});
