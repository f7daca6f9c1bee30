/** What commands print: text for people on a terminal, or one JSON document (or one per line) for machines. */
export interface Output {
  readonly json: boolean;
  /** The result of a command: `value` for machines, `text` for people. */
  result(value: unknown, text: string | (() => string)): void;
  /** Something on the way; people only, on stderr. */
  note(text: string): void;
}

interface Sinks {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const PROCESS_SINKS: Sinks = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/** @param json one line of JSON per result */
export function createOutput(json: boolean, sinks: Sinks = PROCESS_SINKS): Output {
  return {
    json,
    result(value, text) {
      sinks.out(`${json ? JSON.stringify(value) : typeof text === 'function' ? text() : text}\n`);
    },
    note(text) {
      if (!json) sinks.err(`${text}\n`);
    },
  };
}

/** Rows in aligned columns, under a heading; `nothing` where there are none. */
export function table(columns: readonly string[], rows: readonly (readonly unknown[])[], nothing: string): string {
  if (rows.length === 0) return nothing;
  const cells = [columns, ...rows].map((row) => row.map((cell) => printable(cell)));
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Members of one thing, one per line. */
export function members(entries: readonly (readonly [string, unknown])[]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}`).join('\n');
}

/** Text from others must not move the cursor or change colours of the operator's terminal. */
export function printable(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  return plain(value).replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, ' ');
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? value.join(',')
    : JSON.stringify(value);
}
