/** The table of the engine's defences and their tests name the same things. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TABLE = join(ROOT, 'bridge/docs/webjs-defences.md');
const TESTS = join(ROOT, 'test/browser/defences');
const NUMBERS = Array.from({ length: 22 }, (_, index) => index + 1);

/** `number half file` of every test of a defence. */
const tests = readdirSync(TESTS)
  .filter((file) => file.endsWith('.test.ts'))
  .flatMap((file) =>
    [...readFileSync(join(TESTS, file), 'utf8').matchAll(/'defence (\d+): (without|with) it, /g)].map(
      ([, number, half]) => ({ number: Number(number), half, file }),
    ),
  );

const rows = readFileSync(TABLE, 'utf8')
  .split('\n')
  .filter((line) => /^\| *\d+ /.test(line))
  .map((line) => {
    const [number = '', wrong = '', done = '', where = '', link = ''] = line.split('|').slice(1, -1);
    return {
      number: Number(number),
      told: wrong.trim() !== '' && done.trim() !== '',
      sources: [...where.matchAll(/`([^`]+)`/g)].map(([, source]) => source ?? ''),
      link: /\]\(([^)]+)\)/.exec(link)?.[1] ?? '',
    };
  });

describe('the defences', () => {
  test('each has one row, in order', () => {
    expect(rows.map(({ number }) => number)).toEqual(NUMBERS);
    expect(rows.every(({ told }) => told)).toBe(true);
  });

  test.each(NUMBERS)('defence %d is shown without it and with it, where its row says', (number) => {
    const link = rows.find((row) => row.number === number)?.link ?? '';
    const named = tests.filter((each) => each.number === number);
    expect(new Set(named.map(({ half }) => half))).toEqual(new Set(['without', 'with']));
    expect(new Set(named.map(({ file }) => join(TESTS, file)))).toEqual(new Set([join(dirname(TABLE), link)]));
  });

  test('no test is of a defence that the table does not have', () => {
    expect(tests.map(({ number }) => number).filter((number) => !NUMBERS.includes(number))).toEqual([]);
  });

  test('every file of the table exists', () => {
    const missing = rows.flatMap(({ sources }) =>
      sources.filter(
        (source) =>
          !existsSync(join(ROOT, 'bridge/src', source)) && !existsSync(join(ROOT, 'bridge/src/engine/webjs', source)),
      ),
    );
    expect(missing).toEqual([]);
  });
});
