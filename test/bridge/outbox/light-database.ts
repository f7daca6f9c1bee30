/**
 * The real schema, operations and group writer over node:sqlite, in this thread and without fsync: for tests that are
 * not about durability and open many databases.
 */
import { join } from 'node:path';
import { Kysely } from 'kysely';
import { ALWAYS_AVAILABLE } from '../../../bridge/src/store/availability.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import type { Call } from '../../../bridge/src/store/operation.ts';
import { operations } from '../../../bridge/src/store/operations.ts';
import type { Schema } from '../../../bridge/src/store/schema.ts';
import { deserializeError } from '../../../bridge/src/store/sqlite/serialized-error.ts';
import { DATABASE_FILE, openReader, openWriter } from '../../../bridge/src/store/sqlite/connection.ts';
import { NodeSqliteDialect } from '../../../bridge/src/store/sqlite/dialect.ts';
import { GroupWriter } from '../../../bridge/src/store/sqlite/group-writer.ts';
import { migrate } from '../../../bridge/src/store/sqlite/migrate.ts';

export async function openLightDatabase(dataDir: string): Promise<Database> {
  const file = join(dataDir, DATABASE_FILE);
  const connection = openWriter(file);
  connection.exec('PRAGMA synchronous = OFF');
  await migrate(connection);
  const writer = await GroupWriter.create(connection, operations);
  const reading = openReader(file);
  let last: Promise<unknown> = Promise.resolve();
  let ids = 0;

  const commit = async (calls: readonly Call<unknown>[]): Promise<readonly unknown[]> => {
    // As across the thread's border: what the operation gets is a copy.
    const [outcome] = await writer.commit([{ id: ++ids, calls: structuredClone(calls) }]);
    if (!outcome) throw new Error('the writer said nothing');
    if ('error' in outcome) throw deserializeError(outcome.error);
    return outcome.results;
  };
  return {
    availability: ALWAYS_AVAILABLE,
    reader: new Kysely<Schema>({ dialect: new NodeSqliteDialect(reading) }),
    write: (async (work: Call<unknown> | readonly Call<unknown>[]): Promise<unknown> => {
      const alone = !Array.isArray(work);
      const results = last.then(() => commit(alone ? [work as Call<unknown>] : (work as readonly Call<unknown>[])));
      last = results.catch(() => undefined);
      return alone ? (await results)[0] : await results;
    }) as Database['write'],
    backup: () => Promise.reject(new Error('not here')),
    close: async () => {
      await last;
      connection.close();
      reading.close();
    },
  };
}
