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

export interface Table<Row> {
  /** The cell of each row, by heading. */
  readonly columns: Readonly<Record<string, (row: Row, rows: readonly Row[]) => unknown>>;
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
  return table(
    Object.keys(columns),
    rows.map((row) => Object.values(columns).map((cell) => cell(row, rows))),
    nothing,
    note && rows.map((row) => note(row, options)),
  );
}

/** The items of a list as rows; machines get the list itself. */
export const asTable =
  <Result, Row>(rowsOf: (result: Result) => readonly Row[], shape: Table<Row>): Show<Result, unknown> =>
  (result, { context, options }) =>
    context.output.result(rowsOf(result), () => tableOf(rowsOf(result), shape, options));
