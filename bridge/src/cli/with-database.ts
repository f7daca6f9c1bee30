/** For commands that work on the database themselves, while no bridge does. */
import { explained } from '../ops/failure-cause.ts';
import { messageOf } from '../ops/reason.ts';
import type { Database } from '../store/database.ts';
import { requireDatabase, type Context } from './context.ts';

/**
 * Opens the database of the settings for the work, and closes it.
 *
 * @throws WabError WAB_DATABASE_LOCKED or WAB_DATABASE_IN_USE while a bridge runs; others of `openDatabase`
 */
export async function withDatabase<R>(context: Context, work: (database: Database) => Promise<R>): Promise<R> {
  const { dataDir, databaseUrl } = context.settings;
  if (databaseUrl === undefined) requireDatabase(dataDir);
  // Loaded only now: most commands need no database.
  const { openDatabase } = await import('../store/open-database.ts');
  return explained({ path: dataDir }, async () => {
    const note = (error: Error): void => context.output.note(messageOf(error));
    const log = { error: () => undefined, warn: (_: object, message: string) => context.output.note(message) };
    const database = await openDatabase({ dataDir, databaseUrl, log, onFatal: note });
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  });
}
