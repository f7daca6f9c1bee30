/** What the README and the runbook tell people to type and to read exists. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { createProgram } from '../../bridge/src/cli/cli.ts';
import { envNameOf, OTHER_VARIABLES, SETTING_NAMES } from '../../bridge/src/config/settings.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCUMENTS = ['README.md', 'bridge/docs/runbook.md', 'docs/live-checklist.md'];
const scripts = Object.keys(
  (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }).scripts,
);

interface Line {
  readonly document: string;
  readonly text: string;
}

/** Every line of code in the documents: of blocks and inline, without comments. */
const code: readonly Line[] = DOCUMENTS.flatMap((document) => {
  const text = readFileSync(join(ROOT, document), 'utf8');
  const blocks = [...text.matchAll(/^```\w*\n([^]*?)^```/gm)].flatMap(([, block]) => (block ?? '').split('\n'));
  const inline = [...text.replace(/^```\w*\n[^]*?^```/gm, '').matchAll(/`([^`]+)`/g)].map(([, span]) => span ?? '');
  return [...blocks, ...inline].map((line) => ({ document, text: line.replace(/\s#\s.*$/, '').trim() }));
});

/** Words as a shell would split them; enough for quotes without escapes. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');

/** The arguments of each `wabridge …` that is written down. */
const commandLines = code.flatMap(({ document, text }) =>
  // Several on a line, in a loop, with their output in a file: only the command itself is looked at.
  text.split(/;\s*(?:do\s+)?|\s>\s\S+/).flatMap((part) => {
    const [, line] = /^(?:[A-Z_]+=\S* )*(?:npx )?wabridge (\S.*)$/.exec(part.trim()) ?? [];
    return line === undefined ? [] : [{ document, line }];
  }),
);

/** Commands that are understood, and do nothing. */
function harmless(command: Command): Command {
  command.configureOutput({ writeErr: () => undefined });
  if (command.commands.length === 0) command.action(() => undefined);
  command.commands.forEach(harmless);
  return command;
}

describe('what can be typed', () => {
  test('the documents name commands', () => {
    for (const document of DOCUMENTS)
      expect(commandLines.filter((each) => each.document === document).length).toBeGreaterThan(3);
  });

  test.each(commandLines)('$document: wabridge $line', async ({ line }) => {
    await expect(harmless(createProgram()).parseAsync(words(line), { from: 'user' })).resolves.toBeDefined();
  });

  test('a command line that does not exist would be noticed', async () => {
    for (const line of ['session list --verbose', 'session ad support', 'key issue n8n'])
      await expect(harmless(createProgram()).parseAsync(words(line), { from: 'user' })).rejects.toThrow();
  });

  const npmLines = code.filter(({ text }) => /\bnpm /.test(text));
  test.each(npmLines)('$document: $text', ({ text }) => {
    const [, explicit, script] = /\bnpm (run )?(\S+)/.exec(text) ?? [];
    expect(explicit !== undefined || ['start', 'test'].includes(script ?? '')).toBe(true);
    expect(scripts).toContain(script);
  });
});

describe('what is referred to', () => {
  test.each(DOCUMENTS)('%s: every relative link leads to a file', (document) => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map(([, link]) => link ?? '');
    const missing = links.filter((link) => !/^https?:/.test(link) && !existsSync(join(ROOT, dirname(document), link)));
    expect(missing).toEqual([]);
  });

  test.each(DOCUMENTS)('%s: every WABRIDGE_ variable is one', (document) => {
    const named = readFileSync(join(ROOT, document), 'utf8').match(/\bWABRIDGE_[A-Z0-9_]+/g) ?? [];
    const known = [...SETTING_NAMES.map(envNameOf), ...OTHER_VARIABLES];
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });
});
