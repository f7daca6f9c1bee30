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
  type KyselyPlugin,
} from 'kysely';
import { SingleConnectionDriver, type Transactions } from '../single-connection-driver.ts';

/** Kysely for PostgreSQL over a connection. */
export function kyselyOver<Tables>(
  connection: DatabaseConnection,
  transactions: Transactions,
  plugins: readonly KyselyPlugin[] = [],
): Kysely<Tables> {
  const dialect: Dialect = {
    createDriver: () => new SingleConnectionDriver(connection, transactions, 'begin'),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
  };
  // SQLite takes an empty list, and so does the rest of the bridge.
  const emptyLists = new HandleEmptyInListsPlugin({ strategy: replaceWithNoncontingentExpression });
  return new Kysely<Tables>({ dialect, plugins: [emptyLists, ...plugins] });
}
