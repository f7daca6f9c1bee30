/** What commands print: text for people on a terminal, or one JSON document (or one per line) for machines. */
import process from 'node:process';
import { styleText } from 'node:util';

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

/** How text is laid out: by the terminal it goes to, or plainly where it goes elsewhere. */
export interface Layout {
  /** Columns that a line may have. */
  readonly width: number;
  readonly colour: boolean;
}

const USUAL_WIDTH = 100;
/** Below this nothing can be read in columns; a terminal wraps the lines itself then. */
const LEAST_WIDTH = 60;

type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>;

/** Colours are for terminals, and for people who did not decline them (https://no-color.org). */
export function layoutOf(stream: Stream = process.stdout, environment: NodeJS.ProcessEnv = process.env): Layout {
  const terminal = stream.isTTY === true;
  return {
    width: Math.max(LEAST_WIDTH, terminal && stream.columns > 0 ? stream.columns : USUAL_WIDTH),
    colour: terminal && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb',
  };
}

type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold';
const COLOURS: readonly (readonly [Colour, readonly string[]])[] = [
  ['green', ['ready', 'ok', 'valid', 'accepted', 'delivered', 'read', 'connected']],
  ['yellow', ['awaiting_scan', 'reconnecting', 'degraded', 'queued', 'sending', 'warn', 'expired', 'unknown']],
  ['red', ['failed', 'logged_out', 'in_doubt', 'FAIL', 'revoked']],
];

/** The word of a state in its colour. */
export function coloured(word: string, { colour }: Layout = layoutOf(), padded = word): string {
  const [name] = COLOURS.find(([, words]) => words.includes(word.trim())) ?? [];
  return name === undefined || !colour ? padded : painted(name, padded);
}

const painted = (colour: Colour, text: string): string => styleText(colour, text, { validateStream: false });
const GAP = 2;
const STATE = 'STATE';
const NOTE = '    ';

/**
 * Rows in aligned columns that fit the width, under a heading. Cells that are too long go on below, but for those of the
 * first column: they are what a person copies into the next command.
 *
 * @param nothing shown if there are no rows
 * @param notes   one for each row, shown below it where it is not empty
 */
export function table(
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
  nothing: string,
  notes: readonly (string | null | undefined)[] = [],
  layout: Layout = layoutOf(),
): string {
  if (rows.length === 0) return nothing;
  const cells = rows.map((row) => row.map((cell) => printable(cell)));
  const widths = fitted(
    columns.map((heading, column) => Math.max(heading.length, ...cells.map((row) => row[column]!.length))),
    columns.map((heading, column) => (column === 0 ? Infinity : heading.length)),
    layout.width,
  );
  const heading = lineOf(columns, widths);
  const state = columns.indexOf(STATE);
  const lines = cells.flatMap((row, rowIndex) => {
    const parts = row.map((cell, column) => wrapped(cell, widths[column]!));
    const height = Math.max(...parts.map((part) => part.length));
    const below = notes[rowIndex] ? wrapped(printable(notes[rowIndex]), layout.width - NOTE.length) : [];
    const main = Array.from({ length: height }, (_, index) =>
      lineOf(
        parts.map((part) => part[index] ?? ''),
        widths,
        (text, column) => (column === state ? coloured(text, layout, text) : text),
      ),
    );
    return [...main, ...below.map((line) => NOTE + (layout.colour ? painted('dim', line) : line))];
  });
  return [layout.colour ? painted('bold', heading) : heading, ...lines].join('\n');
}

function lineOf(
  cells: readonly string[],
  widths: readonly number[],
  paint: (text: string, column: number) => string = (text) => text,
): string {
  const last = cells.findLastIndex((cell) => cell !== '');
  return cells
    .slice(0, last + 1)
    .map((cell, column) => paint(column === last ? cell : cell.padEnd(widths[column]!), column))
    .join(' '.repeat(GAP));
}

/** Takes from the widest column until the line fits, but never below its heading. */
function fitted(widths: readonly number[], least: readonly number[], width: number): readonly number[] {
  const fitting = [...widths];
  const available = width - GAP * (widths.length - 1);
  while (fitting.reduce((sum, each) => sum + each, 0) > available) {
    const room = fitting.map((each, column) => (each > least[column]! ? each : 0));
    const widest = room.indexOf(Math.max(...room));
    if (room[widest] === 0) break;
    fitting[widest]! -= 1;
  }
  return fitting;
}

/** Lines of at most this many characters, broken between words where there is a gap. */
function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > width) {
    const gap = rest.lastIndexOf(' ', width);
    const end = gap > 0 ? gap : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

/** Members of one thing, one per line. */
export function members(entries: readonly (readonly [string, unknown])[], layout: Layout = layoutOf()): string {
  const indent = Math.max(...entries.map(([name]) => name.length)) + GAP;
  return entries
    .map(([name, value]) => {
      const text = printable(value);
      const lines = wrapped(text, Math.max(layout.width - indent, LEAST_WIDTH / 2));
      const shown = name === 'state' ? [coloured(text, layout)] : lines;
      return `${name.padEnd(indent)}${shown.join(`\n${' '.repeat(indent)}`)}`;
    })
    .join('\n');
}

/** A moment as the clock on the wall shows it, to the second: machines get ISO 8601 from `--json`. */
export function localTime(iso: string | null | undefined): string | null {
  if (iso === null || iso === undefined) return null;
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** Text from others must not move the cursor or change colours of the operator's terminal. */
export function printable(value: unknown): string {
  if (value === null || value === undefined || value === '') return '-';
  return plain(value).replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, ' ');
}

function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
    ? value.join(', ')
    : JSON.stringify(value);
}
