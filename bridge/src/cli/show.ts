/** Ways to show the result of an operation: a line, a table, or its members one per line. With `--json`, its value. */
import type { TSchema } from 'typebox';
import { itemsOf } from '../contract/fields.ts';
import type { Context } from './context.ts';
import { localTime, members, printable, table } from './output.ts';
import { spaced } from './words.ts';

/** Prints a result. */
export type Show<Result, Input> = (result: Result, shown: Shown<Input>) => void;

export interface Shown<Input> {
  readonly context: Context;
  readonly input: Input;
  /** The options as they were written, among them those that no field belongs to. */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * One line.
 *
 * @param value what machines get; the result by default
 */
export const asLine =
  <Result, Input>(
    text: (result: Result, input: Input) => string,
    value: (result: Result, input: Input) => unknown = (result) => result,
  ): Show<Result, Input> =>
  (result, { context, input }) =>
    context.output.result(value(result, input), text(result, input));

/** The members of a result, one per line. */
export const asMembers =
  <Result>(entries: (result: Result) => readonly (readonly [string, unknown])[]): Show<Result, unknown> =>
  (result, { context }) =>
    context.output.result(result, () => members(entries(result)));

type Columns<Row> = Readonly<Record<string, (row: Row) => unknown>>;

export interface Table<Row> {
  /** The cell of a row, by heading; a function if cells depend on what the other rows are. */
  readonly columns: Columns<Row> | ((rows: readonly Row[]) => Columns<Row>);
  /** Shown if there are no rows. */
  readonly nothing: string;
  /** Shown below a row, unless it is empty. */
  readonly note?: (row: Row, options: Readonly<Record<string, unknown>>) => string | null | undefined;
}

/** Rows as text. @param options as they were written */
export function tableOf<Row>(
  rows: readonly Row[],
  { columns, nothing, note }: Table<Row>,
  options: Readonly<Record<string, unknown>> = {},
): string {
  const shown = typeof columns === 'function' ? columns(rows) : columns;
  return table(
    Object.keys(shown),
    rows.map((row) => Object.values(shown).map((cell) => cell(row))),
    nothing,
    note && rows.map((row) => note(row, options)),
  );
}

/** The items of a list as rows; machines get the list itself. */
export const asTable =
  <Result, Row>(rowsOf: (result: Result) => readonly Row[], shape: Table<Row>): Show<Result, unknown> =>
  (result, { context, options }) =>
    context.output.result(rowsOf(result), () => tableOf(rowsOf(result), shape, options));

type Members = Readonly<Record<string, unknown>>;

/** Any result, by its schema: lists as tables, other members one per line. */
export const asResult =
  (schema: TSchema): Show<unknown, unknown> =>
  (result, { context }) =>
    context.output.result(result ?? { done: true }, () => textOf(result, schema));

function textOf(result: unknown, schema: TSchema): string {
  if (result === null || result === undefined) return 'Done.';
  if (Array.isArray(result)) return rowsOf(result as readonly unknown[]);
  if (typeof result !== 'object') return printable(result);
  const { properties = {} } = schema as { readonly properties?: Readonly<Record<string, TSchema>> };
  const entries = Object.entries(result);
  const lists = entries.filter(([name]) => isObject(itemsOf(properties[name] ?? {})));
  const others = entries
    .filter((entry) => !lists.includes(entry))
    .map(([name, value]) => [spaced(name), cellOf(value)] as const);
  return [
    ...lists.map(([, rows]) => rowsOf(rows as readonly unknown[])),
    ...(others.length === 0 ? [] : [members(others)]),
  ].join('\n\n');
}

const isObject = (schema: TSchema | undefined): boolean =>
  (schema as { readonly type?: string } | undefined)?.type === 'object';

/** Members that have members themselves are for machines, but for addresses. */
function rowsOf(rows: readonly unknown[]): string {
  if (!rows.every((row): row is Members => typeof row === 'object' && row !== null))
    return rows.map(printable).join('\n');
  const shown = rows.map((row) => Object.entries(row).map(([name, value]) => [name, cellOf(value)] as const));
  const names = [...new Set(shown.flat().flatMap(([name, value]) => (isCell(value) ? [name] : [])))];
  return table(
    names.map((name) => spaced(name).toUpperCase()),
    shown.map((row) => names.map((name) => Object.fromEntries(row)[name])),
    'There is nothing.',
  );
}

const isCell = (value: unknown): boolean => typeof value !== 'object' || Array.isArray(value);

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
function cellOf(value: unknown): unknown {
  if (typeof value === 'string') return MOMENT.test(value) ? localTime(value) : value;
  const { phone, chatId } = (value ?? {}) as { readonly phone?: unknown; readonly chatId?: unknown };
  return typeof chatId === 'string' ? (phone ?? chatId) : value;
}
