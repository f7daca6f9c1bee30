/** A bridge and a simulated network in another process refuse each other if they are not of the same protocol. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import type { SessionName } from '../../../../bridge/src/contract/ids.ts';
import { NetworkServer } from '../../../../bridge/src/engine/sandbox/network-server.ts';
import { WIRE_VERSION } from '../../../../bridge/src/engine/sandbox/network-wire.ts';
import { RemoteNetwork } from '../../../../bridge/src/engine/sandbox/remote-network.ts';

jest.setTimeout(60_000);
const SESSION = 'demo' as SessionName;
const REASON = `The simulated network speaks version 1 of its protocol, and this bridge version ${WIRE_VERSION}.`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-wire-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A network as it was before versions were stated: it answers whatever is asked. */
async function formerNetwork(): Promise<{ url: string; end: () => Promise<void> }> {
  const server: Server = createServer((_request, response) => void response.end(JSON.stringify({ value: [] })));
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('message', () => socket.send(JSON.stringify({ connected: true })));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const end = async (): Promise<void> => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, end };
}

test('a bridge uses no network of a former version, and says why', async () => {
  const { url, end } = await formerNetwork();
  try {
    const network = new RemoteNetwork(url);
    await expect(network.drive('sandbox.inbox', SESSION)).rejects.toMatchObject({
      code: 'WAB_SANDBOX_NETWORK_VERSION',
    });
    await expect(network.connect(SESSION, null, () => undefined)).rejects.toThrow(REASON);
  } finally {
    await end();
  }
});

test('a network serves no bridge of a former version, and says why', async () => {
  const server = new NetworkServer({ folder });
  const url = await server.start();
  try {
    const refused = await new Promise<string>((resolve, reject) => {
      const socket = new WebSocket(url.replace('http', 'ws'));
      socket.on('open', () => socket.send(JSON.stringify({ hello: { session: SESSION, credential: null } })));
      socket.on('message', (data) => resolve((data as Buffer).toString()));
      socket.on('error', reject);
    });
    expect(JSON.parse(refused)).toEqual({
      refused: expect.stringContaining(`version ${WIRE_VERSION} of its protocol`),
    });

    const call = request(`${url}/driver/${SESSION}/sandbox.crash`, { method: 'POST' });
    call.end('{}');
    const [response] = (await once(call, 'response')) as [NodeJS.ReadableStream & { statusCode: number }];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    expect(response.statusCode).toBe(422);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({
      error: { code: 'WAB_SANDBOX_NETWORK_VERSION' },
    });
  } finally {
    await server.stop();
  }
});
