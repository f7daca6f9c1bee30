/** Ways to show the result of an operation: a line, a table, or its members one per line. With `--json`, its value. */
import type { Show } from './operations.ts';
import { members, table } from './output.ts';

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
