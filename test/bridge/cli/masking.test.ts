import { homedir, hostname } from 'node:os';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { masker } from '../../../bridge/src/cli/live/masking.ts';

const mask = masker(
  new Map([
    ['support-anna', '<session>'],
    ['Anna Müller', '<name>'],
  ]),
);

test.each([
  ['There is no session support-anna.', 'There is no session <session>.'],
  ['Key K1 may not use session SUPPORT-ANNA', 'Key K1 may not use session <session>'],
  ['written by Anna Müller today', 'written by <name> today'],
  ['4915112345678@c.us said no', '<chat> said no'],
  ['quoted false_4915112345678@c.us_3EB0AABB', 'quoted <message>'],
  ['true_120363000000001001@g.us_3EB0_4915112345678@c.us', '<message>'],
  ['98765432101@lid and +49 151 1234-5678', '<chat> and <number>'],
  ['call 555.123.4567, or 555-123-4567', 'call <number>, or <number>'],
  ['(0151) 12345678, 0049.151.12345678', '(<number>, <number>'],
  ['The bridge at http://10.0.0.7:8477/v1?x=1 cannot be reached', 'The bridge at <url> cannot be reached'],
  ['wabk_ABC123_seedseedseed', '<key>'],
  ['mail me: anna@example.org', 'mail me: <address>'],
  [`${homedir()}/.wabridge on ${hostname()}`, '~/.wabridge on <host>'],
])('%s', (text, expected) => expect(mask(text)).toBe(expected));

test.each([
  'WhatsApp Web 2.3000.1042401057 answers',
  'HeadlessChrome/156.0.7204.100 answers, Chromium 156.0.7204.100',
  'ready since 2026-11-21T14:34:50.814Z',
  'tried 3 times in 12.3 s, 150000 bytes',
  'node 24.21.0 on linux x64',
])('%s stays as it is', (text) => expect(mask(text)).toBe(text));

test('no phone number comes through, however it is written and wherever it stands', () => {
  const digits = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 8, maxLength: 15 });
  const separator = fc.constantFrom('', ' ', '-', '.', '/', ' (', ') ');
  const number = fc.tuple(digits, fc.array(separator, { minLength: 15, maxLength: 15 }), fc.boolean());
  fc.assert(
    fc.property(number, fc.constantFrom('', 'to ', 'a:', '"', '\n'), ([parts, between, plus], before) => {
      // At most every third digit is followed by a separator, as people write.
      const written = parts.map((digit, at) => `${digit}${at % 3 === 2 ? between[at] : ''}`).join('');
      const masked = mask(`${before}${plus ? '+' : ''}${written.replace(/\D+$/, '')}, please`);
      expect(masked.replace(/\D/g, '').length).toBeLessThan(4);
    }),
    { numRuns: 3000 },
  );
});

test('no word that is to be masked comes through, whatever it is made of', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 2 }), fc.constantFrom(' ', '"', '(', ': '), (word, before) => {
      fc.pre(word.trim() === word && !'<session>'.includes(word) && !'so it is'.includes(word));
      expect(masker(new Map([[word, '<session>']]))(`so it is${before}${word}.`)).not.toContain(`${before}${word}.`);
    }),
  );
});
