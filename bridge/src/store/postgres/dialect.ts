/** A Kysely dialect over connections that this folder opens and closes itself. */
import {
  HandleEmptyInListsPlugin,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  replaceWithNoncontingentExpression,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type KyselyPlugin,
} from 'kysely';
import type { PostgresConnection } from './connection.ts';

/**
 * @param transactions `kysely`: Kysely begins and commits. `outside`: the owner of the connection does (group commit), and
 *   a transaction object of Kysely only stands for the one that is open
 */
export function kyselyOver<Tables>(
  connection: DatabaseConnection | PostgresConnection,
  transactions: 'kysely' | 'outside',
  plugins: readonly KyselyPlugin[] = [],
): Kysely<Tables> {
  const dialect: Dialect = {
    createDriver: () => new SingleConnectionDriver(connection, transactions),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
  // SQLite takes an empty list, and so does the rest of the bridge.
  const emptyLists = new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression });
  return new Kysely<Tables>({ dialect, plugins: [emptyLists, ...plugins] });
}

class SingleConnectionDriver implements Driver {
  readonly #connection: DatabaseConnection;
  readonly #transactions: 'kysely' | 'outside';

  constructor(connection: DatabaseConnection, transactions: 'kysely' | 'outside') {
    this.#connection = connection;
    this.#transactions = transactions;
  }

  async init(): Promise<void> {}

  acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(this.#connection);
  }

  beginTransaction(): Promise<void> {
    return this.#control('begin');
  }

  commitTransaction(): Promise<void> {
    return this.#control('commit');
  }

  rollbackTransaction(): Promise<void> {
    return this.#control('rollback');
  }

  async releaseConnection(): Promise<void> {}

  /** The connection belongs to its opener. */
  async destroy(): Promise<void> {}

  async #control(statement: string): Promise<void> {
    if (this.#transactions === 'kysely') await (this.#connection as PostgresConnection).run(statement);
  }
}
