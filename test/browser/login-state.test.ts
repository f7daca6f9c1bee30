/** A login moves to another data folder with the command line, as a person would do it, and works there. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { BridgeProcess, freePort } from '../e2e/bridge-process.ts';
import type { Account } from '../standin/account.ts';
import { Standin } from '../standin/server.ts';

interface Event {
  readonly type: string;
  readonly data: { readonly text?: string; readonly to?: string; readonly reason?: string };
}
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
let old: BridgeProcess;
let fresh: BridgeProcess;

beforeEach(async () => {
  standin = new Standin();
  await standin.start();
  me = standin.network.addAccount('4915110000001', 'Me');
  bob = standin.network.addAccount('4915110000002', 'Bob');
  folder = await mkdtemp(join(tmpdir(), 'wabridge-login-'));
  const settings = { WABRIDGE_ENGINES: 'webjs', WABRIDGE_BROWSER_FLAGS: standin.browserArgs.join('\n') };
  old = new BridgeProcess(join(folder, 'old'), await freePort(), settings);
  fresh = new BridgeProcess(join(folder, 'fresh'), await freePort(), settings);
  await writeFile(join(folder, 'passphrase'), 'correct horse battery staple\n', { mode: 0o600 });
});
afterEach(async () => {
  await Promise.all([old.stop(), fresh.stop()]);
  await standin.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}, LONG);

/** Asks a bridge until the answer will do. */
async function until<Found>(
  bridge: BridgeProcess,
  what: string,
  ask: () => Promise<Found | undefined>,
): Promise<Found> {
  const end = Date.now() + 60_000;
  for (;;) {
    const found = await ask().catch(() => undefined);
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited too long for ${what}:\n${bridge.output}`);
    await wait(100);
  }
}
const eventsOf = async (bridge: BridgeProcess): Promise<readonly Event[]> =>
  (await bridge.client.request<{ events: Event[] }>('GET', '/v1/events', { query: { limit: 500 } })).events;
const untilEvent = (bridge: BridgeProcess, what: string, matches: (event: Event) => boolean): Promise<Event> =>
  until(bridge, what, async () => (await eventsOf(bridge)).find(matches));
const untilState = (bridge: BridgeProcess, state: string): Promise<Session> =>
  until(bridge, state, async () => {
    const session = await bridge.client.request<Session>('GET', '/v1/sessions/phone');
    return session.state === state ? session : undefined;
  });

/** The command, as it is typed; what it wrote where it was told to write JSON, or its error. */
async function wabridge(
  bridge: BridgeProcess,
  ...args: string[]
): Promise<{ code: number; json: Record<string, unknown> }> {
  const child = spawn(process.execPath, [COMMAND, ...args, '--data-dir', bridge.dataDir, '--json'], {
    env: { ...process.env, NODE_OPTIONS: '', NODE_NO_WARNINGS: '1' },
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
    await old.start();
    await old.client.request('POST', '/v1/sessions', { body: { name: 'phone', engine: 'webjs' } });
    const { code } = await until(old, 'a QR', () =>
      old.client.request<{ code: string }>('GET', '/v1/sessions/phone/qr'),
    );
    standin.scan(code, me);
    await untilState(old, 'ready');
    standin.network.say(bob, me, 'before the move');
    await untilEvent(old, 'the message', ({ data }) => data.text === 'before the move');

    // While it runs, nobody gets at its login.
    const refused = { code: 1, json: { error: expect.objectContaining({ code: 'WAB_LOGIN_IN_USE' }) } };
    expect(await wabridge(old, 'session', 'backup', 'phone', file, ...passphrase)).toEqual(refused);

    // Stopped is enough: the bridge goes on with its other sessions.
    await old.client.request('POST', '/v1/sessions/phone/stop');
    await untilState(old, 'stopped');
    const made = await wabridge(old, 'session', 'backup', 'phone', file, ...passphrase);
    expect(made).toMatchObject({ code: 0, json: { session: 'phone', file } });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file)).includes('web.whatsapp.com')).toBe(false);

    standin.network.say(bob, me, 'while it moved');
    expect(await wabridge(fresh, 'session', 'restore', 'phone', file, ...passphrase)).toMatchObject({ code: 0 });
    await fresh.start();
    await fresh.client.request('POST', '/v1/sessions', { body: { name: 'phone', engine: 'webjs' } });
    await untilState(fresh, 'ready');
    await untilEvent(fresh, 'what was missed', ({ data }) => data.text === 'while it moved');
    standin.network.say(bob, me, 'after the move');
    await untilEvent(fresh, 'what came later', ({ data }) => data.text === 'after the move');
    const log = await eventsOf(fresh);
    expect(log.filter(({ type }) => type === 'session.qr_issued')).toEqual([]);
    for (const text of ['while it moved', 'after the move'])
      expect(log.filter(({ type, data }) => type === 'message.received' && data.text === text)).toHaveLength(1);
    expect(me.devices.size).toBe(1);

    // The old one started as well: WhatsApp knows one device, and the line goes to whoever asked last.
    await old.client.request('POST', '/v1/sessions/phone/start');
    await untilState(old, 'ready');
    await untilEvent(
      fresh,
      'the conflict',
      ({ type, data }) => type === 'session.state_changed' && /conflict/i.test(data.reason ?? ''),
    );
    // Once the old one is stopped for good, the new one gets the line back by itself, still without a scan.
    await old.client.request('POST', '/v1/sessions/phone/stop');
    await untilState(old, 'stopped');
    await untilState(fresh, 'ready');
    standin.network.say(bob, me, 'alone again');
    await untilEvent(fresh, 'what came after the conflict', ({ data }) => data.text === 'alone again');
    expect((await eventsOf(fresh)).filter(({ type }) => type === 'session.qr_issued')).toEqual([]);

    // And it can go back, over the login that is there, where that is asked for.
    const exists = { code: 1, json: { error: expect.objectContaining({ code: 'WAB_LOGIN_EXISTS' }) } };
    expect(await wabridge(old, 'session', 'restore', 'phone', file, ...passphrase)).toEqual(exists);
    const back = await wabridge(old, 'session', 'restore', 'phone', file, '--replace', ...passphrase);
    expect(back).toMatchObject({ code: 0, json: { files: made.json['files'], bytes: made.json['bytes'] } });
  },
  LONG,
);
