/** Databases on PostgreSQL for the suites: each data folder has one of its own. */
import type { Database } from '../../bridge/src/store/database.ts';
import { openDatabase } from '../../bridge/src/store/open-database.ts';
import { freshPostgres } from '../servers/fresh.ts';

const urls = new Map<string, Promise<string>>();

/** The URL of the database that belongs to a data folder. */
export function postgresOf(dataDir: string): Promise<string> {
  let url = urls.get(dataDir);
  if (!url) urls.set(dataDir, (url = freshPostgres()));
  return url;
}

export const openPostgres = async (dataDir: string): Promise<Database> =>
  openDatabase({
    dataDir,
    databaseUrl: await postgresOf(dataDir),
    log: { error: () => undefined },
    onFatal: (error) => {
      throw error;
    },
  });
