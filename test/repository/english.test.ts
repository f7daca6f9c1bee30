/** The texts that people read are plain English: a few turns of phrase that read like a translation do not come back. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Each turn of phrase that is not used, with what to write instead. */
const AVOIDED: readonly (readonly [RegExp, string])[] = [
  [/(?<!\bthere )\b(?:is|are|was|were) no\b(?! longer\b| more\b| less\b)/i, '"is not a …"'],
  [/\banew\b/i, '"again", or a verb with "re-"'],
  [/\bwho(?:m|so)?ever\b/i, '"anyone who", or name the person'],
  [/\bwhere (?:there (?:is|are)|none|nobody|nothing|not)\b/i, '"if …"'],
  [/\bin good order\b/i, '"gracefully"'],
];

function avoidedIn(text: string): string[] {
  return AVOIDED.flatMap(([pattern, instead]) => {
    const found = pattern.exec(text)?.[0];
    return found === undefined ? [] : [`"${found}", write ${instead}, in: ${text.trim().slice(0, 120)}`];
  });
}

/** Every file below a folder whose name ends like this. */
function filesIn(folder: string, ending: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(ROOT, folder, name));
}

/** The literals of a source, without its comments: messages, descriptions, help, log lines. */
function literalsOf(file: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      texts.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest));
  return texts;
}

/** The paragraphs of a document, without its code. */
const proseOf = (file: string): string[] =>
  readFileSync(file, 'utf8')
    .replace(/^```[^]*?^```/gm, '')
    .replace(/`[^`]*`/g, '`…`')
    .replace(/"[^"\n]*"/g, '"…"')
    .replace(/(?<!\n)\n(?![\n|>#-])/g, ' ')
    .split('\n');

const offences = (files: readonly string[], textsOf: (file: string) => string[]): string[] =>
  files.flatMap((file) =>
    textsOf(file).flatMap((text) => avoidedIn(text).map((why) => `${relative(ROOT, file)}: ${why}`)),
  );

test.each([
  ['This is no phone number.', 1],
  ['Set the proxy anew where there is none.', 2],
  ['Whoever has the key can sign.', 1],
  ['This is not a phone number. There is no key; the bridge is no longer running.', 0],
])('%s', (text, count) => expect(avoidedIn(text)).toHaveLength(count));

test('in messages, descriptions, help and log lines', () => {
  const files = ['bridge/src', 'nodes', 'credentials', 'scripts'].flatMap((folder) => filesIn(folder, '.ts'));
  expect(files.length).toBeGreaterThan(200);
  expect(offences(files, literalsOf)).toEqual([]);
});

test('in the documents', () => {
  const files = [
    ...['README.md', 'CONTRIBUTING.md'].map((name) => join(ROOT, name)),
    ...['docs', 'bridge/docs'].flatMap((folder) => filesIn(folder, '.md')),
  ];
  expect(files.length).toBeGreaterThan(10);
  expect(offences(files, proseOf)).toEqual([]);
});
