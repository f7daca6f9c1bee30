/** Queries of the hot path, compiled once and bound many times: compiling costs Kysely more than SQLite needs to run. */
import { PostgresAdapter, type Compilable, type CompiledQuery, type Kysely, type QueryResult } from 'kysely';
import type { Schema } from './schema.ts';

class Placeholder {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A connection of one user, which keeps the order of what it is given by itself. */
export interface DirectConnection {
  execute(sql: string, parameters: readonly unknown[]): QueryResult<unknown> | Promise<QueryResult<unknown>>;
}

const direct = new WeakMap<Kysely<Schema>, DirectConnection>();

/**
 * Lets prepared queries of `db` go straight to its one connection. Kysely's own way there makes a queue of promises for
 * each query, which takes longer than SQLite takes to run it, and keeps a connection to a server from being sent the next
 * statement before it has answered the last one.
 */
export function runDirectly(db: Kysely<Schema>, connection: DirectConnection): void {
  direct.set(db, connection);
}

/**
 * A query with named parameters.
 *
 * @param build builds the query from its parameters; it must only pass them on, since it sees placeholders
 * @returns runs the query with the parameters' values
 */
export function prepared<P extends object, R>(
  build: (db: Kysely<Schema>, parameters: P) => Compilable<R>,
): (db: Kysely<Schema>, parameters: P) => Promise<QueryResult<R>> {
  // Per connection object, since two databases may speak different dialects.
  const compiled = new WeakMap<Kysely<Schema>, CompiledQuery<R>>();
  const placeholders = new Proxy({}, { get: (_, name) => new Placeholder(String(name)) }) as P;

  return async (db, parameters) => {
    let query = compiled.get(db);
    if (!query) compiled.set(db, (query = build(db, placeholders).compile()));
    const values = query.parameters.map((value) =>
      value instanceof Placeholder ? parameters[value.name as keyof P] : value,
    );
    const connection = direct.get(db);
    if (connection) return connection.execute(query.sql, values) as QueryResult<R> | Promise<QueryResult<R>>;
    return db.executeQuery({ ...query, parameters: values });
  };
}

/** Whether the result of an insert has the number that the row was given; a server that does not is asked with RETURNING. */
export const tellsInsertId = (db: Kysely<Schema>): boolean => !(db.getExecutor().adapter instanceof PostgresAdapter);
