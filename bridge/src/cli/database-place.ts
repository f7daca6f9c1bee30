/** Which databases a command means. */
import { basename, resolve } from 'node:path';
import type { Settings } from '../config/settings.ts';
import type { DatabasePlace } from '../store/copy/with-databases.ts';
import { DATABASE_FILE } from '../store/sqlite/connection.ts';
import { ArgumentError } from './command.ts';

const SQLITE = 'sqlite';

/** The database that a bridge with these settings uses. */
export const placeOf = ({ dataDir, databaseUrl }: Settings): DatabasePlace =>
  databaseUrl === undefined ? { file: resolve(dataDir, DATABASE_FILE) } : { url: databaseUrl };

/**
 * @param written a URL of PostgreSQL, `sqlite` for the file in the data folder, or `sqlite:<path>` for one in another
 * @throws ArgumentError, which does not repeat it: it may contain a password
 */
export function targetOf(written: string, { dataDir }: Settings): DatabasePlace {
  if (written === SQLITE) return { file: resolve(dataDir, DATABASE_FILE) };
  if (written.startsWith(`${SQLITE}:`)) {
    const file = resolve(written.slice(SQLITE.length + 1).replace(/^\/\/(?=\/)/, ''));
    if (basename(file) === DATABASE_FILE) return { file };
    throw new ArgumentError(`The file of --to must be called ${DATABASE_FILE}: a bridge looks for it by that name.`);
  }
  if (/^postgres(ql)?:\/\//.test(written) && URL.canParse(written)) return { url: written };
  throw new ArgumentError(
    '--to does not name a database. Write postgres://user:password@host:5432/name, or sqlite for the file in the data folder.',
  );
}
