/**
 * What a copy takes along: every table that the migrations make, found by carrying them out on a database in memory. They
 * are the one source for both kinds of database, so a table that is added later cannot be forgotten.
 */
import { DatabaseSync } from 'node:sqlite';
import { DEFAULT_MIGRATION_LOCK_TABLE, DEFAULT_MIGRATION_TABLE } from 'kysely/migration';
import { migrate } from '../sqlite/migrate.ts';

export interface CopiedTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** Columns of the primary key, in its order. */
  readonly key: readonly string[];
  /** Whether the database numbers its rows, ascending and never twice: what it gave out last is copied too. */
  readonly isNumbered: boolean;
}

/** Tables in which each database keeps its own books. */
const OWN_BOOKS = [DEFAULT_MIGRATION_TABLE, DEFAULT_MIGRATION_LOCK_TABLE];

/**
 * @param schema name of the last migration
 * @returns the tables, each behind those that it refers to
 */
export async function copiedTables(schema: string): Promise<readonly CopiedTable[]> {
  const model = new DatabaseSync(':memory:');
  try {
    await migrate(model, schema);
    const tables = model
      .prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'`)
      .all() as { name: string; sql: string }[];
    const copied = tables.filter(({ name }) => !OWN_BOOKS.includes(name));
    return parentsFirst(
      copied.map(({ name, sql }) => ({ table: describe(model, name, sql), parents: parentsOf(model, name) })),
    );
  } finally {
    model.close();
  }
}

function describe(model: DatabaseSync, name: string, sql: string): CopiedTable {
  const columns = model.prepare('SELECT name, pk FROM pragma_table_info(?) ORDER BY cid').all(name) as {
    name: string;
    pk: number;
  }[];
  const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
  if (key.length === 0) throw new Error(`The table ${name} needs a primary key, by which it is copied in order`);
  return {
    name,
    columns: columns.map((column) => column.name),
    key: key.map((column) => column.name),
    isNumbered: /\bautoincrement\b/i.test(sql),
  };
}

function parentsOf(model: DatabaseSync, name: string): readonly string[] {
  const parents = model.prepare('SELECT DISTINCT "table" AS parent FROM pragma_foreign_key_list(?)').all(name);
  return (parents as { parent: string }[]).map(({ parent }) => parent).filter((parent) => parent !== name);
}

interface Placed {
  readonly table: CopiedTable;
  readonly parents: readonly string[];
}

function parentsFirst(tables: readonly Placed[]): readonly CopiedTable[] {
  const placed = new Map<string, CopiedTable>();
  while (placed.size < tables.length) {
    const next = tables.find(
      ({ table, parents }) => !placed.has(table.name) && parents.every((name) => placed.has(name)),
    );
    if (!next) throw new Error('Tables refer to each other in a circle, so none of them can be copied first');
    placed.set(next.table.name, next.table);
  }
  return [...placed.values()];
}
