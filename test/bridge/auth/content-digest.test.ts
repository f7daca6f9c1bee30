import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contentDigest, EMPTY_SHA256, parseContentDigest, sha256 } from '../../../bridge/src/auth/content-digest.ts';

// RFC 9530, appendix D, and RFC 9421, appendix B.2.
test.each([
  ['{"hello": "world"}\n', 'RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg='],
  ['{"hello": "world"}', 'X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE='],
  ['', '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='],
])('the published digest of %j', (bytes, digest) => {
  expect(sha256(bytes)).toBe(digest);
  expect(parseContentDigest(contentDigest(digest))).toBe(digest);
});

test('other algorithms beside it are ignored', () => {
  expect(parseContentDigest(`sha-512=:YWJj:, ${contentDigest(EMPTY_SHA256)}, unixsum=1`)).toBe(EMPTY_SHA256);
});

test.each([
  ['no structured field', 'sha-256=:47DE', /structured field/],
  ['another algorithm only', 'sha-512=:YWJj:', /no sha-256/],
  ['a digest of another length', 'sha-256=:YWJj:', /32 bytes/],
  ['a string', 'sha-256="47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="', /32 bytes/],
  ['hexadecimal', `sha-256=${'a'.repeat(64)}`, /32 bytes/],
  ['a list', 'sha-256=(:YWJj:)', /32 bytes/],
  ['rubbish', '===', /structured field/],
])('refuses %s', (_name, field, reason) => {
  expect(() => parseContentDigest(field)).toThrow(reason);
});

test('any body: what is written is what is read', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(parseContentDigest(contentDigest(sha256(bytes)))).toBe(sha256(bytes));
    }),
  );
});
