/** A bridge and a simulated network in another process refuse each other if they are not of the same protocol. */
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import type { SessionName } from '../../../../bridge/src/contract/ids.ts';
import { NetworkServer } from '../../../../bridge/src/engine/sandbox/network-server.ts';
import { WIRE_VERSION } from '../../../../bridge/src/engine/sandbox/network-wire.ts';
import { RemoteNetwork } from '../../../../bridge/src/engine/sandbox/remote-network.ts';
import { SandboxEngineFactory } from '../../../../bridge/src/engine/sandbox/sandbox-factory.ts';
import { EngineRecording } from '../../../conformance/engine-recording.ts';

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

/** How a network of a former version answers a device: of version 1, which answers whatever is asked, or of version 2. */
const FORMER = {
  1: { connected: true },
  2: { refused: 'The simulated network speaks version 2 of its protocol.' },
};

async function formerNetwork(version: 1 | 2 = 1): Promise<{ url: string; end: () => Promise<void> }> {
  const server: Server = createServer((_request, response) => void response.end(JSON.stringify({ value: [] })));
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('message', () => socket.send(JSON.stringify(FORMER[version])));
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
    expect(JSON.parse(refused)).toMatchObject({
      refused: expect.stringContaining(`version ${WIRE_VERSION} of its protocol`),
      error: { code: 'WAB_SANDBOX_NETWORK_VERSION' },
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

describe('an engine that no network of its version answers', () => {
  const launch = async (url: string): Promise<EngineRecording> => {
    const recording = new EngineRecording();
    const factory = new SandboxEngineFactory(new RemoteNetwork(url), { reconnectMs: { first: 1, longest: 5 } });
    const engine = factory.create(SESSION, join(folder, 'profile'), recording);
    await engine.start();
    await recording.until('an end', () => recording.signals.at(2) ?? recording.signals.find(isCrash), 30_000);
    await engine.stop();
    return recording;
  };
  const isCrash = ({ kind }: { readonly kind: string }): boolean => kind === 'crashed';

  test.each([
    [1, 'version 1 of its protocol'],
    [2, 'version 1 or 2 of its protocol'],
  ] as const)('gives up on version %i, says why, and is left alone for a minute', async (version, reason) => {
    const { url, end } = await formerNetwork(version);
    try {
      const { signals } = await launch(url);
      expect(signals).toEqual([{ kind: 'crashed', reason: expect.stringContaining(reason), retryAfterMs: 60_000 }]);
    } finally {
      await end();
    }
  });

  test('does the same if the network cannot read the memory of the account', async () => {
    await mkdir(join(folder, SESSION));
    await writeFile(join(folder, SESSION, 'journal.jsonl'), `${JSON.stringify({ t: 'weather' })}\n`);
    const server = new NetworkServer({ folder });
    try {
      const { signals } = await launch(await server.start());
      expect(signals).toEqual([
        { kind: 'crashed', reason: expect.stringContaining('(weather)'), retryAfterMs: 60_000 },
      ]);
    } finally {
      await server.stop();
    }
  });
});
