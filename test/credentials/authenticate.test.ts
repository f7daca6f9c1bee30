import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { IHttpRequestOptions } from 'n8n-workflow';
import { authenticate } from '../../credentials/authenticate';
import { sha256Base64 } from '../../credentials/signing';
import { WaBridgeApi } from '../../credentials/WaBridgeApi.credentials';

// n8n's own HTTP client, as n8n-core brings it.
const requireAsCore = createRequire(require.resolve('n8n-core'));
const { OutboundHttp } = requireAsCore('@n8n/backend-network') as {
  OutboundHttp: new () => { requests(): { request(options: IHttpRequestOptions): Promise<unknown> } };
};
const { Container } = requireAsCore('@n8n/di') as { Container: { get<Type>(type: new () => Type): Type } };

const signingKey = 'wabk_TESTKEY1_n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

let server: Server;
let origin: string;
let seen: Seen[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      seen.push({ method: request.method!, url: request.url!, headers: request.headers, body: Buffer.concat(parts) });
      if (request.url!.startsWith('/away')) response.writeHead(302, { location: '/elsewhere' });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** What reaches a server when n8n's own HTTP client sends what the credential signed. */
async function sendByN8n(
  options: IHttpRequestOptions,
  baseUrl = origin,
): Promise<{ signed: IHttpRequestOptions; arrived: Seen }> {
  seen = [];
  const signed = await authenticate({ baseUrl, privateKey: signingKey }, options);
  await Container.get(OutboundHttp)
    .requests()
    .request({ ...signed, ignoreHttpStatusErrors: true });
  expect(seen).toHaveLength(1);
  return { signed, arrived: seen[0]! };
}

describe("what n8n's HTTP client sends is what was signed", () => {
  test.each<[string, Partial<IHttpRequestOptions>, string, string]>([
    [
      'an object',
      { method: 'POST', body: { text: 'grüß dich', empty: null } },
      '{"text":"grüß dich","empty":null}',
      'application/json',
    ],
    ['an empty object', { method: 'POST', body: {} }, '{}', 'application/json'],
    ['a list', { method: 'POST', body: [1, 2] }, '[1,2]', 'application/json'],
    [
      'JSON text with blanks that the client would trim',
      { method: 'POST', body: ' {"a":1} ', headers: { 'Content-Type': 'application/json' } },
      ' {"a":1} ',
      'application/json',
    ],
    ['text', { method: 'PUT', body: 'plain' }, 'plain', 'text/plain; charset=utf-8'],
    [
      'bytes',
      { method: 'PUT', body: Buffer.from('bytes'), headers: { 'content-type': 'image/png' } },
      'bytes',
      'image/png',
    ],
  ])('%s', async (_name, options, bytes, contentType) => {
    const { signed, arrived } = await sendByN8n({ url: '/v1/messages', ...options });
    expect(arrived.body.toString()).toBe(bytes);
    expect(arrived.headers['content-type']).toBe(contentType);
    expect(arrived.headers['content-digest']).toBe(`sha-256=:${sha256Base64(arrived.body)}:`);
    expect(signed.headers).toMatchObject({
      signature: arrived.headers['signature'],
      'signature-input': arrived.headers['signature-input'],
    });
  });

  test.each<[string, Partial<IHttpRequestOptions>]>([
    ['no body', { method: 'POST' }],
    ['an empty text', { method: 'POST', body: '' }],
    ['an empty buffer', { method: 'POST', body: Buffer.alloc(0) }],
    ['a body with GET, which n8n does not send', { method: 'GET', body: { a: 1 } }],
  ])('%s', async (_name, options) => {
    const { arrived } = await sendByN8n({ url: '/v1/x', ...options });
    expect(arrived.body).toHaveLength(0);
    expect(arrived.headers['content-digest']).toBeUndefined();
    expect(arrived.headers['signature-input']).not.toContain('content-');
  });

  test('a stream whose digest the node stated', async () => {
    const headers = { 'Content-Digest': `sha-256=:${sha256Base64('streamed')}:`, 'content-type': 'image/png' };
    const { arrived } = await sendByN8n({
      url: '/v1/media/x',
      method: 'PUT',
      body: Readable.from([Buffer.from('stre'), Buffer.from('amed')]),
      headers,
    });
    expect(arrived.body.toString()).toBe('streamed');
    expect(arrived.headers['content-digest']).toBe(`sha-256=:${sha256Base64('streamed')}:`);
    expect(arrived.headers['signature-input']).toContain('"content-digest"');
  });

  test.each([new URLSearchParams({ a: '1' }), new FormData()])(
    'a form is refused before it is sent: %s',
    async (body) => {
      // n8n would write it anew after it was signed.
      await expect(
        authenticate({ baseUrl: origin, privateKey: signingKey }, { url: '/v1/messages', method: 'POST', body: body }),
      ).rejects.toThrow(/not forms/);
    },
  );

  test('a stream whose digest nobody stated is refused before it is sent', async () => {
    await expect(
      authenticate(
        { baseUrl: origin, privateKey: signingKey },
        { url: '/v1/media/x', method: 'PUT', body: Readable.from(['x']) },
      ),
    ).rejects.toThrow(/digest/);
  });

  test.each<[Partial<IHttpRequestOptions>, string]>([
    [{ qs: { a: 1, b: 'x y&z', c: undefined, d: null } }, '/v1/x?a=1&b=x%20y%26z&d='],
    [{ url: '/v1/x?first=1', qs: { second: true } }, '/v1/x?first=1&second=true'],
    [{ qs: { list: ['a', 'b'] } }, '/v1/x?list%5B0%5D=a&list%5B1%5D=b'],
    [{ qs: { list: ['a', 'b'] }, arrayFormat: 'brackets' }, '/v1/x?list%5B%5D=a&list%5B%5D=b'],
    [{ qs: { list: ['a', 'b'] }, arrayFormat: 'repeat' }, '/v1/x?list=a&list=b'],
    [{ qs: { list: ['a', 'b'] }, arrayFormat: 'comma' }, '/v1/x?list=a%2Cb'],
    [{ qs: { deep: { er: 1 } } }, '/v1/x?deep%5Ber%5D=1'],
    [{ qs: {} }, '/v1/x'],
    [{ url: '/v1/x#part' }, '/v1/x'],
  ])('the query is part of the address: %j', async (options, url) => {
    const { arrived } = await sendByN8n({ url: '/v1/x', method: 'GET', ...options });
    expect(arrived.url).toBe(url);
  });

  test.each([
    ['', '/v1/x', '/v1/x'],
    ['/', '/v1/x', '/v1/x'],
    ['/wabridge', '/v1/x', '/wabridge/v1/x'],
    ['/wabridge/', 'v1/x', '/wabridge/v1/x'],
  ])('a base URL that ends in %j and the path %j', async (suffix, path, url) => {
    const { arrived } = await sendByN8n({ url: path, method: 'GET' }, origin + suffix);
    expect(arrived.url).toBe(url);
    const inBaseUrl = await sendByN8n({ url: path, baseURL: origin + suffix, method: 'GET' }, 'http://unused.example');
    expect(inBaseUrl.arrived.url).toBe(url);
    const absolute = await sendByN8n(
      { url: origin + url, baseURL: 'http://unused.example', method: 'GET' },
      'http://unused.example',
    );
    expect(absolute.arrived.url).toBe(url);
  });

  test('a redirect is not followed', async () => {
    const { arrived } = await sendByN8n({ url: '/away', method: 'GET' });
    expect(arrived.url).toBe('/away');
  });

  test('headers of an earlier signature are replaced, others kept', async () => {
    const headers = { Signature: 'old', 'Signature-Input': 'old', 'Idempotency-Key': 'order-17', 'X-Own': 'kept' };
    const { arrived } = await sendByN8n({ url: '/v1/messages', method: 'POST', body: { a: 1 }, headers });
    expect(arrived.headers).toMatchObject({
      'idempotency-key': 'order-17',
      'x-own': 'kept',
      signature: expect.stringMatching(/^wab=:/),
    });
    expect(arrived.headers['signature-input']).toContain('"idempotency-key"');
    expect(arrived.headers['signature-input']).not.toContain('old');
  });
});

describe('what to correct is said before anything is sent', () => {
  const request: IHttpRequestOptions = { url: '/v1/whoami', method: 'GET' };

  test.each(['', 'wabk_', 'secret', undefined])('the signing key %j', async (text) => {
    await expect(authenticate({ baseUrl: origin, privateKey: text as string }, request)).rejects.toThrow(
      /signing key .* incomplete/,
    );
  });

  test.each(['', 'wa.example.org', 'ftp://wa.example.org', 'http://', 'http://x?y=1', 'http://x/#y'])(
    'the base URL %j',
    async (baseUrl) => {
      await expect(authenticate({ baseUrl, privateKey: signingKey }, request)).rejects.toThrow(
        /base URL .* is not a valid URL/,
      );
    },
  );

  test('the key itself is never part of a message', async () => {
    const seed = signingKey.slice('wabk_TESTKEY1_'.length);
    await expect(authenticate({ baseUrl: origin, privateKey: `${signingKey}x` }, request)).rejects.not.toThrow(seed);
  });
});

test('the credential hides its key and signs with this function', () => {
  const credential = new WaBridgeApi();
  expect(credential).toMatchObject({ name: 'waBridgeApi', displayName: 'WaBridge API', authenticate });
  expect(credential.properties.find(({ name }) => name === 'privateKey')).toMatchObject({
    typeOptions: { password: true },
    default: '',
  });
  // A declarative test would win over the nodes' own, which says more.
  expect(credential).not.toHaveProperty('test');
});
