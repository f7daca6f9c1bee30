/** Requests that no client of ours makes: they are answered from the catalogue, and are no failure of the bridge. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { METHODS, request } from 'node:http';
import { connect } from 'node:net';
import { newMediaId } from '../../../bridge/src/contract/ids.ts';
import { signRequest } from '../../../bridge/src/auth/signer.ts';
import type { Log } from '../../../bridge/src/ops/logger.ts';
import { until } from '../../until.ts';
import { RealBridge } from './real-bridge.ts';

jest.setTimeout(60_000);
let real: RealBridge;
const logged: { readonly level: string; readonly message: string; readonly fields: object }[] = [];
const at = (level: string) => (fields: object, message: string) => void logged.push({ level, message, fields });
const log = {
  debug: at('debug'),
  info: at('info'),
  warn: at('warn'),
  error: at('error'),
  fatal: at('fatal'),
} as unknown as Log;
const failuresSince = (before: number) =>
  logged.slice(before).filter(({ level }) => level === 'error' || level === 'fatal');

beforeAll(async () => {
  real = await RealBridge.start({}, log);
}, 60_000);
afterAll(() => real.destroy(), 30_000);

/** A bare request, since fetch refuses some methods. */
function bare(method: string, path: string, isSigned: boolean): Promise<{ status: number; text: string }> {
  const url = `${real.url}${path}`;
  const headers = isSigned ? signRequest({ method, url }, real.operator) : {};
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode!, text }));
    });
    sent.on('error', reject).end();
  });
}

// CONNECT is no request for a path: node closes its connection unless somebody listens for it.
test.each(METHODS.filter((method) => method !== 'CONNECT' && method !== 'GET'))(
  '%s of what only GET gives is answered as not there, and unsigned as not signed',
  async (method) => {
    const before = logged.length;
    const signed = await bare(method, '/v1/whoami', true);
    expect(signed.status).toBe(404);
    if (method !== 'HEAD') expect(JSON.parse(signed.text)).toMatchObject({ code: 'WAB_NOT_FOUND' });
    expect((await bare(method, '/v1/whoami', false)).status).toBe(401);
    expect(failuresSince(before)).toEqual([]);
  },
);

const UPLOAD = { method: 'PUT', path: `/v1/media/${newMediaId()}`, type: 'application/octet-stream' };
const ADD = { method: 'POST', path: '/v1/sessions', type: 'application/json' };
const HALF = 50_000;

// At once: while the signature is being verified, so before anything reads the body. Also with a body that came in whole.
test.each([
  { ...UPLOAD, sent: HALF, stays: 100 },
  { ...ADD, sent: HALF, stays: 100 },
  { ...UPLOAD, sent: HALF, stays: 0 },
  { ...ADD, sent: HALF, stays: 0 },
  { ...UPLOAD, sent: 2 * HALF, stays: 0 },
  { ...ADD, sent: 2 * HALF, stays: 0 },
])('a client that goes away $stays ms after $sent bytes of $method $path is no failure', async (left) => {
  const { method, path, type, sent, stays } = left;
  const body = Buffer.alloc(2 * HALF, 7);
  const headers = { 'content-type': type };
  const signature = signRequest({ method, url: `${real.url}${path}`, headers, body }, real.operator);
  const { host, port } = new URL(real.url);
  const lines = Object.entries({ host, ...headers, ...signature, 'content-length': String(body.length) });
  const before = logged.length;
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
  socket.write(body.subarray(0, sent), () => setTimeout(() => socket.destroy(), stays));
  await until('the end of the request to be noted', () => logged.slice(before).length > 0);
  expect(failuresSince(before)).toEqual([]);
});

test('a query that nobody asked for does not replace what the path or the body says', async () => {
  const issue = async (name: string): Promise<string> => {
    const body = JSON.stringify({ name, scopes: ['events:read'] });
    // A limit that is in the query alone limits nothing.
    const { status, json } = await real.raw('POST', '/v1/keys?sessions=one', { body });
    expect(status).toBe(201);
    expect(json.key.sessions).toBeNull();
    return json.key.keyId;
  };
  const [named, other] = [await issue('named'), await issue('other')];
  expect(await real.raw('DELETE', `/v1/keys/${named}?keyId=${other}`)).toMatchObject({
    status: 200,
    json: { keyId: named },
  });
  const { keys } = (await real.raw('GET', '/v1/keys')).json;
  const revokedAt = (keyId: string) => keys.find((key: { keyId: string }) => key.keyId === keyId).revokedAt;
  expect(revokedAt(named)).not.toBeNull();
  expect(revokedAt(other)).toBeNull();
});
