import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { parseSigningKey, sha256Base64, signRequest } from '../../credentials/signing';

/** RFC 9421, appendix B.1.4, under an id of ours. */
const key = parseSigningKey('wabk_TESTKEY1_n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU')!;
const publicKey = createPublicKey(
  '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----',
);
const now = 1618884473_000;
const nonce = 'b3k2pp5k7z-50gnwp.yemd';
const signatureOf = (headers: Record<string, string>): Buffer =>
  Buffer.from(headers['signature']!.slice('wab=:'.length, -1), 'base64');

test('the signed bytes are those of RFC 9421, line by line', () => {
  const headers = signRequest({
    method: 'post',
    url: 'https://Example.com:443/foo?param=Value&Pet=dog#part',
    headers: { 'Content-Type': ' application/json ', 'Idempotency-Key': '8e03978e', 'X-Other': '1' },
    body: '{"hello": "world"}',
    key,
    now,
    nonce,
  });
  const parameters = `("@method" "@authority" "@path" "@query" "content-type" "content-digest" "idempotency-key");created=1618884473;expires=1618884533;nonce="${nonce}";keyid="TESTKEY1";alg="ed25519";tag="wabridge"`;
  expect(headers).toEqual({
    'content-digest': 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
    'signature-input': `wab=${parameters}`,
    signature: expect.stringMatching(/^wab=:[A-Za-z0-9+/]{86}==:$/),
  });
  const base = [
    '"@method": POST',
    '"@authority": example.com',
    '"@path": /foo',
    '"@query": ?param=Value&Pet=dog',
    '"content-type": application/json',
    '"content-digest": sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
    '"idempotency-key": 8e03978e',
    `"@signature-params": ${parameters}`,
  ].join('\n');
  expect(verify(null, Buffer.from(base), publicKey, signatureOf(headers))).toBe(true);
  expect(verify(null, Buffer.from(`${base}\n`), publicKey, signatureOf(headers))).toBe(false);
});

test('without a body nothing of a body is signed', () => {
  const headers = signRequest({
    method: 'GET',
    url: 'wss://example.com/v1/stream',
    headers: { 'content-type': 'application/json' },
    body: '',
    key,
    now,
    nonce,
  });
  const parameters = `("@method" "@authority" "@path" "@query");created=1618884473;expires=1618884533;nonce="${nonce}";keyid="TESTKEY1";alg="ed25519";tag="wabridge"`;
  expect(Object.keys(headers)).toEqual(['signature-input', 'signature']);
  const base = `"@method": GET\n"@authority": example.com\n"@path": /v1/stream\n"@query": ?\n"@signature-params": ${parameters}`;
  expect(verify(null, Buffer.from(base), publicKey, signatureOf(headers))).toBe(true);
});

test('a digest that was computed beforehand stands for the body', () => {
  const request = {
    method: 'PUT',
    url: 'https://example.com/x',
    headers: { 'content-type': 'image/png' },
    key,
    now,
    nonce,
  };
  expect(signRequest({ ...request, digest: sha256Base64('bytes') })).toEqual(
    signRequest({ ...request, body: Buffer.from('bytes') }),
  );
});

test('each request has a nonce and a time of its own', () => {
  const headers = [0, 1].map(
    () => signRequest({ method: 'GET', url: 'https://example.com/', key })['signature-input']!,
  );
  const nonces = headers.map((header) => /nonce="([^"]{16,64})"/.exec(header)?.[1]);
  expect(nonces[0]).toBeDefined();
  expect(nonces[0]).not.toBe(nonces[1]);
  const created = Number(/created=(\d+)/.exec(headers[0]!)![1]);
  expect(Math.abs(created - Date.now() / 1000)).toBeLessThan(30);
  expect(headers[0]).toContain(`expires=${created + 60}`);
});

test('a body without a content type cannot be signed', () => {
  expect(() => signRequest({ method: 'POST', url: 'https://example.com/', body: 'x', key })).toThrow(/Content-Type/);
});

describe('a signing key', () => {
  test.each([
    undefined,
    null,
    '',
    'wabk_TESTKEY1',
    'wabk_TESTKEY1_',
    `wabk_TESTKEY1_${'A'.repeat(42)}`,
    `wabk_TESTKEY1_${'A'.repeat(44)}`,
    `wabk_TEST KEY_${'A'.repeat(43)}`,
    `wabk_TESTKEY1_${'A'.repeat(42)}B`,
  ])('%j is none', (text) => {
    expect(parseSigningKey(text)).toBeNull();
  });

  test('may have blanks around it, as copied text does', () => {
    expect(parseSigningKey(`\n wabk_ABCD_${'A'.repeat(43)}  `)?.keyId).toBe('ABCD');
  });
});
