import { createHash } from 'node:crypto';
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { contentDigest, sha256 } from '../../../bridge/src/auth/content-digest.ts';
import { parsePublicUrl } from '../../../bridge/src/auth/public-urls.ts';
import { signRequest, type UnsignedRequest } from '../../../bridge/src/auth/signer.ts';
import { Verifier, type KnownKeys } from '../../../bridge/src/auth/verifier.ts';
import type { Scope } from '../../../bridge/src/contract/scopes.ts';
import { createGuard } from '../../../bridge/src/http/plugins/guard.ts';
import { jsonBody } from '../../../bridge/src/http/plugins/json-body.ts';
import { problems } from '../../../bridge/src/http/plugins/problems.ts';
import { systemClock } from '../../../bridge/src/ops/clock.ts';
import type { Log } from '../../../bridge/src/ops/logger.ts';
import { keysOf, secret } from '../auth/requests.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, fatal() {}, child: () => log };
const scopes: readonly Scope[] = ['messages:send', 'sessions:read'];

let app: FastifyInstance;
let base: string;
/** Every body that a handler got to see. */
let handled: unknown[];
let nonces: string[];

beforeEach(async () => {
  handled = [];
  nonces = [];
  const known = keysOf(secret);
  const keys: KnownKeys = {
    publicKey: (keyId) => known.publicKey(keyId),
    admit: (keyId, now) => ({ ...known.admit(keyId, now), scopes: new Set(scopes) }),
  };
  const verifier = new Verifier({
    keys,
    nonces: { use: async ({ nonce }) => void nonces.push(nonce) },
    publicUrls: () => [parsePublicUrl(base)],
    clock: systemClock,
  });
  app = fastify({ bodyLimit: 1000 });
  await app.register(problems, { log });
  await app.register(createGuard(verifier));
  await app.register(jsonBody);
  app.get('/live', { config: { scope: 'unsigned' } }, async () => ({ live: true }));
  app.get('/me', { config: { scope: 'any' } }, async ({ principal }) => ({ keyId: principal?.keyId }));
  app.get('/sessions', { config: { scope: 'sessions:read' } }, async () => ({}));
  app.delete('/keys', { config: { scope: 'keys:manage' } }, async () => handled.push('deleted'));
  app.post('/messages', { config: { scope: 'messages:send' } }, async ({ body, contentSha256 }) => {
    handled.push(body);
    return { contentSha256 };
  });
  await app.register(async (media) => {
    media.removeAllContentTypeParsers();
    media.addContentTypeParser('*', (_request, payload, next) => next(null, payload));
    media.put('/media', { config: { scope: 'messages:send' } }, async ({ body, contentSha256 }) => {
      const hash = createHash('sha256');
      await pipeline(body as NodeJS.ReadableStream, hash);
      handled.push('stored');
      return { same: hash.digest('base64') === contentSha256 };
    });
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
});

afterEach(() => app.close());

interface Answer {
  readonly status: number;
  readonly body: { readonly code?: string; readonly detail?: string; readonly [field: string]: unknown };
}

/** Sends exactly these headers and bytes, which fetch would not. */
function send(
  method: string,
  path: string,
  headers: OutgoingHttpHeaders | readonly string[],
  bytes?: string | Buffer,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(base + path, { method, headers: headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: JSON.parse(Buffer.concat(parts).toString() || '{}') as Answer['body'],
        }),
      );
    });
    sent.on('error', reject);
    sent.end(bytes);
  });
}

const headersOf = (
  unsigned: Omit<UnsignedRequest, 'url'> & { path: string },
  change: Record<string, string> = {},
): Record<string, string> => ({
  ...unsigned.headers,
  ...signRequest({ ...unsigned, url: base + unsigned.path }, secret),
  ...change,
});
const post = (body: string | Buffer, sent: string | Buffer = body, contentType = 'application/json'): Promise<Answer> =>
  send(
    'POST',
    '/messages',
    {
      ...headersOf({ method: 'POST', path: '/messages', headers: { 'content-type': contentType }, body }),
      'content-length': String(Buffer.byteLength(sent)),
    },
    sent,
  );

describe('scopes', () => {
  test('liveness alone works unsigned', async () => {
    expect(await send('GET', '/live', {})).toMatchObject({ status: 200 });
    for (const [method, path] of [
      ['GET', '/me'],
      ['HEAD', '/me'],
      ['GET', '/sessions'],
      ['DELETE', '/keys'],
      ['POST', '/messages'],
      ['PUT', '/media'],
      ['GET', '/nowhere'],
      ['OPTIONS', '/me'],
    ] as const) {
      expect(await send(method, path, {})).toMatchObject({ status: 401 });
    }
    expect(handled).toEqual([]);
  });

  test('any valid key, or one with the scope', async () => {
    expect(await send('GET', '/me', headersOf({ method: 'GET', path: '/me' }))).toMatchObject({
      status: 200,
      body: { keyId: 'TESTKEY1' },
    });
    expect(await send('GET', '/sessions', headersOf({ method: 'GET', path: '/sessions' }))).toMatchObject({
      status: 200,
    });
    const refused = await send('DELETE', '/keys', headersOf({ method: 'DELETE', path: '/keys' }));
    expect(refused).toMatchObject({
      status: 403,
      body: {
        code: 'WAB_SCOPE_MISSING',
        detail: expect.stringMatching(/TESTKEY1 does not have the scope keys:manage/),
      },
    });
    expect(handled).toEqual([]);
  });

  test('a path without a route is told to those with a key only', async () => {
    expect(await send('GET', '/nowhere', headersOf({ method: 'GET', path: '/nowhere' }))).toMatchObject({
      status: 404,
      body: { code: 'WAB_NOT_FOUND' },
    });
    expect(await send('GET', '/nowhere', {})).toMatchObject({ status: 401, body: { code: 'WAB_SIGNATURE_MISSING' } });
  });

  test.each([undefined, 'everything', 'toString'])(
    'a route that states no scope there is (%s) is not registered',
    async (scope) => {
      const other = fastify();
      await other.register(createGuard({ verify: () => Promise.reject(new Error('unused')) }));
      expect(() =>
        other.get('/x', { config: scope === undefined ? {} : { scope: scope as Scope } }, async () => ({})),
      ).toThrow(/GET \/x does not state its scope/);
      await other.close();
    },
  );
});

describe('bodies', () => {
  test('signed bytes arrive as they were sent', async () => {
    const body = '{ "text": "grüß dich" }';
    expect(await post(body)).toMatchObject({ status: 200, body: { contentSha256: sha256(body) } });
    expect(handled).toEqual([{ text: 'grüß dich' }]);
  });

  test('other bytes do not, nor fewer or more of them', async () => {
    for (const sent of ['{"amount":9}', '{"amount":1} ', '{"amount":1', '{"amount":10}']) {
      expect(await post('{"amount":1}', sent)).toMatchObject({
        status: 400,
        body: { code: 'WAB_CONTENT_DIGEST_MISMATCH' },
      });
    }
    expect(handled).toEqual([]);
  });

  test('bytes that mean the same JSON are still other bytes', async () => {
    expect(await post('{"amount":1}', '{"amount": 1}')).toMatchObject({
      body: { code: 'WAB_CONTENT_DIGEST_MISMATCH' },
    });
  });

  test('signed bytes that are no JSON', async () => {
    expect(await post('{"amount":')).toMatchObject({ status: 400, body: { code: 'WAB_MALFORMED_JSON' } });
    expect(await post(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({
      status: 400,
      body: { code: 'WAB_MALFORMED_JSON' },
    });
  });

  test('a body above the limit is not read', async () => {
    expect(await post(`"${'x'.repeat(1000)}"`)).toMatchObject({ status: 413, body: { code: 'WAB_BODY_TOO_LARGE' } });
  });

  test('a chunked body above the limit is not read to its end', async () => {
    const body = `"${'x'.repeat(5000)}"`;
    const headers = headersOf(
      { method: 'POST', path: '/messages', headers: { 'content-type': 'application/json' }, body },
      { 'transfer-encoding': 'chunked' },
    );
    expect(await send('POST', '/messages', headers, body)).toMatchObject({
      status: 413,
      body: { code: 'WAB_BODY_TOO_LARGE' },
    });
  });

  test('another content type is refused, if signed', async () => {
    expect(await post('a=1', 'a=1', 'application/x-www-form-urlencoded')).toMatchObject({
      status: 415,
      body: { code: 'WAB_UNSUPPORTED_CONTENT_TYPE' },
    });
  });

  test('an upload of any type, chunked too', async () => {
    const file = Buffer.alloc(300_000, 7);
    for (const extra of [{ 'content-length': String(file.length) }, { 'transfer-encoding': 'chunked' }]) {
      for (const type of ['image/png', 'application/json', 'application/octet-stream']) {
        const headers = headersOf(
          { method: 'PUT', path: '/media', headers: { 'content-type': type }, bodySha256: sha256(file) },
          extra,
        );
        expect(await send('PUT', '/media', headers, file)).toMatchObject({ status: 200, body: { same: true } });
      }
    }
  });

  test('an upload of other bytes than the signed ones fails where it is stored', async () => {
    const headers = headersOf(
      { method: 'PUT', path: '/media', headers: { 'content-type': 'image/png' }, bodySha256: sha256('the file') },
      { 'content-length': '10' },
    );
    expect(await send('PUT', '/media', headers, 'other file')).toMatchObject({
      status: 400,
      body: { code: 'WAB_CONTENT_DIGEST_MISMATCH' },
    });
    expect(handled).toEqual([]);
  });
});

describe('the head is judged before the body is read', () => {
  test.each<[string, () => Record<string, string>, number]>([
    ['unsigned', () => ({ 'content-type': 'application/json' }), 401],
    [
      'signed for another path',
      () =>
        headersOf({
          method: 'POST',
          path: '/other',
          headers: { 'content-type': 'application/json' },
          bodySha256: sha256('x'),
        }),
      401,
    ],
  ])('%s: the answer comes while the body is still missing', async (_name, headers, status) => {
    const answer = await new Promise<number>((resolve, reject) => {
      const sent = httpRequest(
        `${base}/messages`,
        { method: 'POST', headers: { ...headers(), 'content-length': '1000' }, agent: false },
        (response) => {
          resolve(response.statusCode ?? 0);
          sent.destroy();
        },
      );
      sent.on('error', reject);
      // The head alone; the body never comes.
      sent.flushHeaders();
    });
    expect(answer).toBe(status);
    expect(nonces).toEqual([]);
  });

  test('the nonce is used up before the handler runs', async () => {
    expect(await post('{}')).toMatchObject({ status: 200 });
    expect(nonces).toHaveLength(1);
  });

  test('a header line that is there twice', async () => {
    const headers = headersOf({
      method: 'POST',
      path: '/messages',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'a' },
      body: '{}',
    });
    const lines = [
      ...Object.entries(headers).flat(),
      'Host',
      new URL(base).host,
      'Content-Length',
      '2',
      'Idempotency-Key',
      'b',
    ];
    expect(await send('POST', '/messages', lines, '{}')).toMatchObject({
      status: 401,
      body: { code: 'WAB_SIGNATURE_MALFORMED', detail: expect.stringMatching(/idempotency-key appears twice/) },
    });
  });

  test('a digest that is signed, of a body that does not come', async () => {
    const headers = headersOf(
      { method: 'POST', path: '/messages', headers: { 'content-type': 'application/json' }, body: '{"amount":1}' },
      { 'content-length': '0' },
    );
    expect(await send('POST', '/messages', headers)).toMatchObject({
      status: 400,
      body: { code: 'WAB_CONTENT_DIGEST_MISMATCH' },
    });
    const emptied = { ...headers, 'content-digest': contentDigest(sha256('')) };
    expect(await send('POST', '/messages', emptied)).toMatchObject({
      status: 401,
      body: { code: 'WAB_SIGNATURE_INVALID' },
    });
  });
});
