import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import Type from 'typebox';
import { WebSocketServer } from 'ws';
import { parsePublicUrl } from '../../../bridge/src/auth/public-urls.ts';
import { newSeed } from '../../../bridge/src/auth/secret.ts';
import { Verifier } from '../../../bridge/src/auth/verifier.ts';
import { BridgeClient, ProblemError, UnreachableError } from '../../../bridge/src/cli/client.ts';
import { operation } from '../../../bridge/src/contract/operation.ts';
import { object } from '../../../bridge/src/contract/schema.ts';
import { createGuard } from '../../../bridge/src/http/plugins/guard.ts';
import { jsonBody } from '../../../bridge/src/http/plugins/json-body.ts';
import { problems } from '../../../bridge/src/http/plugins/problems.ts';
import { connections } from '../../../bridge/src/http/plugins/connections.ts';
import { takeSocket, upgrades } from '../../../bridge/src/http/plugins/upgrades.ts';
import { systemClock } from '../../../bridge/src/ops/clock.ts';
import type { Log } from '../../../bridge/src/ops/logger.ts';
import { keysOf, secret } from '../auth/requests.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {}, fatal() {}, child: () => log };
const folder = mkdtempSync(join(tmpdir(), 'wabridge-client-'));
afterAll(() => rmSync(folder, { recursive: true }));

let app: FastifyInstance;
let sockets: WebSocketServer;
let base: string;
let client: BridgeClient;

beforeEach(async () => {
  sockets = new WebSocketServer({ noServer: true });
  const known = keysOf(secret);
  const verifier = new Verifier({
    keys: {
      publicKey: (keyId) => known.publicKey(keyId),
      admit: (keyId, now) => ({
        ...known.admit(keyId, now),
        scopes: new Set(['messages:send', 'events:read'] as const),
      }),
    },
    nonces: { use: () => Promise.resolve() },
    publicUrls: () => [parsePublicUrl(base)],
    clock: systemClock,
  });
  app = fastify();
  await app.register(problems, { log });
  await app.register(createGuard(verifier));
  await app.register(connections);
  await app.register(upgrades);
  await app.register(jsonBody);
  app.post('/v1/echo', { config: { scope: 'messages:send' } }, async ({ body, query, headers }) => ({
    body,
    query,
    key: headers['idempotency-key'] ?? null,
  }));
  app.delete('/v1/nothing', { config: { scope: 'any' } }, async (_request, reply) => reply.code(204).send());
  app.get('/v1/keys', { config: { scope: 'keys:manage' } }, async () => ({}));
  app.all('/v1/asked/:id', { config: { scope: 'any' } }, async ({ method, params, query, body }) => ({
    method,
    params,
    query,
    body: body ?? null,
  }));
  app.get('/v1/file', { config: { scope: 'any' } }, async (_request, reply) =>
    reply.type('image/png').send(Buffer.from([1, 2, 3])),
  );
  app.get('/v1/away', { config: { scope: 'any' } }, async (_request, reply) => reply.redirect('/v1/file'));
  app.get('/v1/stream', { config: { scope: 'events:read' } }, async (request, reply) => {
    const taken = takeSocket(request, reply)!;
    sockets.handleUpgrade(request.raw, taken.socket, taken.head, (socket) =>
      socket.send(`hello ${request.principal!.keyId}`),
    );
  });
  await app.register(async (media) => {
    media.removeAllContentTypeParsers();
    media.addContentTypeParser('*', (_request, payload, next) => next(null, payload));
    media.put('/v1/media/:id', { config: { scope: 'messages:send' } }, async ({ body, query, headers }) => {
      const hash = createHash('sha256');
      for await (const part of body as AsyncIterable<Buffer>) hash.update(part);
      return { sha256: hash.digest('hex'), query, type: headers['content-type'] };
    });
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  client = new BridgeClient({ baseUrl: `${base}/`, secret });
});

afterEach(async () => {
  for (const socket of sockets.clients) socket.terminate();
  app.server.closeAllConnections();
  await app.close();
});

describe('requests', () => {
  test('body, query and headers arrive', async () => {
    const answer = await client.request('POST', '/v1/echo', {
      body: { text: 'grüß dich' },
      query: { a: 'x y&z', b: 2, c: undefined, d: false },
      headers: { 'idempotency-key': 'order-17' },
    });
    expect(answer).toEqual({ body: { text: 'grüß dich' }, query: { a: 'x y&z', b: '2', d: 'false' }, key: 'order-17' });
  });

  test('an operation: each field goes where its definition says', async () => {
    const asked = (method: 'GET' | 'PUT') =>
      operation({
        id: 'test.ask',
        via: 'bridge',
        scope: 'any',
        summary: '',
        tag: '',
        operationId: '',
        http: { method, path: '/asked/{id}', status: 200 },
        input: object({ id: Type.String(), limit: Type.Optional(Type.Integer()) }),
        result: object({}),
        errors: [],
        examples: [],
      });
    const id = 'a/b:c?d';
    expect(await client.perform(asked('GET'), { id, limit: 3 })).toEqual({
      method: 'GET',
      params: { id },
      query: { limit: '3' },
      body: null,
    });
    expect(await client.perform(asked('PUT'), { id, limit: 3 })).toEqual({
      method: 'PUT',
      params: { id },
      query: {},
      body: { limit: 3 },
    });
    expect(await client.perform(asked('PUT'), { id })).toMatchObject({ body: {} });
  });

  test('an answer without a body', async () => {
    expect(await client.request('DELETE', '/v1/nothing')).toBeUndefined();
  });

  test('a download', async () => {
    expect(await client.download('/v1/file')).toEqual(Buffer.from([1, 2, 3]));
  });

  test('an upload is streamed with its digest', async () => {
    const bytes = Buffer.alloc(200_000, 'wabridge');
    writeFileSync(join(folder, 'file'), bytes);
    const answer = await client.upload('/v1/media/x', join(folder, 'file'), {
      query: { fileName: 'Prüfung 1.png' },
      headers: { 'content-type': 'image/png' },
    });
    expect(answer).toEqual({
      sha256: createHash('sha256').update(bytes).digest('hex'),
      query: { fileName: 'Prüfung 1.png' },
      type: 'image/png',
    });
  });

  test('a file that is not there', async () => {
    await expect(client.upload('/v1/media/x', join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('refusals', () => {
  test('by the bridge, in its own words', async () => {
    const refused = client.request('GET', '/v1/keys');
    await expect(refused).rejects.toBeInstanceOf(ProblemError);
    await expect(refused).rejects.toMatchObject({
      code: 'WAB_SCOPE_MISSING',
      status: 403,
      retryable: false,
      message: expect.stringMatching(/does not have the scope keys:manage/),
    });
    const stranger = new BridgeClient({ baseUrl: base, secret: { ...secret, seed: newSeed() } });
    await expect(stranger.request('GET', '/v1/file')).rejects.toMatchObject({
      code: 'WAB_SIGNATURE_INVALID',
      status: 401,
    });
  });

  test('nothing listens', async () => {
    const url = base;
    await app.close();
    const asked = new BridgeClient({ baseUrl: url, secret }).request('GET', '/v1/file');
    await expect(asked).rejects.toBeInstanceOf(UnreachableError);
    await expect(asked).rejects.toThrow(/cannot be reached \(ECONNREFUSED\).*wabridge start/);
  });

  test('something else listens, or it redirects', async () => {
    await expect(client.request('GET', '/v1/away')).rejects.toThrow(/status 302, but the answer is not from wabridge/);
    const other: Server = createServer((_request, response) => response.writeHead(502).end('<html>'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const asked = new BridgeClient({
      baseUrl: `http://127.0.0.1:${(other.address() as AddressInfo).port}`,
      secret,
    }).request('GET', '/v1/file');
    await expect(asked).rejects.toThrow(/status 502, but the answer is not from wabridge/);
    other.closeAllConnections();
    other.close();
  });
});

describe('the stream', () => {
  test('opens with a signed upgrade', async () => {
    const socket = await client.openStream();
    expect(socket.protocol).toBe('wabridge.v1');
    const hello = await new Promise<string>((resolve) =>
      socket.once('message', (data: Buffer) => resolve(data.toString())),
    );
    expect(hello).toBe('hello TESTKEY1');
    socket.terminate();
  });

  test('a first frame that comes with the answer itself is not lost', async () => {
    const server = createServer();
    server.on('upgrade', (request, socket) => {
      const accept = createHash('sha1')
        .update(`${request.headers['sec-websocket-key']!}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: wabridge.v1\r\n\r\n`;
      socket.write(Buffer.concat([Buffer.from(head), Buffer.from([0x81, 5]), Buffer.from('hello')]));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const socket = await new BridgeClient({
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      secret,
    }).openStream();
    const first = await new Promise<string>((resolve) =>
      socket.once('message', (data: Buffer) => resolve(data.toString())),
    );
    expect(first).toBe('hello');
    socket.terminate();
    server.closeAllConnections();
    server.close();
  });

  test('a refused upgrade says why', async () => {
    const stranger = new BridgeClient({ baseUrl: base, secret: { ...secret, seed: newSeed() } });
    await expect(stranger.openStream()).rejects.toMatchObject({ code: 'WAB_SIGNATURE_INVALID', status: 401 });
    await expect(client.openStream('/v1/keys')).rejects.toMatchObject({ code: 'WAB_SCOPE_MISSING' });
  });

  test('nothing listens', async () => {
    const url = base;
    await app.close();
    await expect(new BridgeClient({ baseUrl: url, secret }).openStream()).rejects.toBeInstanceOf(UnreachableError);
  });
});
