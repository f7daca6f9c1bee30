/** Which signed requests are accepted, and with which error the others are refused. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contentDigest, EMPTY_SHA256, sha256 } from '../../../bridge/src/auth/content-digest.ts';
import { signRequest, type UnsignedRequest } from '../../../bridge/src/auth/signer.ts';
import { newSeed } from '../../../bridge/src/auth/secret.ts';
import type { KeyId } from '../../../bridge/src/contract/ids.ts';
import { arrive, NOW, secret, verifierWith, withHeaders, type Arrived } from './requests.ts';

const URL_ = 'http://127.0.0.1:8477';

const post: UnsignedRequest = {
  method: 'POST',
  url: `${URL_}/v1/messages?waitMs=1000`,
  headers: { 'content-type': 'application/json', 'idempotency-key': 'order-17' },
  body: '{"text":"hi"}',
};

const get: UnsignedRequest = { method: 'GET', url: `${URL_}/v1/whoami` };

const codeOf = (verifying: Promise<unknown>): Promise<string> =>
  verifying.then(
    () => 'accepted',
    (error: Error & { code?: string }) => error.code ?? error.message,
  );

const judge = (arrived: Arrived, urls = [URL_]): Promise<string> => codeOf(verifierWith(urls).verify(arrived));

describe('what is accepted', () => {
  test('a request without a body', async () => {
    await expect(verifierWith([URL_]).verify(arrive(get))).resolves.toMatchObject({
      principal: { keyId: 'TESTKEY1' },
      bodySha256: null,
    });
  });

  test('a request with a body: its digest is handed on', async () => {
    await expect(verifierWith([URL_]).verify(arrive(post))).resolves.toMatchObject({
      bodySha256: sha256('{"text":"hi"}'),
    });
  });

  test('a streamed body without a length', async () => {
    const digest = sha256('a file');
    const upload = arrive({
      method: 'PUT',
      url: `${URL_}/v1/media/x`,
      headers: { 'content-type': 'image/png' },
      bodySha256: digest,
    });
    await expect(
      verifierWith([URL_]).verify(withHeaders(upload, { 'transfer-encoding': 'chunked' })),
    ).resolves.toMatchObject({ bodySha256: digest });
  });

  test.each([
    ['default port written out', 'https://wa.example.org', 'wa.example.org:443'],
    ['other case', 'https://wa.example.org', 'WA.Example.ORG'],
    ['default port of http', 'http://wa.example.org', 'wa.example.org:80'],
  ])('equivalent Host headers: %s', async (_name, url, host) => {
    const arrived = withHeaders(arrive({ ...get, url: `${url}/v1/whoami` }), { host });
    expect(await judge(arrived, [url])).toBe('accepted');
  });

  test('header names in any case', async () => {
    const arrived = arrive(post);
    const rawHeaders = arrived.rawHeaders.map((text, index) => (index % 2 === 0 ? text.toUpperCase() : text));
    expect(await judge({ ...arrived, rawHeaders })).toBe('accepted');
  });

  test('headers that mean nothing to the bridge may change', async () => {
    expect(await judge(withHeaders(arrive(get), { 'x-forwarded-host': 'evil.example', 'user-agent': 'x' }))).toBe(
      'accepted',
    );
  });

  test('a path prefix that a proxy takes off', async () => {
    const arrived = arrive({ ...get, url: 'https://example.org/wabridge/v1/whoami' });
    expect(await judge({ ...arrived, target: '/v1/whoami' }, ['https://example.org/wabridge/'])).toBe('accepted');
    expect(await judge({ ...arrived, target: '/v1/whoami' }, ['https://example.org'])).toBe('WAB_SIGNATURE_INVALID');
    expect(
      await judge({ ...arrived, target: '/v1/whoami' }, ['https://example.org', 'https://example.org/wabridge']),
    ).toBe('accepted');
  });
});

describe('what is refused, and with which error', () => {
  test.each<[string, Arrived, string]>([
    ['unsigned', withHeaders(arrive(get), { signature: null, 'signature-input': null }), 'WAB_SIGNATURE_MISSING'],
    ['without Signature', withHeaders(arrive(get), { signature: null }), 'WAB_SIGNATURE_MALFORMED'],
    ['without Signature-Input', withHeaders(arrive(get), { 'signature-input': null }), 'WAB_SIGNATURE_MALFORMED'],
    ['expired', arrive(get, { now: NOW - 91_000 }), 'WAB_SIGNATURE_EXPIRED'],
    ['from the future', arrive(get, { now: NOW + 32_000 }), 'WAB_SIGNATURE_EXPIRED'],
    ['for another host', arrive({ ...get, url: 'http://other.example/v1/whoami' }), 'WAB_WRONG_AUTHORITY'],
    ['without Host', withHeaders(arrive(get), { host: null }), 'WAB_WRONG_AUTHORITY'],
    [
      'by an unknown key',
      arrive(get, { now: NOW }, { keyId: 'OTHERKEY' as KeyId, seed: newSeed() }),
      'WAB_KEY_UNKNOWN',
    ],
    [
      'by another key under a known id',
      arrive(get, { now: NOW }, { keyId: secret.keyId, seed: newSeed() }),
      'WAB_SIGNATURE_INVALID',
    ],
    ['with a body added', withHeaders(arrive(get), { 'content-length': '5' }), 'WAB_SIGNATURE_MALFORMED'],
    [
      'with a chunked body added',
      withHeaders(arrive(get), { 'transfer-encoding': 'chunked' }),
      'WAB_SIGNATURE_MALFORMED',
    ],
    ['with its body taken away', withHeaders(arrive(post), { 'content-length': '0' }), 'WAB_CONTENT_DIGEST_MISMATCH'],
    [
      'with its content type taken away',
      withHeaders(arrive(post), { 'content-type': null }),
      'WAB_SIGNATURE_MALFORMED',
    ],
    ['with its digest taken away', withHeaders(arrive(post), { 'content-digest': null }), 'WAB_SIGNATURE_MALFORMED'],
    [
      'with another digest',
      withHeaders(arrive(post), { 'content-digest': contentDigest(EMPTY_SHA256) }),
      'WAB_SIGNATURE_INVALID',
    ],
    ['with an idempotency key added', withHeaders(arrive(get), { 'idempotency-key': 'x' }), 'WAB_SIGNATURE_MALFORMED'],
    [
      'with its idempotency key taken away',
      withHeaders(arrive(post), { 'idempotency-key': null }),
      'WAB_SIGNATURE_MALFORMED',
    ],
    ['with the absolute form', { ...arrive(get), target: `${URL_}/v1/whoami` }, 'WAB_SIGNATURE_MALFORMED'],
  ])('%s', async (_name, arrived, code) => {
    expect(await judge(arrived)).toBe(code);
  });

  test.each([
    'host',
    'content-type',
    'content-digest',
    'content-length',
    'idempotency-key',
    'signature',
    'signature-input',
  ])('a second line of %s', async (name) => {
    const arrived = arrive(post);
    expect(await judge({ ...arrived, rawHeaders: [...arrived.rawHeaders, name, arrived.headers[name]!] })).toBe(
      'WAB_SIGNATURE_MALFORMED',
    );
  });

  test.each([
    ['another tag', (input: string) => input.replace('tag="wabridge"', 'tag="wab1"'), /tag/],
    ['no tag', (input: string) => input.replace(';tag="wabridge"', ''), /tag/],
    ['another algorithm', (input: string) => input.replace('alg="ed25519"', 'alg="hmac-sha256"'), /alg/],
    ['no algorithm', (input: string) => input.replace(';alg="ed25519"', ''), /alg/],
    ['no nonce', (input: string) => input.replace(/;nonce="[^"]*"/, ''), /nonce/],
    ['a short nonce', (input: string) => input.replace(/;nonce="[^"]*"/, ';nonce="0123456789abcde"'), /nonce/],
    [
      'a nonce that is too long',
      (input: string) => input.replace(/;nonce="[^"]*"/, `;nonce="${'a'.repeat(65)}"`),
      /nonce/,
    ],
    ['no created', (input: string) => input.replace(/;created=\d+/, ''), /created/],
    ['no expires', (input: string) => input.replace(/;expires=\d+/, ''), /expires/],
    [
      'a lifetime above a minute',
      (input: string) => input.replace(/;expires=\d+/, `;expires=${NOW / 1000 + 61}`),
      /60 seconds/,
    ],
    ['a lifetime of nothing', (input: string) => input.replace(/;expires=\d+/, `;expires=${NOW / 1000}`), /60 seconds/],
    ['no key id', (input: string) => input.replace(/;keyid="[^"]*"/, ''), /keyid/],
    ['a key id of another form', (input: string) => input.replace(/;keyid="[^"]*"/, ';keyid="../../etc"'), /keyid/],
    ['@method uncovered', (input: string) => input.replace('"@method" ', ''), /cover @method/],
    ['@authority uncovered', (input: string) => input.replace('"@authority" ', ''), /cover @authority/],
    ['@path uncovered', (input: string) => input.replace('"@path" ', ''), /cover @path/],
    ['@query uncovered', (input: string) => input.replace('"@query" ', ''), /cover @query/],
    ['content-type uncovered', (input: string) => input.replace('"content-type" ', ''), /cover content-type/],
    ['content-digest uncovered', (input: string) => input.replace('"content-digest" ', ''), /cover content-digest/],
    ['idempotency-key uncovered', (input: string) => input.replace(' "idempotency-key"', ''), /cover idempotency-key/],
    ['a foreign component', (input: string) => input.replace('"@method" ', '"@method" "date" '), /covers date/],
    ['a component with parameters', (input: string) => input.replace('"@path"', '"@path";req'), /parameters/],
    ['two signatures', (input: string) => `${input}, b=("@method");created=1`, /more than one/],
  ])('a signature with %s, before the signature itself is looked at', async (_name, change, reason) => {
    const arrived = arrive(post);
    const changed = withHeaders(arrived, { 'signature-input': change(arrived.headers['signature-input']!) });
    expect(changed.headers['signature-input']).not.toBe(arrived.headers['signature-input']);
    await expect(verifierWith([URL_]).verify(changed)).rejects.toMatchObject({
      code: 'WAB_SIGNATURE_MALFORMED',
      message: expect.stringMatching(reason),
    });
  });

  test('the error says how far off the clock is, and which way', async () => {
    await expect(verifierWith([URL_]).verify(arrive(get, { now: NOW - 3_600_000 }))).rejects.toThrow(
      /client’s clock is about 3600 s behind the bridge’s clock/,
    );
    await expect(verifierWith([URL_]).verify(arrive(get, { now: NOW + 300_000 }))).rejects.toThrow(
      /client’s clock is about 300 s ahead of the bridge’s clock/,
    );
  });

  test('the error names the authority that was seen and the setting to add it to', async () => {
    const arrived = arrive({ ...get, url: 'https://new.example:8443/v1/whoami' });
    await expect(verifierWith([URL_]).verify(arrived)).rejects.toThrow(/new\.example:8443.*WABRIDGE_PUBLIC_URLS/);
  });

  test('a proxy that replaces Host is named as such', async () => {
    const urls = [URL_, 'https://wa.example.org'];
    const arrived = withHeaders(arrive({ ...get, url: 'https://wa.example.org/v1/whoami' }), {
      host: '127.0.0.1:8477',
    });
    await expect(verifierWith(urls).verify(arrived)).rejects.toMatchObject({
      code: 'WAB_HOST_REPLACED',
      message: expect.stringMatching(/wa\.example\.org.*127\.0\.0\.1:8477/),
    });
  });

  test('a forwarded header changes nothing', async () => {
    const arrived = withHeaders(arrive({ ...get, url: 'https://wa.example.org/v1/whoami' }), {
      host: 'inner:1',
      'x-forwarded-host': 'wa.example.org',
      forwarded: 'host=wa.example.org',
    });
    expect(await judge(arrived, ['https://wa.example.org'])).toBe('WAB_WRONG_AUTHORITY');
  });

  test('the same request a second time', async () => {
    const verifier = verifierWith([URL_]);
    const arrived = arrive(post);
    expect(await codeOf(verifier.verify(arrived))).toBe('accepted');
    expect(await codeOf(verifier.verify(arrived))).toBe('WAB_SIGNATURE_REPLAYED');
  });

  test('a request that is refused uses up no nonce', async () => {
    const verifier = verifierWith([URL_]);
    const arrived = arrive(post);
    expect(await codeOf(verifier.verify({ ...arrived, method: 'PUT' }))).toBe('WAB_SIGNATURE_INVALID');
    expect(await codeOf(verifier.verify(arrived))).toBe('accepted');
  });
});

describe('the window of time', () => {
  test('a signature is good from 30 s before it was made to 30 s after it ends, and never outside', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -200_000, max: 200_000 }), async (offset) => {
        const accepted = (await codeOf(verifierWith([URL_], { now: NOW + offset }).verify(arrive(get)))) === 'accepted';
        expect(accepted).toBe(offset >= -30_000 && offset <= 90_000);
      }),
    );
  });
});

test('what clients cover beyond what must be is part of the signature', async () => {
  // A client that covers content-type and content-digest without a body is accepted only as it signed them.
  const headers = { 'content-type': 'application/json' };
  const signed = signRequest({ method: 'GET', url: `${URL_}/v1/whoami`, headers, bodySha256: EMPTY_SHA256 }, secret, {
    now: NOW,
  });
  const arrived = withHeaders({ ...arrive(get), headers: { host: '127.0.0.1:8477' } }, { ...headers, ...signed });
  expect(await judge(arrived)).toBe('accepted');
  expect(await judge(withHeaders(arrived, { 'content-type': 'text/plain' }))).toBe('WAB_SIGNATURE_INVALID');
});
