/** One of the two databases of a copy. Both kinds implement it; the copy itself knows neither. */
import type { CopiedTable } from './copied-tables.ts';
import type { Queries, Transactions } from './copy-mark.ts';

export type CopiedRow = Readonly<Record<string, unknown>>;

export interface CopySide extends Queries, Transactions {
  /** For people: no credentials. */
  readonly name: string;
  /** Names of the migrations that it has seen, oldest first. */
  appliedMigrations(): Promise<readonly string[]>;
  /** Carries out the migrations that are missing, up to this one. */
  migrateTo(schema: string): Promise<void>;
  insert(table: CopiedTable, rows: readonly CopiedRow[]): Promise<void>;
  /** The highest number that a numbered table has ever given to a row; 0 if none. */
  lastNumber(table: CopiedTable): Promise<number>;
  /** Makes the table go on behind this number. */
  setLastNumber(table: CopiedTable, last: number): Promise<void>;
  /** Gathers the statistics by which it plans its queries, if it needs any. */
  analyze(): Promise<void>;
  close(): Promise<void>;
}
