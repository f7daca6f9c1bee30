/** What errors say to whom: sizes in words, and what a caller gave only to the caller. */
import { expect, test } from '@jest/globals';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { ERRORS, RETIRED_CODES, WabError } from '../../../bridge/src/contract/errors.ts';
import { parseChatId, parsePhone } from '../../../bridge/src/contract/whatsapp-id.ts';
import { problemOf } from '../../../bridge/src/http/problem.ts';

const refusalOf = (ask: () => unknown): WabError => {
  try {
    ask();
  } catch (error) {
    return error as WabError;
  }
  throw new Error('it was taken');
};

test.each(RETIRED_CODES)('%s is not used again', (code) => {
  expect(ERRORS).not.toHaveProperty(code);
});

test.each([
  [16 * 1_048_576, '16 MB'],
  [10_240 * 1_048_576, '10 GB'],
  [1_500_000, '1.4 MB'],
  [900, '900 bytes'],
  [0, '0 bytes'],
])('%d bytes are said as %s', (limitBytes, words) => {
  const { message } = new WabError('WAB_MEDIA_TOO_LARGE', { limitBytes, kind: 'image' });
  expect(message).toBe(`The file is larger than the ${words} allowed for image. Send a smaller file.`);
});

test.each([
  ['0151 12345678', '0151 12345678'],
  ['\u202A+49 151 1234567O\u202C', '\\u{202a}+49 151 1234567O\\u{202c}'],
  ['nobody@nowhere', 'nobody@nowhere'],
  ['9'.repeat(300), `${'9'.repeat(80)}".`],
])('the answer about an address repeats what was given, a log never does: %j', (given, shown) => {
  for (const refusal of [refusalOf(() => parseChatId(given)), refusalOf(() => parsePhone(given))]) {
    expect(problemOf(refusal, 'r').detail).toContain(`Given: "${shown}`);
    let logged = '';
    const log = pino(
      new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          logged += chunk.toString();
          done();
        },
      }),
    );
    log.error(refusal);
    log.error({ error: refusal, err: refusal, details: { ...refusal } }, refusal.message);
    expect(logged).toContain(refusal.code);
    for (const text of [logged, refusal.message, String(refusal.stack), JSON.stringify(refusal)])
      expect(text).not.toContain(given.slice(0, 12));
  }
});
