/** What an Upgrade header does to a request that is no WebSocket: nothing. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { request } from 'node:http';
import { signRequest } from '../../../bridge/src/auth/signer.ts';
import { RealBridge } from './real-bridge.ts';

jest.setTimeout(30_000);
let real: RealBridge;

beforeAll(async () => {
  real = await RealBridge.start();
  await real.session('demo');
}, 60_000);
afterAll(() => real.destroy(), 30_000);

/** A signed request that also offers another protocol. */
function offering(protocol: string, method: string, path: string, body?: string) {
  const url = `${real.url}${path}`;
  const headers: Record<string, string> =
    body === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() };
  const signature = signRequest({ method, url, headers, ...(body === undefined ? {} : { body }) }, real.operator);
  return new Promise<{ status: number; json: unknown }>((resolve, reject) => {
    const sent = request(
      url,
      { method, headers: { ...headers, ...signature, connection: 'Upgrade, HTTP2-Settings', upgrade: protocol } },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode!, json: JSON.parse(text) }));
      },
    );
    sent.on('error', reject).end(body);
  });
}

test.each(['h2c', 'TLS/1.0', 'websocket', 'websocket, h2c'])(
  'a signed POST that offers %s is carried out',
  async (protocol) => {
    const text = `over ${protocol}`;
    const body = JSON.stringify({ session: 'demo', to: '+4915112345678', type: 'text', text });
    expect(await offering(protocol, 'POST', '/v1/messages', body)).toMatchObject({
      status: 202,
      json: { type: 'text' },
    });
  },
);

test.each(['h2c', 'websocket'])('a signed GET that offers %s is answered', async (protocol) => {
  expect(await offering(protocol, 'GET', '/v1/whoami')).toMatchObject({
    status: 200,
    json: { keyId: real.operator.keyId },
  });
});
