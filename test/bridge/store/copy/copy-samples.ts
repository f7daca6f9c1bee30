/** Databases with something in every table, and what is in them: an oracle that knows nothing of the copy. */
import { MIGRATIONS } from '../../../../bridge/src/store/migrations/index.ts';
import { copiedTables, type CopiedTable } from '../../../../bridge/src/store/copy/copied-tables.ts';
import type { Queries } from '../../../../bridge/src/store/copy/copy-mark.ts';
import type { CopyProgress } from '../../../../bridge/src/store/copy/copy-database.ts';
import type { CopiedRow, CopySide } from '../../../../bridge/src/store/copy/copy-side.ts';

export const LATEST = Object.keys(MIGRATIONS).at(-1)!;

/** What each database has for itself alone. */
const OWN_BOOKS = ['kysely_migration', 'kysely_migration_lock', 'writer_marker'];

interface Column {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
}

/** Rows for every table of a new database of SQLite, made up from its columns, so that no table can be left out. */
export async function fillEveryTable(side: CopySide, rows: number, schema = LATEST): Promise<void> {
  await side.migrateTo(schema);
  for (const table of await copiedTables(schema)) {
    const filled = await side.query(`SELECT 1 FROM "${table.name}" LIMIT 1`);
    const columns = await side.query<Column>('SELECT name, type, "notnull" FROM pragma_table_info(?)', [table.name]);
    // One table has its only row from a migration.
    if (filled.length === 0) await side.transaction(() => side.insert(table, madeUp(table, columns, rows)));
  }
}

const madeUp = (table: CopiedTable, columns: readonly Column[], rows: number): CopiedRow[] =>
  Array.from({ length: rows }, (_, index) =>
    Object.fromEntries(columns.map((column) => [column.name, valueOf(table, column, index + 1)])),
  );

function valueOf({ key }: CopiedTable, { name, type, notnull }: Column, row: number): unknown {
  if (notnull === 0 && !key.includes(name) && row % 3 === 0) return null;
  if (type === 'text') return `${name} ${row} Ä\u{1F600} "quoted" \\ \n\ttab ${'x'.repeat(row % 50)}`;
  return type === 'bigint' ? 10_000_000_000 + row : row;
}

/** All rows of all tables, in an order of their own. */
export async function contentOf(side: Queries): Promise<Readonly<Record<string, readonly string[]>>> {
  const content: Record<string, readonly string[]> = {};
  for (const table of [...(await side.tables())].sort()) {
    if (OWN_BOOKS.includes(table)) continue;
    const rows = await side.query<object>(`SELECT * FROM "${table}"`);
    content[table] = rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();
  }
  return content;
}

/** What a kill leaves at the end of a batch. */
export class Stop extends Error {}

/** Stops a copy after as many batches of the phase. */
export function stopAfter(batches: number, phase: CopyProgress['phase'] = 'copied'): (progress: CopyProgress) => void {
  let left = batches;
  return (progress) => {
    if (progress.phase === phase && --left < 0) throw new Stop();
  };
}
