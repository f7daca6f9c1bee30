/**
 * A Kysely dialect over `node:sqlite`. Kysely's own SQLite dialect expects better-sqlite3: it reads `stmt.reader` and
 * passes the parameters as one array.
 */
import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
} from 'kysely';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { DirectConnection } from '../prepared.ts';
import { SingleConnectionDriver, type Transactions } from '../single-connection-driver.ts';
import { wholeNumber } from '../whole-number.ts';

/** Statements kept compiled per connection. Lists in `in (…)` make variants, so the number is bounded. */
const STATEMENT_CACHE_SIZE = 400;

export class NodeSqliteDialect implements Dialect {
  readonly connection: DatabaseConnection & DirectConnection;
  readonly #transactions: Transactions;

  constructor(database: DatabaseSync, transactions: Transactions = 'kysely') {
    this.connection = new NodeSqliteConnection(database);
    this.#transactions = transactions;
  }

  createDriver(): Driver {
    return new SingleConnectionDriver(this.connection, this.#transactions, 'begin immediate');
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler();
  }

  createAdapter(): DialectAdapter {
    return new NodeSqliteAdapter();
  }

  createIntrospector(database: Kysely<unknown>): DatabaseIntrospector {
    return new SqliteIntrospector(database);
  }
}

class NodeSqliteAdapter extends SqliteAdapter {
  // SQLite can do it, and a migration that fails half-way must leave nothing behind.
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

interface CachedStatement {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
}

class NodeSqliteConnection implements DatabaseConnection, DirectConnection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, CachedStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  // Async without an await: what SQLite throws becomes a rejection, and success costs one promise.

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    return this.execute(sql, parameters) as QueryResult<R>;
  }

  execute(sql: string, parameters: readonly unknown[]): QueryResult<unknown> {
    const { statement, returnsRows } = this.#statement(sql);
    const bound = toBindable(parameters);
    if (returnsRows) return { rows: statement.all(...bound) };
    const { changes, lastInsertRowid } = statement.run(...bound);
    return { rows: [], insertId: BigInt(lastInsertRowid), numAffectedRows: BigInt(changes) };
  }

  async *streamQuery<R>({ sql, parameters }: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    // Not from the cache: an iteration stays open across awaits, in which the same statement may be wanted again.
    for (const row of this.#database.prepare(sql).iterate(...toBindable(parameters))) yield { rows: [row as R] };
  }

  #statement(sql: string): CachedStatement {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#database.prepare(sql);
    const cached = { statement, returnsRows: statement.columns().length > 0 };
    if (this.#statements.size >= STATEMENT_CACHE_SIZE) {
      const oldest = this.#statements.keys().next();
      if (!oldest.done) this.#statements.delete(oldest.value);
    }
    this.#statements.set(sql, cached);
    return cached;
  }
}

/** Most parameters are bound as they are, so that a copy is made only if one is not. */
function toBindable(parameters: readonly unknown[]): SQLInputValue[] {
  return parameters.every(isBindable) ? (parameters as SQLInputValue[]) : parameters.map(toBound);
}

const isBindable = (value: unknown): boolean =>
  typeof value === 'number' ? Number.isSafeInteger(value) : typeof value !== 'boolean' && value !== undefined;

/** node:sqlite takes neither booleans nor undefined. */
function toBound(value: unknown): SQLInputValue {
  if (value === undefined) return null;
  return typeof value === 'boolean' || typeof value === 'number'
    ? wholeNumber(Number(value))
    : (value as SQLInputValue);
}
