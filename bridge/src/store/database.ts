/**
 * The database seam. Reads run on a read-only connection; writes are named operations that the one writer carries out
 * in submission order and commits in groups, so that a promise resolves only once its effects are on disk.
 *
 * Nothing outside this folder may know which database it is. Implementations: `sqlite/` and `postgres/`, each
 * run through `test/conformance/database.suite.ts`.
 */
import type { Kysely } from 'kysely';
import type { Availability } from './availability.ts';
import type { Call, Results } from './operation.ts';
import type { Schema } from './schema.ts';

export interface Database {
  /** Sees committed data only. */
  readonly reader: Kysely<Schema>;
  /**
   * Carries out one operation, or several as one atomic unit. A failure rolls back this unit alone.
   *
   * @returns the operation's result, after the commit (fsync) that holds it
   * @throws what the operation threw (a `WabError` keeps its code)
   */
  write<R>(call: Call<R>): Promise<R>;
  write<const Calls extends readonly Call<unknown>[]>(calls: Calls): Promise<Results<Calls>>;
  /** Whether it answers; reads and writes wait for a server that is away. */
  readonly availability: Availability;
  /**
   * Writes a consistent copy of the whole database to a new file while work goes on.
   *
   * @throws WabError WAB_BACKUP_EXISTS; WAB_BACKUP_BY_SERVER where the database server has tools of its own for it
   */
  backup(file: string): Promise<void>;
  close(): Promise<void>;
}
