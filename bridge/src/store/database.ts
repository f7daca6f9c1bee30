/**
 * The database seam. Reads run on a read-only connection; writes are named operations that the one writer carries out
 * in submission order and commits in groups, so that a promise resolves only once its effects are on disk.
 *
 * Nothing outside this folder may know which database it is. Implementations: `sqlite/` (PostgreSQL comes later), each
 * run through `test/conformance/database.suite.ts`.
 */
import type { Kysely } from 'kysely';
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
  /** Writes a consistent copy of the whole database to a new file while work goes on. */
  backup(file: string): Promise<void>;
  close(): Promise<void>;
}
