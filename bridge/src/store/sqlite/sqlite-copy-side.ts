/** A file of SQLite that is copied, or copied into. In this thread: nothing else happens meanwhile. */
import { statSync } from 'node:fs';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { WabError } from '../../contract/errors.ts';
import type { CopiedTable } from '../copy/copied-tables.ts';
import type { CopiedRow, CopySide } from '../copy/copy-side.ts';
import { quoted } from '../copy/table-rows.ts';
import { closeWriter, openWriter } from './connection.ts';
import { appliedMigrations, migrate } from './migrate.ts';
import { ensurePrivateFile } from './private-file.ts';
import { SqliteQueries } from './queries.ts';

export class SqliteCopySide extends SqliteQueries implements CopySide {
  readonly name: string;

  private constructor(database: DatabaseSync, name: string) {
    super(database);
    this.name = name;
  }

  /** @throws WabError WAB_DATABASE_NOT_EMPTY if only its write-ahead log is left, which SQLite would delete */
  static open(file: string, name: string): SqliteCopySide {
    const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (sizeOf(file) === 0 && sizeOf(`${file}-wal`) > 0)
      throw new WabError('WAB_DATABASE_NOT_EMPTY', { database: `${file}-wal` });
    ensurePrivateFile(file);
    return new SqliteCopySide(openWriter(file), name);
  }

  async transaction(work: () => Promise<void>): Promise<void> {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      await work();
      this.database.exec('COMMIT');
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  async appliedMigrations(): Promise<readonly string[]> {
    return appliedMigrations(this.database);
  }

  migrateTo(schema: string): Promise<void> {
    return migrate(this.database, schema);
  }

  async insert({ name, columns }: CopiedTable, rows: readonly CopiedRow[]): Promise<void> {
    const values = columns.map(() => '?').join(', ');
    const statement = this.prepared(`INSERT INTO "${name}" (${quoted(columns)}) VALUES (${values})`);
    for (const row of rows) statement.run(...columns.map((column) => row[column] as SQLInputValue));
  }

  async lastNumber({ name }: CopiedTable): Promise<number> {
    const [row] = await this.query<{ seq: number }>('SELECT seq FROM sqlite_sequence WHERE name = ?', [name]);
    return row?.seq ?? 0;
  }

  async setLastNumber({ name }: CopiedTable, last: number): Promise<void> {
    await this.query('DELETE FROM sqlite_sequence WHERE name = ?', [name]);
    await this.query('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)', [name, last]);
  }

  /** The indexes are made for SQLite without statistics (`query-plans.test.ts`). */
  async analyze(): Promise<void> {}

  async close(): Promise<void> {
    closeWriter(this.database);
  }
}
