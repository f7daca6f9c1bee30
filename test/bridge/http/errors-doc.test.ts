import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { ERRORS, WabError, type ErrorCode } from '../../../bridge/src/contract/errors.ts';

const doc = readFileSync(new URL('../../../bridge/docs/errors.md', import.meta.url), 'utf8');
const rows = [...doc.matchAll(/^\| `(WAB_\w+)` \| (\d+) \| (yes|no) \| (.+) \|$/gm)].map(
  ([, code, status, retry, message]) => ({
    code,
    status: Number(status),
    retryable: retry === 'yes',
    message: message!.replaceAll('\\|', '|'),
  }),
);

test('every code of the catalogue is documented as it is', () => {
  for (const [code, definition] of Object.entries(ERRORS))
    expect(rows.find((row) => row.code === code)).toEqual({ code, ...definition });
});

test('every documented code is in the catalogue, once', () => {
  expect(rows.map((row) => row.code)).toEqual(Object.keys(ERRORS));
  for (const [mention] of doc.matchAll(/WAB_[A-Z_]+/g)) expect(Object.keys(ERRORS)).toContain(mention);
});

test('every message says what to do next in whole sentences', () => {
  for (const [code, { message }] of Object.entries(ERRORS)) {
    expect({ code, message }).toEqual({ code, message: expect.stringMatching(/^[A-Z].*[.}]$/s) });
  }
});

test('a message without its details keeps its holes visible and never fails', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) expect(new WabError(code).message).toBe(ERRORS[code].message);
});
