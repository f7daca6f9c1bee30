/** Reading a whole table in the order of its primary key, in batches of a bounded size, and what it amounts to. */
import { createHash } from 'node:crypto';
import { portable } from '../portable.ts';
import type { CopiedTable } from './copied-tables.ts';
import type { Queries } from './copy-mark.ts';
import type { CopiedRow } from './copy-side.ts';

/** Values of the primary key of a row. */
export type Key = readonly unknown[];

const FIRST_ROWS = 100;
const MOST_ROWS = 1_000;
/** A batch is to have about as many characters: rows of one table are of much the same size. */
const BATCH_CHARACTERS = 2 * 1024 * 1024;

export const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

export const keyOf = (table: CopiedTable, row: CopiedRow): Key => table.key.map((column) => row[column]);

/** @param after the key behind which to begin; null for the whole table */
export async function* batchesOf(
  database: Queries,
  table: CopiedTable,
  after: Key | null = null,
): AsyncGenerator<readonly CopiedRow[]> {
  const select = `SELECT ${quoted(table.columns)} FROM "${table.name}"`;
  const behind = `WHERE (${quoted(table.key)}) > (${table.key.map(() => '?').join(', ')})`;
  const rest = `ORDER BY ${quoted(table.key)} LIMIT ?`;
  for (let limit = FIRST_ROWS, from = after; ;) {
    const rows = await (from === null
      ? database.query<CopiedRow>(`${select} ${rest}`, [limit])
      : database.query<CopiedRow>(`${select} ${behind} ${rest}`, [...from, limit]));
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (rows.length < limit) return;
    from = keyOf(table, last);
    limit = fitting(rows);
  }
}

/** How many rows like these make a batch. */
function fitting(rows: readonly CopiedRow[]): number {
  let characters = 1;
  for (const row of rows)
    for (const value of Object.values(row)) if (typeof value === 'string') characters += value.length;
  return Math.min(MOST_ROWS, Math.max(1, Math.floor((BATCH_CHARACTERS * rows.length) / characters)));
}

export interface Digest {
  readonly rows: number;
  /** Hex, over all values of all rows in the order of the primary key; the same for the same content of either kind. */
  readonly sha256: string;
}

/** @param report called with the number of rows so far */
export async function digestOf(
  database: Queries,
  table: CopiedTable,
  report: (rows: number) => void = () => undefined,
): Promise<Digest> {
  const hash = createHash('sha256');
  let rows = 0;
  for await (const batch of batchesOf(database, table)) {
    hash.update(batch.map((row) => lineOf(table, row)).join(''));
    rows += batch.length;
    report(rows);
  }
  return { rows, sha256: hash.digest('hex') };
}

/** Different rows have different lines: JSON tells texts, numbers and null apart, and escapes the end of the line. */
const lineOf = (table: CopiedTable, row: CopiedRow): string =>
  `${JSON.stringify(table.columns.map((column) => portable(row[column])))}\n`;
