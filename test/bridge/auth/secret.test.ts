import { sign, verify } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  formatSecret,
  importPublicKey,
  newSeed,
  parseSecret,
  privateKeyOf,
  publicKeyOf,
} from '../../../bridge/src/auth/secret.ts';
import { newKeyId, type KeyId } from '../../../bridge/src/contract/ids.ts';

const keyIds = fc.stringMatching(/^[0-9A-Za-z]{4,32}$/).map((text) => text as KeyId);
const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));

test('a secret survives being written down, with blanks around it too', () => {
  fc.assert(
    fc.property(keyIds, seeds, (keyId, seed) => {
      expect(parseSecret(` ${formatSecret({ keyId, seed })}\n`)).toEqual({ keyId, seed });
    }),
  );
});

test('a secret that lost or changed a character is never taken for another key with the same id', () => {
  fc.assert(
    fc.property(keyIds, seeds, fc.nat(), (keyId, seed, at) => {
      const text = formatSecret({ keyId, seed });
      const index = at % text.length;
      expect(parseSecret(text.slice(0, index) + text.slice(index + 1))?.keyId).not.toBe(keyId);
    }),
  );
});

test.each([
  '',
  'wabk_',
  'wabk_ABCD',
  `wabk_ABCD_${'A'.repeat(42)}`,
  `wabk_ABCD_${'A'.repeat(44)}`,
  `wabk_A-CD_${'A'.repeat(43)}`,
  `wabk_ABCD_${'A'.repeat(42)}B`,
  `xabk_ABCD_${'A'.repeat(43)}`,
  `wabk_ABC_${'A'.repeat(43)}`,
])('%j is no secret', (text) => {
  expect(parseSecret(text)).toBeNull();
});

test('the two halves of a key belong together', () => {
  const seed = newSeed();
  const signature = sign(null, Buffer.from('x'), privateKeyOf(seed));
  expect(verify(null, Buffer.from('x'), importPublicKey(publicKeyOf(seed)), signature)).toBe(true);
  expect(verify(null, Buffer.from('x'), importPublicKey(publicKeyOf(newSeed())), signature)).toBe(false);
});

test('new key ids fit the pattern that secrets are read by', () => {
  expect(parseSecret(formatSecret({ keyId: newKeyId(), seed: newSeed() }))).not.toBeNull();
});
