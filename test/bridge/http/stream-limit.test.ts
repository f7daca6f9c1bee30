/** A client that cannot see why its upgrade was refused asks without one, and gets the same answer. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { DEFAULT_STREAM_SETTINGS } from '../../../bridge/src/stream/settings.ts';
import { RealBridge } from './real-bridge.ts';

jest.setTimeout(120_000);
const { maxConnections, maxConnectionsPerKey } = DEFAULT_STREAM_SETTINGS;
const AT_A_TIME = 25;
let real: RealBridge;
beforeAll(async () => {
  real = await RealBridge.start();
}, 60_000);
afterAll(() => real.destroy(), 60_000);

async function open(count: number): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(AT_A_TIME, count - sockets.length) }, () => real.client.openStream());
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}

test('one key may have half of all streams, and then is told so without an upgrade too', async () => {
  expect(maxConnectionsPerKey).toBe(maxConnections / 2);
  const sockets = await open(maxConnectionsPerKey - 1);
  expect(await real.raw('GET', '/v1/stream')).toMatchObject({ status: 400, json: { code: 'WAB_INVALID_REQUEST' } });
  sockets.push(...(await open(1)));
  await expect(real.client.openStream()).rejects.toThrow();
  const refused = await real.raw('GET', '/v1/stream');
  expect([refused.status, refused.text]).toEqual([429, 'this key has too many streams open']);
  expect(refused.headers.get('content-type')).toContain('text/plain');
  // Another key has room.
  const other = await real.key(['events:read']);
  expect((await real.raw('GET', '/v1/stream', { key: other })).status).toBe(400);
  const closed = sockets.map((socket) => once(socket, 'close'));
  for (const socket of sockets) socket.close();
  await Promise.all(closed);
  await real.until(async () => (await real.raw('GET', '/v1/stream')).status === 400);
});
