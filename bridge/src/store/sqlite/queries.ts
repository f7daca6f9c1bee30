/** A connection to SQLite, for questions that both kinds of database answer. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { Queries } from '../copy/copy-mark.ts';

export class SqliteQueries implements Queries {
  protected readonly database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  async tables(): Promise<readonly string[]> {
    const rows = await this.query<{ name: string }>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'`,
    );
    return rows.map(({ name }) => name);
  }

  // Async without an await: what SQLite throws becomes a rejection.
  async query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.prepared(sql).all(...(parameters as SQLInputValue[])) as Row[];
  }

  protected prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.database.prepare(sql)));
    return statement;
  }
}
