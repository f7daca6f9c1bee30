/** What people read on a terminal. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { coloured, layoutOf, localTime, members, table } from '../../../bridge/src/cli/output.ts';

const ESCAPE = '\u001b';
const plain = { width: 100, colour: false };
const cell = fc.oneof(fc.string({ maxLength: 150 }), fc.lorem({ maxCount: 40 }), fc.constant(null), fc.integer());

describe('a table', () => {
  test('fits the width whatever is in it, and leaves nothing out', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ maxLength: 30 }), cell, cell, cell), { minLength: 1, maxLength: 8 }),
        (rows) => {
          const text = table(['ID', 'STATE', 'CHAT', 'NOTE'], rows, '', [], plain);
          for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
          const squeezed = (value: string): string => value.replace(/\s/g, '');
          const letters = squeezed(text);
          for (const value of rows.flat())
            if (typeof value === 'string' && /^\w+$/.test(value) && value.length < 15) expect(letters).toContain(value);
        },
      ),
    );
  });

  test('goes on below where a cell is too long, under its own column', () => {
    const text = table(
      ['ID', 'NOTE'],
      [['a', 'one two three four five six seven eight nine ten eleven twelve']],
      '',
      [],
      {
        width: 60,
        colour: false,
      },
    );
    expect(text.split('\n')).toEqual([
      'ID  NOTE',
      'a   one two three four five six seven eight nine ten eleven',
      '    twelve',
    ]);
  });

  test('never breaks its first column, and has notes below their rows', () => {
    const id = 'out_01HXXXXXXXXXXXXXXXXXXXXXXX'.repeat(2);
    const text = table(
      ['ID', 'NOTE'],
      [
        [id, 'word '.repeat(20)],
        ['b', 'c'],
      ],
      '',
      ['why it is so', null],
      {
        width: 70,
        colour: false,
      },
    );
    expect(text).toContain(id);
    expect(text.split('\n')).toContain('    why it is so');
  });

  test('has colours only where the layout says so', () => {
    const rows = [['support', 'logged_out']];
    expect(table(['SESSION', 'STATE'], rows, '', [], plain)).not.toContain(ESCAPE);
    const text = table(['SESSION', 'STATE'], rows, '', [], { width: 100, colour: true });
    expect(text).toContain(`${ESCAPE}[31mlogged_out${ESCAPE}[39m`);
    expect(coloured('ready', { width: 100, colour: true })).toBe(`${ESCAPE}[32mready${ESCAPE}[39m`);
  });

  test('text of others brings no escape of its own', () => {
    expect(table(['NOTE'], [[`${ESCAPE}[31mred`]], '', [], { width: 100, colour: false })).not.toContain(ESCAPE);
  });
});

test.each([
  ['a terminal', { isTTY: true, columns: 80 }, {}, { width: 80, colour: true }],
  ['a terminal with NO_COLOR', { isTTY: true, columns: 80 }, { NO_COLOR: '1' }, { width: 80, colour: false }],
  ['a terminal with an empty NO_COLOR', { isTTY: true, columns: 80 }, { NO_COLOR: '' }, { width: 80, colour: true }],
  ['a terminal that shows no colours', { isTTY: true, columns: 80 }, { TERM: 'dumb' }, { width: 80, colour: false }],
  ['a very narrow terminal', { isTTY: true, columns: 20 }, {}, { width: 60, colour: true }],
  ['a pipe', { isTTY: false, columns: 0 }, { FORCE_COLOR: '1' }, { width: 100, colour: false }],
])('%s', (_name, stream, environment, layout) => {
  expect(layoutOf(stream as Parameters<typeof layoutOf>[0], environment)).toEqual(layout);
});

test('a moment is shown by the clock of this place', () => {
  const at = new Date(2026, 2, 4, 5, 6, 7);
  expect(localTime(at.toISOString())).toBe('2026-03-04 05:06:07');
  expect(localTime(null)).toBeNull();
  expect(localTime('never')).toBe('never');
});

test('members of one thing fit the width too', () => {
  const text = members([['error', 'word '.repeat(60).trim()]], { width: 80, colour: false });
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(text.match(/word/g)).toHaveLength(60);
});
