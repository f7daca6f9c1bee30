/**
 * Copies everything that one database holds into an empty one of either kind, while no bridge uses them. It can be
 * stopped at any point, by a kill too: the same call goes on from there, since how far each table is is stored with its
 * rows. At the end both databases are compared, and only then the target can be used, and the source no longer.
 */
import { WabError } from '../../contract/errors.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { copiedTables, type CopiedTable } from './copied-tables.ts';
import { clearMark, markOf, PROGRESS_TABLE, refuseMarked, setMark } from './copy-mark.ts';
import type { CopySide } from './copy-side.ts';
import { batchesOf, digestOf, keyOf, type Digest, type Key } from './table-rows.ts';

export interface CopyProgress {
  readonly phase: 'copied' | 'compared';
  readonly table: string;
  readonly rows: number;
  readonly total: number;
}

type CopiedContent = Digest & { readonly table: string };

/**
 * @param report called after each batch, which is stored by then
 * @returns what was copied, which both databases were found to have
 * @throws WabError WAB_DATABASE_NOT_EMPTY, WAB_DATABASE_COPY_UNFINISHED, WAB_DATABASE_MOVED, WAB_DATABASE_NEWER,
 *   WAB_DATABASE_COPY_DIFFERS, WAB_DATABASE_COPY_STOPPED, WAB_CONFIG_INVALID if there is nothing to copy
 */
export async function copyDatabase(
  from: CopySide,
  to: CopySide,
  report: (progress: CopyProgress) => void,
): Promise<readonly CopiedContent[]> {
  const schema = await schemaOf(from);
  const epoch = await epochOf(from);
  await begin(from, to, epoch);
  await to.migrateTo(schema);
  const tables = await copiedTables(schema);
  for (const table of tables) await copyTable(from, to, table, report);
  await copyNumbers(from, to, tables);
  const contents = await compare(from, to, tables, report);
  // In this order, a kill in between leaves two databases that a bridge refuses, and never two that it takes.
  await setMark(from, { state: 'moved', peer: to.name, epoch });
  await to.analyze();
  await clearMark(to);
  return contents;
}

/** The last migration of the source: the target gets the same ones, and its first start carries out the rest. */
async function schemaOf(from: CopySide): Promise<string> {
  const applied = await from.appliedMigrations();
  const newer = applied.find((name) => !(name in MIGRATIONS));
  if (newer !== undefined) throw new WabError('WAB_DATABASE_NEWER', { schema: newer });
  const last = applied.at(-1);
  if (last === undefined)
    throw new WabError('WAB_CONFIG_INVALID', { reason: `${from.name} is empty: nothing to copy` });
  return last;
}

async function epochOf(from: CopySide): Promise<string> {
  const [meta] = await from.query<{ epoch: string }>('SELECT epoch FROM log_meta');
  if (!meta) throw new Error('The source has no event log');
  return meta.epoch;
}

/** Claims an empty target, or one in which a copy of this source was begun. */
async function begin(from: CopySide, to: CopySide, epoch: string): Promise<void> {
  const [source, target] = [await markOf(from), await markOf(to)];
  if (source?.state === 'filling') return refuseMarked(from, from.name);
  if (target?.state === 'filling' && target.epoch === epoch) return;
  if ((await to.tables()).length > 0) throw new WabError('WAB_DATABASE_NOT_EMPTY', { database: to.name });
  await refuseMarked(from, from.name);
  await setMark(to, { state: 'filling', peer: from.name, epoch });
}

async function copyTable(
  from: CopySide,
  to: CopySide,
  table: CopiedTable,
  report: (progress: CopyProgress) => void,
): Promise<void> {
  const total = await countOf(from, table);
  let { after, rows } = (await progressOf(to, table)) ?? (await beginTable(to, table));
  for await (const batch of batchesOf(from, table, after)) {
    after = keyOf(table, batch.at(-1)!);
    rows += batch.length;
    await to.transaction(async () => {
      await to.insert(table, batch);
      const update = `UPDATE ${PROGRESS_TABLE} SET last_key = ?, copied = ? WHERE table_name = ?`;
      await to.query(update, [JSON.stringify(after), rows, table.name]);
    });
    report({ phase: 'copied', table: table.name, rows, total });
  }
}

interface TableProgress {
  /** The last row that was copied. */
  readonly after: Key | null;
  readonly rows: number;
}

async function progressOf(to: CopySide, { name }: CopiedTable): Promise<TableProgress | null> {
  const select = `SELECT last_key, copied FROM ${PROGRESS_TABLE} WHERE table_name = ?`;
  const [row] = await to.query<{ last_key: string | null; copied: number }>(select, [name]);
  if (!row) return null;
  return { after: row.last_key === null ? null : (JSON.parse(row.last_key) as Key), rows: row.copied };
}

/** Without the rows that migrations put into a new database, and those of a copy that turned out to differ. */
async function beginTable(to: CopySide, { name }: CopiedTable): Promise<TableProgress> {
  await to.transaction(async () => {
    await to.query(`DELETE FROM "${name}"`);
    await to.query(`INSERT INTO ${PROGRESS_TABLE} (table_name, copied) VALUES (?, 0)`, [name]);
  });
  return { after: null, rows: 0 };
}

async function countOf(side: CopySide, { name }: CopiedTable): Promise<number> {
  const [row] = await side.query<{ total: number }>(`SELECT count(*) AS total FROM "${name}"`);
  return row?.total ?? 0;
}

/** A position is never given out twice, not even one whose row was removed since. */
function copyNumbers(from: CopySide, to: CopySide, tables: readonly CopiedTable[]): Promise<void> {
  return to.transaction(async () => {
    for (const table of tables) if (table.isNumbered) await to.setLastNumber(table, await from.lastNumber(table));
  });
}

/** @throws WabError WAB_DATABASE_COPY_DIFFERS; the next call copies everything again */
async function compare(
  from: CopySide,
  to: CopySide,
  tables: readonly CopiedTable[],
  report: (progress: CopyProgress) => void,
): Promise<readonly CopiedContent[]> {
  const contents: CopiedContent[] = [];
  const different: string[] = [];
  for (const table of tables) {
    const total = await countOf(from, table);
    const said = (rows: number): void => report({ phase: 'compared', table: table.name, rows, total });
    const [source, target] = await Promise.all([digestOf(from, table, said), digestOf(to, table)]);
    const isSame = source.rows === target.rows && source.sha256 === target.sha256;
    if (!isSame || !(await areNumbersSame(from, to, table))) different.push(table.name);
    contents.push({ table: table.name, ...source });
  }
  if (different.length === 0) return contents;
  await to.query(`DELETE FROM ${PROGRESS_TABLE}`);
  throw new WabError('WAB_DATABASE_COPY_DIFFERS', { tables: different.join(', '), source: from.name, target: to.name });
}

const areNumbersSame = async (from: CopySide, to: CopySide, table: CopiedTable): Promise<boolean> =>
  !table.isNumbered || (await from.lastNumber(table)) === (await to.lastNumber(table));
