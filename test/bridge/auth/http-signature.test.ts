import { constants, createHmac, sign, verify } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contentDigest, sha256 } from '../../../bridge/src/auth/content-digest.ts';
import { parseSignature, serializeSignatureParams, signatureBase } from '../../../bridge/src/auth/http-signature.ts';
import { importPublicKey, privateKeyOf, publicKeyOf } from '../../../bridge/src/auth/secret.ts';
import { B21, B23, B25, B26, body, ed25519, fields, rsaPss, sharedSecret, type Vector } from './rfc9421.ts';

const parsed = (vector: Vector) =>
  parseSignature(`${vector.name}=${vector.input}`, `${vector.name}=:${vector.signature}:`);
const baseOf = (vector: Vector): Buffer => {
  const { components, serialized } = parsed(vector);
  return signatureBase(components, (name) => fields[name], serialized);
};

describe('RFC 9421, appendix B', () => {
  test.each([B21, B23, B25, B26])('$name: the signature base, byte for byte', (vector) => {
    expect(baseOf(vector).toString()).toBe(vector.base);
  });

  test.each([B21, B23])('$name: the published RSA-PSS signature verifies', (vector) => {
    const options = { key: rsaPss, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 };
    expect(verify('sha512', baseOf(vector), options, parsed(vector).signature)).toBe(true);
  });

  test('B.2.5: HMAC gives the published signature', () => {
    expect(createHmac('sha256', sharedSecret).update(baseOf(B25)).digest('base64')).toBe(B25.signature);
  });

  test('B.1.4: the seed gives the published public key', () => {
    expect(publicKeyOf(ed25519.seed)).toBe(ed25519.publicKey);
  });

  test('B.2.6: Ed25519 gives the published signature, and verifies it', () => {
    expect(sign(null, baseOf(B26), privateKeyOf(ed25519.seed)).toString('base64')).toBe(B26.signature);
    expect(verify(null, baseOf(B26), importPublicKey(ed25519.publicKey), parsed(B26).signature)).toBe(true);
  });

  test('parameters are written in the order given', () => {
    const serialized = serializeSignatureParams(
      ['date', '@method', '@path', '@authority', 'content-type', 'content-length'],
      { created: 1618884473, keyid: 'test-key-ed25519' },
    );
    expect(serialized).toBe(B26.input);
  });
});

// From the facts file, which leaves out the quotes that the signed header value has: `"8e03978e-…"`, a structured string.
test('the worked example with all of our parameters', () => {
  const components = ['@method', '@authority', '@path', '@query', 'content-digest', 'idempotency-key'];
  const serialized = serializeSignatureParams(components, {
    created: 1618884473,
    expires: 1618884533,
    nonce: 'b3k2pp5k7z-50gnwp.yemd',
    keyid: 'test-key-ed25519',
    alg: 'ed25519',
    tag: 'wab1',
  });
  const values: Record<string, string> = {
    ...fields,
    'content-digest': contentDigest(sha256(body)),
    'idempotency-key': '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
  };
  const base = signatureBase(components, (name) => values[name], serialized);
  expect(base.toString()).toBe(
    [
      '"@method": POST',
      '"@authority": example.com',
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"content-digest": sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
      '"idempotency-key": "8e03978e-40d5-43dd-bc93-6894a57f9324"',
      '"@signature-params": ("@method" "@authority" "@path" "@query" "content-digest" "idempotency-key");created=1618884473;expires=1618884533;nonce="b3k2pp5k7z-50gnwp.yemd";keyid="test-key-ed25519";alg="ed25519";tag="wab1"',
    ].join('\n'),
  );
  expect(sign(null, base, privateKeyOf(ed25519.seed)).toString('base64')).toBe(
    'mpFSKxGwO8Ihl4g1oecE/09js99l9L+ZIOZISz8mFSbsj5Lto+ZMdP+k4XsUHEGpkL2A6lH10UCsUodlhtcaBw==',
  );
});

describe('what cannot be read is refused', () => {
  const signature = 'wab=:AAAA:';
  const reason = (input: string, value = signature): string => {
    try {
      parseSignature(input, value);
    } catch (error) {
      expect(error).toMatchObject({ code: 'WAB_SIGNATURE_MALFORMED' });
      return (error as Error).message;
    }
    throw new Error(`${input} was read`);
  };

  test.each([
    ['no structured field', 'wab=("@method"', signature, /not a structured field/],
    ['nothing', '', '', /is empty/],
    ['two signatures', 'wab=("@method");created=1, b=("@method");created=1', signature, /more than one/],
    ['one label twice', 'wab=("@method");created=1, wab=("@path");created=1', signature, /more than one/],
    ['two signature values', 'wab=("@method")', 'wab=:AAAA:, wab=:BBBB:', /more than one/],
    ['labels that differ', 'wab=("@method")', 'other=:AAAA:', /labelled/],
    ['a single item in place of a list', 'wab="@method"', signature, /not a list/],
    ['a signature that is no byte sequence', 'wab=("@method")', 'wab="AAAA"', /not a byte sequence/],
    ['a token as component', 'wab=(method)', signature, /not a string/],
    ['a component with parameters', 'wab=("@query-param";name="a")', signature, /has parameters/],
    ['a component twice', 'wab=("@path" "@path")', signature, /twice/],
    ['an unknown parameter', 'wab=("@path");created=1;extra=1', signature, /extra is unknown/],
    ['created as text', 'wab=("@path");created="1"', signature, /created has the wrong type/],
    ['created as a fraction', 'wab=("@path");created=1.5', signature, /created has the wrong type/],
    ['nonce as a token', 'wab=("@path");nonce=abc', signature, /nonce has the wrong type/],
  ])('%s', (_name, input, value, expected) => {
    expect(reason(input, value)).toMatch(expected);
  });

  test('a comma inside a string is no second signature', () => {
    expect(parseSignature('wab=("@path");nonce="a,b\\"c,d"', signature).parameters.nonce).toBe('a,b"c,d');
  });

  test.each(['a\nb', 'a\r\n"@path": /other', 'ä', '\u007f'])('a value that could forge a line: %j', (value) => {
    expect(() => signatureBase(['content-type'], () => value, '()')).toThrow(/printable ASCII/);
  });
});

test('what was serialised is what is parsed', () => {
  const text = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) });
  const integer = fc.integer({ min: 0, max: 999_999_999_999_999 });
  fc.assert(
    fc.property(
      fc.uniqueArray(text, { maxLength: 8 }),
      fc.record({ created: integer, expires: integer, nonce: text, keyid: text, alg: text, tag: text }),
      (components, parameters) => {
        const serialized = serializeSignatureParams(components, parameters);
        const result = parseSignature(`wab=${serialized}`, 'wab=:AAAA:');
        expect(result).toMatchObject({ components, parameters, serialized });
      },
    ),
  );
});
