/** The simulated network remembers what happened when the bridge around it, or beside it, is killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { ChatId, SessionName, MessageId } from '../../../../bridge/src/contract/ids.ts';
import { LocalNetwork } from '../../../../bridge/src/engine/sandbox/local-network.ts';
import { NetworkServer } from '../../../../bridge/src/engine/sandbox/network-server.ts';
import { RemoteNetwork } from '../../../../bridge/src/engine/sandbox/remote-network.ts';
import { SandboxEngineFactory } from '../../../../bridge/src/engine/sandbox/sandbox-factory.ts';
import { EngineRecording } from '../../../conformance/engine-recording.ts';

jest.setTimeout(60_000);
const SESSION = 'victim' as SessionName;
const CHAT = '4915112345678@c.us' as ChatId;

interface Said {
  readonly tried: string[];
  readonly sent: string[];
  readonly got: string[];
  readonly signals: string[];
}

let folder: string;
const children = new Set<ChildProcess>();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-kill-'));
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Runs the victim until it has receipts for `receipts` messages, and kills it in the midst of the next. */
async function runAndKill(receipts: number, url?: string): Promise<Said> {
  const file = fileURLToPath(new URL('./victim.ts', import.meta.url));
  const child = spawn(process.execPath, [file, folder, ...(url === undefined ? [] : [url])], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: process.env['TEST_NODE_OPTIONS'] ?? '' },
  });
  children.add(child);
  const exit = once(child, 'exit');
  const said: Said = { tried: [], sent: [], got: [], signals: [] };
  for await (const line of createInterface({ input: child.stdout })) {
    const word = JSON.parse(line) as { try?: string; sent?: string; got?: string; signal?: string };
    if (word.try !== undefined) said.tried.push(word.try);
    if (word.sent !== undefined) said.sent.push(word.sent);
    if (word.got !== undefined) said.got.push(word.got);
    if (word.signal !== undefined) said.signals.push(word.signal);
    if (said.sent.length === receipts) child.kill('SIGKILL');
  }
  const [, signal] = (await exit) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  children.delete(child);
  return said;
}

test('network in the killed process: what had a receipt is there, and the status of every other can be asked', async () => {
  const first = await runAndKill(40);
  expect(first.tried.length).toBeGreaterThan(first.sent.length);
  const second = await runAndKill(40);
  // The login survived the kill.
  expect(second.signals).not.toContain('qr');

  const network = new LocalNetwork({ folder: join(folder, 'network') });
  try {
    const inbox = (await network.drive('sandbox.inbox', SESSION)).map((entry) => entry.messageId);
    expect(new Set(inbox).size).toBe(inbox.length);
    for (const messageId of [...first.sent, ...second.sent]) expect(inbox).toContain(messageId);
    const recording = new EngineRecording();
    const asking = new SandboxEngineFactory(network).create(SESSION, join(folder, 'profile'), recording);
    await asking.start();
    await recording.untilSignal('ready');
    for (const messageId of [...first.tried, ...second.tried]) {
      expect(await asking.sendStatusOf(messageId as MessageId, CHAT)).toBe(
        inbox.includes(messageId) ? 'sent' : 'absent',
      );
    }
    await asking.stop();
  } finally {
    await network.close();
  }
});

test('network beside the killed process: it takes note of what was said meanwhile, and delivers it afterwards', async () => {
  const server = new NetworkServer({ folder: join(folder, 'outside'), autoLink: true });
  const url = await server.start();
  const network = new RemoteNetwork(url);
  try {
    const first = await runAndKill(40, url);
    const missed = [];
    for (const text of ['one', 'two', 'three'])
      missed.push((await network.drive('sandbox.receive', SESSION, { from: '+4915187654321', text })).messageId);
    const second = await runAndKill(40, url);
    expect(second.got.slice(0, 3)).toEqual(missed);
    expect(second.signals).not.toContain('qr');
    const inbox = await network.drive('sandbox.inbox', SESSION, { via: 'bridge' });
    expect(inbox.every((entry) => entry.transmissions === 1)).toBe(true);
    const ids = inbox.map((entry) => entry.messageId);
    for (const messageId of [...first.sent, ...second.sent]) expect(ids).toContain(messageId);
    for (const messageId of ids) expect([...first.tried, ...second.tried]).toContain(messageId);
  } finally {
    await server.stop();
  }
});
