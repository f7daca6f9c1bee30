/**
 * The pack and the bridge implement signing separately, since the pack never imports the bridge. Here the one signs and
 * the other verifies.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { IHttpRequestOptions } from 'n8n-workflow';
import { authenticate } from '../../credentials/authenticate.ts';
import { parseSigningKey, sha256Base64, signRequest as signByPack } from '../../credentials/signing.ts';
import { contentDigest, sha256 } from '../../bridge/src/auth/content-digest.ts';
import { parsePublicUrl } from '../../bridge/src/auth/public-urls.ts';
import { formatSecret, parseSecret } from '../../bridge/src/auth/secret.ts';
import { signRequest as signByBridge } from '../../bridge/src/auth/signer.ts';
import type { KeyId } from '../../bridge/src/contract/ids.ts';
import { NOW, secret, verifierWith, keysOf } from '../bridge/auth/requests.ts';

const signingKey = formatSecret(secret);
const key = parseSigningKey(signingKey)!;

/** No half of a surrogate pair, which no URL and no UTF-8 can carry. */
const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

const urls = fc
  .record({
    origin: fc.constantFrom(
      'http://127.0.0.1:8477',
      'https://wa.example.org',
      'https://wa.example.org:8443',
      'http://[::1]:8477',
      'https://bücher.example',
      'http://WA.Example.org:80',
    ),
    prefix: fc.constantFrom('', '/wabridge', '/a/b'),
    path: fc.array(
      fc
        .string({ minLength: 1, maxLength: 10, unit: 'grapheme' })
        .filter((part) => isWellFormed(part) && !/^\.{1,2}$/.test(part)),
      { maxLength: 4 },
    ),
    query: fc.dictionary(
      fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' }).filter(isWellFormed),
      fc.string({ maxLength: 12, unit: 'grapheme' }).filter(isWellFormed),
      { maxKeys: 4 },
    ),
  })
  .map(({ origin, prefix, path, query }) => {
    const search = new URLSearchParams(query).toString();
    return {
      base: origin + prefix,
      prefix,
      url: `${origin}${prefix}/v1/${path.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`,
    };
  });
const header = fc.stringMatching(/^[!-~]([ -~]{0,40}[!-~])?$/);
const requests = fc.record({
  target: urls,
  method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
  body: fc.option(
    fc.oneof(
      fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ unit: 'grapheme', maxLength: 40 }).filter(isWellFormed),
    ),
    { nil: undefined },
  ),
  contentType: header,
  idempotencyKey: fc.option(header, { nil: undefined }),
  digestOnly: fc.boolean(),
});

const arrivedBehindProxy = (
  url: string,
  prefix: string,
  method: string,
  headers: Record<string, string>,
  bytes: number,
) => {
  const { host, pathname, search } = new URL(url);
  const sent = { host, ...headers, ...(bytes === 0 ? {} : { 'content-length': String(bytes) }) };
  return { method, target: pathname.slice(prefix.length) + search, rawHeaders: Object.entries(sent).flat() };
};

describe('the pack signs, the bridge verifies', () => {
  test('any request', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async ({ target, method, body, contentType, idempotencyKey, digestOnly }) => {
        const bytes = body === undefined ? 0 : Buffer.byteLength(body);
        const headers = {
          ...(bytes === 0 ? {} : { 'Content-Type': contentType }),
          ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
        };
        const payload = bytes === 0 ? {} : digestOnly ? { digest: sha256Base64(body!) } : { body: body! };
        const signed = signByPack({ method, url: target.url, headers, ...payload, key, now: NOW });
        const arrived = arrivedBehindProxy(target.url, target.prefix, method, { ...headers, ...signed }, bytes);
        const { bodySha256 } = await verifierWith([target.base]).verify(arrived);
        expect(bodySha256).toBe(bytes === 0 ? null : sha256(body!));
      }),
      { numRuns: 3000 },
    );
  });

  test('a WebSocket upgrade', async () => {
    const signed = signByPack({ method: 'GET', url: 'wss://wa.example.org/v1/stream', key, now: NOW });
    const arrived = arrivedBehindProxy(
      'https://wa.example.org/v1/stream',
      '',
      'GET',
      { ...signed, connection: 'Upgrade', upgrade: 'websocket' },
      0,
    );
    await expect(verifierWith(['https://wa.example.org']).verify(arrived)).resolves.toBeDefined();
  });

  test('what n8n sends after authenticate', async () => {
    const scalar = fc.oneof(
      fc.string({ maxLength: 8, unit: 'grapheme' }).filter(isWellFormed),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    );
    const options = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
      path: fc.constantFrom('/v1/messages', 'v1/sessions/support', '/v1/media/x?fileName=a%20b', '/v1/a//b'),
      qs: fc.option(
        fc.dictionary(
          fc.stringMatching(/^[a-z[\] &=]{1,6}$/),
          fc.oneof(
            scalar,
            fc.array(scalar, { maxLength: 3 }),
            fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), scalar, { maxKeys: 2 }),
          ),
          { maxKeys: 3 },
        ),
        { nil: undefined },
      ),
      body: fc.option(
        fc.oneof(
          fc.string({ unit: 'grapheme' }).filter(isWellFormed),
          fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
          fc.dictionary(fc.string({ maxLength: 4 }), scalar),
          fc.array(scalar),
        ),
        { nil: undefined },
      ),
      baseUrl: fc.constantFrom(
        'http://127.0.0.1:8477',
        'http://127.0.0.1:8477/',
        'https://example.org/wabridge',
        'https://example.org/wabridge/',
      ),
    });
    await fc.assert(
      fc.asyncProperty(options, async ({ method, path, qs, body, baseUrl }) => {
        const given = {
          method,
          url: path,
          ...(qs === undefined ? {} : { qs }),
          ...(body === undefined ? {} : { body }),
        } as IHttpRequestOptions;
        const sent = await authenticate({ baseUrl, privateKey: signingKey }, given);
        // Nothing is left that n8n would serialise after this.
        expect(sent).not.toHaveProperty('qs');
        expect(sent).not.toHaveProperty('baseURL');
        expect(sent.body === undefined || Buffer.isBuffer(sent.body)).toBe(true);
        expect(sent.disableFollowRedirect).toBe(true);
        const bytes = Buffer.isBuffer(sent.body) ? sent.body.length : 0;
        const prefix = new URL(baseUrl).pathname.replace(/\/$/, '');
        const arrived = arrivedBehindProxy(sent.url, prefix, method, sent.headers as Record<string, string>, bytes);
        // The signature is made with the time of this machine.
        const { bodySha256 } = await verifierWith([baseUrl], { now: Date.now() }).verify(arrived);
        expect(bodySha256).toBe(Buffer.isBuffer(sent.body) ? sha256(sent.body) : null);
      }),
      { numRuns: 1500 },
    );
  });
});

test('both make the same headers of the same request', () => {
  fc.assert(
    fc.property(
      requests,
      fc.stringMatching(/^[!-~]{16,64}$/),
      fc.integer({ min: 0, max: 4_000_000_000_000 }),
      ({ target, method, body, contentType, idempotencyKey }, nonce, now) => {
        const headers = {
          'content-type': contentType,
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        };
        const request = { method, url: target.url, headers, ...(body === undefined ? {} : { body }) };
        expect(signByPack({ ...request, key, nonce, now })).toEqual(signByBridge(request, secret, { nonce, now }));
      },
    ),
    { numRuns: 1000 },
  );
});

test('both read the same signing keys', () => {
  const texts = fc.oneof(
    fc.string({ maxLength: 80 }),
    fc
      .record({ id: fc.stringMatching(/^[0-9A-Za-z]{1,40}$/), seed: fc.stringMatching(/^[0-9A-Za-z_-]{41,45}$/) })
      .map(({ id, seed }) => `wabk_${id}_${seed}`),
    fc
      .record({ id: fc.stringMatching(/^[0-9A-Za-z]{4,32}$/), seed: fc.uint8Array({ minLength: 32, maxLength: 32 }) })
      .map(({ id, seed }) => ` ${formatSecret({ keyId: id as KeyId, seed: Buffer.from(seed) })}\n`),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const [ours, theirs] = [parseSecret(text), parseSigningKey(text)];
      expect(theirs?.keyId).toBe(ours?.keyId);
    }),
    { numRuns: 1000 },
  );
});

test('a key that was read by the pack signs for the key that was issued by the bridge', async () => {
  const signed = signByPack({ method: 'GET', url: 'http://127.0.0.1:8477/v1/whoami', key, now: NOW });
  const arrived = arrivedBehindProxy('http://127.0.0.1:8477/v1/whoami', '', 'GET', signed, 0);
  await expect(
    verifierWith(['http://127.0.0.1:8477'], { keys: keysOf(secret) }).verify(arrived),
  ).resolves.toMatchObject({ principal: { keyId: secret.keyId } });
  expect(parsePublicUrl('http://127.0.0.1:8477').authority).toBe('127.0.0.1:8477');
  expect(contentDigest('x')).toBe('sha-256=:x:');
});
