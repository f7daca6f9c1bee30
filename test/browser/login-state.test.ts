/** A login moves to another data folder with the command line, as a person would do it, and works there. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { BridgeProcess, freePort } from '../e2e/bridge-process.ts';
import type { Account } from '../standin/account.ts';
import { Standin } from '../standin/server.ts';
import { BridgeAtTest } from './bridge-at-test.ts';

interface Session {
  readonly state: string;
  readonly reason: string;
}

const COMMAND = fileURLToPath(new URL('../../bridge/bin/wabridge.mjs', import.meta.url));
const LONG = 240_000;
let standin: Standin;
let me: Account;
let bob: Account;
let folder: string;
let old: BridgeAtTest;
let fresh: BridgeAtTest;

beforeEach(async () => {
  standin = new Standin();
  await standin.start();
  me = standin.network.addAccount('4915110000001', 'Me');
  bob = standin.network.addAccount('4915110000002', 'Bob');
  folder = await mkdtemp(join(tmpdir(), 'wabridge-login-'));
  const settings = { WABRIDGE_ENGINES: 'webjs', WABRIDGE_BROWSER_FLAGS: standin.browserArgs.join('\n') };
  const bridgeIn = async (name: string): Promise<BridgeAtTest> =>
    new BridgeAtTest(standin, new BridgeProcess(join(folder, name), await freePort(), settings));
  old = await bridgeIn('old');
  fresh = await bridgeIn('fresh');
  await writeFile(join(folder, 'passphrase'), 'correct horse battery staple\n', { mode: 0o600 });
});
afterEach(async () => {
  await Promise.all([old.bridge.stop(), fresh.bridge.stop()]);
  await standin.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}, LONG);

const untilState = (at: BridgeAtTest, state: string): Promise<Session> =>
  at.until(`the session to be ${state}`, async () => {
    const session = await at.bridge.client.request<Session>('GET', '/v1/sessions/phone');
    return session.state === state && session;
  });

/** The command, as it is typed; what it wrote where it was told to write JSON, or its error. */
async function wabridge(
  { bridge }: BridgeAtTest,
  ...args: string[]
): Promise<{ code: number; json: Record<string, unknown> }> {
  const child = spawn(process.execPath, [COMMAND, ...args, '--data-dir', bridge.dataDir, '--json'], {
    env: { ...process.env, NODE_OPTIONS: process.env['TEST_NODE_OPTIONS'] ?? '', NODE_NO_WARNINGS: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const code = await new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)));
  return { code, json: JSON.parse(out) as Record<string, unknown> };
}

test(
  'a login is backed up, restored elsewhere, ready without a QR, catches up; in two places it is in conflict',
  async () => {
    const file = join(folder, 'phone.login');
    const passphrase = ['--passphrase-file', join(folder, 'passphrase')];
    await old.bridge.start();
    await old.scan('phone', me);
    await untilState(old, 'ready');
    standin.network.say(bob, me, 'before the move');
    await old.untilEvent('the message', ({ data }) => data['text'] === 'before the move');

    // While it runs, nobody gets at its login.
    const refused = { code: 1, json: { error: expect.objectContaining({ code: 'WAB_LOGIN_IN_USE' }) } };
    expect(await wabridge(old, 'session', 'backup', 'phone', file, ...passphrase)).toEqual(refused);

    // Stopped is enough: the bridge goes on with its other sessions.
    await old.bridge.client.request('POST', '/v1/sessions/phone/stop');
    await untilState(old, 'stopped');
    const made = await wabridge(old, 'session', 'backup', 'phone', file, ...passphrase);
    expect(made).toMatchObject({ code: 0, json: { session: 'phone', file } });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file)).includes('web.whatsapp.com')).toBe(false);

    standin.network.say(bob, me, 'while it moved');
    expect(await wabridge(fresh, 'session', 'restore', 'phone', file, ...passphrase)).toMatchObject({ code: 0 });
    await fresh.bridge.start();
    await fresh.bridge.client.request('POST', '/v1/sessions', { body: { name: 'phone', engine: 'webjs' } });
    await untilState(fresh, 'ready');
    await fresh.untilEvent('what was missed', ({ data }) => data['text'] === 'while it moved');
    standin.network.say(bob, me, 'after the move');
    await fresh.untilEvent('what came later', ({ data }) => data['text'] === 'after the move');
    const log = await fresh.events();
    expect(log.filter(({ type }) => type === 'session.qr_issued')).toEqual([]);
    for (const text of ['while it moved', 'after the move'])
      expect(log.filter(({ type, data }) => type === 'message.received' && data['text'] === text)).toHaveLength(1);
    expect(me.devices.size).toBe(1);

    // The old one started as well: WhatsApp knows one device, and the line goes to whoever asked last.
    await old.bridge.client.request('POST', '/v1/sessions/phone/start');
    await untilState(old, 'ready');
    await fresh.untilEvent(
      'the conflict',
      ({ type, data }) => type === 'session.state_changed' && /conflict/i.test(String(data['reason'])),
    );
    // Once the old one is stopped for good, the new one gets the line back by itself, still without a scan.
    await old.bridge.client.request('POST', '/v1/sessions/phone/stop');
    await untilState(old, 'stopped');
    await untilState(fresh, 'ready');
    standin.network.say(bob, me, 'alone again');
    await fresh.untilEvent('what came after the conflict', ({ data }) => data['text'] === 'alone again');
    expect((await fresh.events()).filter(({ type }) => type === 'session.qr_issued')).toEqual([]);

    // And it can go back, over the login that is there, where that is asked for.
    const exists = { code: 1, json: { error: expect.objectContaining({ code: 'WAB_LOGIN_EXISTS' }) } };
    expect(await wabridge(old, 'session', 'restore', 'phone', file, ...passphrase)).toEqual(exists);
    const back = await wabridge(old, 'session', 'restore', 'phone', file, '--replace', ...passphrase);
    expect(back).toMatchObject({ code: 0, json: { files: made.json['files'], bytes: made.json['bytes'] } });
  },
  LONG,
);
