/**
 * What a copy leaves in the databases that it works on, so that a bridge does not start on one that is not whole yet, or
 * on one whose content lives on elsewhere: the same messages would be sent twice. The tables are not made by migrations,
 * so that no copy takes them along.
 */
import { WabError } from '../../contract/errors.ts';

const MARK_TABLE = 'database_copy';
/** How far each table is. Part of the mark, since it goes with it. */
export const PROGRESS_TABLE = 'database_copy_progress';

interface CopyMark {
  /** `filling`: a copy into this database was begun. `moved`: everything in it was copied into the other one. */
  readonly state: 'filling' | 'moved';
  /** The other database, for people: no credentials. */
  readonly peer: string;
  /** Epoch of the log that is copied. */
  readonly epoch: string;
}

/** A database, for questions that both kinds answer. */
export interface Queries {
  /** Names of its tables. */
  tables(): Promise<readonly string[]>;
  /** @param sql with `?` for each parameter */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<readonly Row[]>;
}

export interface Transactions {
  /** Carries out the work whole or not at all. */
  transaction(work: () => Promise<void>): Promise<void>;
}

export async function markOf(database: Queries): Promise<CopyMark | null> {
  if (!(await database.tables()).includes(MARK_TABLE)) return null;
  const [mark] = await database.query<CopyMark>(`SELECT state, peer, epoch FROM ${MARK_TABLE}`);
  return mark ?? null;
}

/**
 * Keeps a bridge from starting on a database with a mark.
 *
 * @param name of the database, for people
 * @throws WabError WAB_DATABASE_COPY_UNFINISHED, WAB_DATABASE_MOVED
 */
export async function refuseMarked(database: Queries, name: string): Promise<void> {
  const mark = await markOf(database);
  if (mark === null) return;
  const code = mark.state === 'filling' ? 'WAB_DATABASE_COPY_UNFINISHED' : 'WAB_DATABASE_MOVED';
  throw new WabError(code, { database: name, peer: mark.peer });
}

export function setMark(database: Queries & Transactions, { state, peer, epoch }: CopyMark): Promise<void> {
  return database.transaction(async () => {
    await database.query(
      `CREATE TABLE IF NOT EXISTS ${MARK_TABLE} (state text NOT NULL, peer text NOT NULL, epoch text NOT NULL)`,
    );
    await database.query(
      `CREATE TABLE IF NOT EXISTS ${PROGRESS_TABLE} (table_name text PRIMARY KEY, last_key text, copied bigint NOT NULL)`,
    );
    await database.query(`DELETE FROM ${MARK_TABLE}`);
    await database.query(`INSERT INTO ${MARK_TABLE} (state, peer, epoch) VALUES (?, ?, ?)`, [state, peer, epoch]);
  });
}

export function clearMark(database: Queries & Transactions): Promise<void> {
  return database.transaction(async () => {
    await database.query(`DROP TABLE IF EXISTS ${PROGRESS_TABLE}`);
    await database.query(`DROP TABLE IF EXISTS ${MARK_TABLE}`);
  });
}

/**
 * Makes a database that was copied elsewhere usable again.
 *
 * @param name of the database, for people
 * @param epoch that its log begins; null to go on with the present one
 * @returns the other database, or null if this one was not copied
 * @throws WabError WAB_DATABASE_COPY_UNFINISHED
 */
export async function reopenDatabase(
  database: Queries & Transactions,
  name: string,
  epoch: string | null,
): Promise<string | null> {
  const mark = await markOf(database);
  if (mark === null) return null;
  if (mark.state === 'filling') await refuseMarked(database, name);
  // First: after a kill in between, it is done once more.
  if (epoch !== null) await database.query('UPDATE log_meta SET epoch = ?', [epoch]);
  await clearMark(database);
  return mark.peer;
}
