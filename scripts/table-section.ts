/** A section of a generated page: a heading, a sentence and a table, in Markdown. */
export interface TableSection {
  readonly title: string;
  readonly text: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function tableSection({ title, text, headings, rows }: TableSection): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = `|${headings.map(() => '---').join('|')}|`;
  return [`## ${title}`, '', text, '', line(headings), rule, ...rows.map(line), ''].join('\n');
}
