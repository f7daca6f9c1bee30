/** Clients that keep sockets to themselves: a real bridge is left with the descriptors it had, and stops at once. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOperatorKey } from '../../../bridge/src/auth/operator-key.ts';
import { signRequest } from '../../../bridge/src/auth/signer.ts';
import { BridgeProcess, freePort } from '../../e2e/bridge-process.ts';
import { until } from '../../until.ts';

jest.setTimeout(120_000);

const UPGRADE = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const HEADER_DEADLINE = { timeoutMs: 60_000 };
/** What 200 slow clients send before they go on with a byte now and then. */
const OPENINGS = {
  'says nothing': '',
  'a header that never ends': 'GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ',
  'no HTTP at all': 'THIS IS NOT HTTP\r\n\r\n',
  'a refused body that never ends': 'PUT /v1/media/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n',
  'a refused upgrade that talks on': UPGRADE,
};

let dataDir: string;
let bridge: BridgeProcess;
let before: number;
const sockets = new Set<Socket>();

const descriptors = (): number => readdirSync(`/proc/${bridge.pid}/fd`).length;
const alive = async (): Promise<boolean> => (await fetch(`${bridge.url}/healthz`)).ok;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'wabridge-sockets-'));
  bridge = new BridgeProcess(dataDir, await freePort());
  await bridge.start();
  await bridge.client.request('GET', '/v1/sessions');
  before = descriptors();
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await bridge.kill();
  rmSync(dataDir, { recursive: true, force: true });
});

function open(): Socket {
  const socket = connect({ port: bridge.port, host: '127.0.0.1', allowHalfOpen: true });
  sockets.add(socket);
  return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
}

const upgradeTo = (protocol: string): string => UPGRADE.replace('websocket', protocol);

/** A signed upgrade that the stream itself refuses, since it names no subprotocol. */
function withoutSubprotocol(): string {
  const signature = signRequest({ method: 'GET', url: `${bridge.url}/v1/stream` }, readOperatorKey(dataDir)!);
  const lines = Object.entries(signature).map(([name, value]) => `${name}: ${value}\r\n`);
  return UPGRADE.replace('GET /', 'GET /v1/stream')
    .replace('Host: x', `Host: 127.0.0.1:${bridge.port}`)
    .replace(/\r\n$/, `${lines.join('')}\r\n`);
}

/** Asks for an upgrade, reads the refusal, sends one more byte and goes away without a word. */
function refused(request: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = open();
    let answer = '';
    socket.on('close', () => resolve(answer));
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
      if (/WAB_SIGNATURE_MISSING|wabridge\.v1/.test(answer)) socket.write('x', () => socket.destroy());
    });
    socket.write(request);
  });
}

/** Opens 200 sockets of all kinds; each goes on with a byte now and then for as long as it can. */
function openSlowSockets(): void {
  const openings = Object.values(OPENINGS);
  for (let index = 0; index < 200; index += 1) {
    const socket = open();
    const opening = openings[index % openings.length]!;
    if (opening !== '') {
      socket.write(opening);
      const drip = setInterval(() => socket.writable && socket.write('x'), 250);
      socket.on('close', () => clearInterval(drip));
    }
    socket.resume();
  }
}

test('5,000 refused upgrades leave the bridge with the descriptors it had', async () => {
  for (let round = 0; round < 100; round += 1) {
    const request = round % 2 === 0 ? UPGRADE : upgradeTo('x');
    const answers = await Promise.all(Array.from({ length: 50 }, () => refused(request)));
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  }
  for (let index = 0; index < 20; index += 1) expect(await refused(withoutSubprotocol())).toMatch(/^HTTP\/1\.1 400 /);
  await until('the descriptors to be given back', () => descriptors() <= before, {
    timeoutMs: 15_000,
    details: () => `${before} before, ${descriptors()} now`,
  });
  expect(await alive()).toBe(true);
});

test('200 slow sockets are cut, whatever they are slow at', async () => {
  openSlowSockets();
  await until('the slow sockets to be open', () => descriptors() >= before + 150);
  await until('the slow sockets to be cut', () => descriptors() <= before, {
    ...HEADER_DEADLINE,
    details: () => `${before} before, ${descriptors()} now, ${sockets.size} sockets open here`,
  });
  expect(await alive()).toBe(true);
});

test('SIGTERM ends the bridge within a second while they are there', async () => {
  for (let index = 0; index < 50; index += 1) await refused(UPGRADE);
  openSlowSockets();
  await until('the slow sockets to be open', () => descriptors() >= before + 150);
  const asked = Date.now();
  const exitCode = await bridge.stop();
  expect({ exitCode, within: Date.now() - asked < 1_000 }).toEqual({ exitCode: 0, within: true });
});
