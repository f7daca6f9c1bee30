import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { safeFileName } from '../../../bridge/src/contract/file-name.ts';

test.each([
  ['report.pdf', 'report.pdf'],
  ['../../etc/passwd', '.._.._etc_passwd'],
  ['..\\..\\boot.ini', '.._.._boot.ini'],
  ['photo\u202Egpj.exe', 'photogpj.exe'],
  ['\u2066a\u2069\u200E.txt', 'a.txt'],
  ['a\r\nX-Header: b.txt', 'aX-Header: b.txt'],
  ['\u001b[31mred.txt', '[31mred.txt'],
  ['nul\u0000.txt', 'nul.txt'],
  ['line\u2028.txt', 'line.txt'],
  ['  spaces .txt ', 'spaces .txt'],
  ['Käse 文書 👨\u200d👩\u200d👧.txt', 'Käse 文書 👨\u200d👩\u200d👧.txt'],
  ['half \ud800.txt', 'half \ufffd.txt'],
])('%j becomes %j', (name, safe) => expect(safeFileName(name)).toBe(safe));

test.each(['', '  ', '.', '..', '\u202e', '\u0000'])('nothing usable is left of %j', (name) =>
  expect(safeFileName(name)).toBeNull(),
);

test('whatever comes in, no mark, separator or half character comes out, and a second time changes nothing', () => {
  const nasty = fc.constantFrom(
    '/',
    '\\',
    '\u0000',
    '\u001b',
    '\u0085',
    '\u061c',
    '\u200e',
    '\u2028',
    '\u202e',
    '\u2067',
    '.',
    ' ',
  );
  const text = fc
    .array(fc.oneof(nasty, fc.string({ unit: 'binary' })), { maxLength: 40 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (name) => {
      const safe = safeFileName(name);
      if (safe === null) return;
      expect(safe).not.toMatch(/[\p{Cc}\p{Surrogate}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069/\\]/u);
      expect(safe.length).toBeLessThanOrEqual(255);
      expect(safe).not.toMatch(/^\.*$/);
      expect(safeFileName(safe)).toBe(safe);
    }),
  );
});
