/**
 * The command as people run it, against a bridge in a process of its own. What concerns the process (exit codes, signals,
 * what goes on at the same time) is looked at in processes; what is said and done, in this one.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHere } from './cli-here.ts';
import { CliProcesses, stopped, type Started } from './cli-process.ts';
import { jsonOf, type Result } from './cli-result.ts';

jest.setTimeout(120_000);
const folder = mkdtempSync(join(tmpdir(), 'wabridge-cli-'));
const dataDir = join(folder, 'data');
const environment = {
  WABRIDGE_DATA_DIR: dataDir,
  WABRIDGE_ENGINES: 'sandbox',
  WABRIDGE_SANDBOX_AUTO_LINK: 'true',
  WABRIDGE_PORT: '0',
};
const cli = new CliProcesses(folder, environment);

const start = (args: readonly string[], env: Record<string, string> = {}): Started => cli.start(args, env);
const here = (args: readonly string[], env: Record<string, string> = {}): Promise<Result> =>
  runHere(args, { ...environment, ...env });
const run = (...args: string[]): Promise<Result> => here(args);
// eslint-disable-next-line @typescript-eslint/no-explicit-any
const json = async (...args: string[]): Promise<any> => jsonOf(await run(...args, '--json'));
const startBridge = (env: Record<string, string> = {}): Promise<Started> => cli.startBridge(env);

let bridge: Started;
const stopBridge = (): Promise<Result> => stopped(bridge);

beforeAll(async () => {
  bridge = await startBridge();
}, 120_000);
afterAll(async () => {
  if (bridge.child.exitCode === null) await stopBridge();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

describe('the command', () => {
  test('start begins again under the same process id, with a small young generation', () => {
    const commandLine = readFileSync(`/proc/${bridge.child.pid}/cmdline`, 'utf8').split('\0');
    expect(commandLine.slice(1, 4)).toEqual([
      expect.stringMatching(/^--max-semi-space-size=\d+$/),
      expect.stringMatching(/bin\/wabridge\.mjs$/),
      'start',
    ]);
  });

  test('the whole road: a session, a message in, a message out, an answer on the simulated phone', async () => {
    const added = await cli.run('session', 'add', 'demo', '--engine', 'sandbox');
    expect(added).toMatchObject({ code: 0, out: expect.stringContaining('Session demo is ready (simulated') });
    expect(await json('session', 'list')).toMatchObject([{ name: 'demo', state: 'ready', simulated: true }]);

    const health = await run('session', 'health', 'demo');
    expect(health).toMatchObject({ code: 0, out: expect.stringMatching(/^line +ok +connected/m) });

    const tail = start(['events', 'tail', '--json', '--type', 'message.received', '--since', 'earliest']);
    const waiting = start(['sandbox', 'say', 'demo', 'is anybody there?', '--from', '+4915112345678', '--wait']);
    while (!tail.output().out.includes('is anybody there?')) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(JSON.parse(tail.output().out.split('\n')[0]!)).toMatchObject({
      type: 'message.received',
      session: 'demo',
      sender: { phone: '+4915112345678' },
    });
    tail.child.kill('SIGINT');
    expect((await tail.done).code).toBe(0);

    const sent = await json('send', 'demo', '+4915112345678', 'yes, I am', '--idempotency-key', 'answer-1');
    expect(['accepted', 'delivered', 'read']).toContain(sent.state);
    expect((await json('send', 'demo', '+4915112345678', 'yes, I am', '--idempotency-key', 'answer-1')).replayed).toBe(
      true,
    );
    expect(await waiting.done).toMatchObject({ code: 0, out: 'yes, I am\n' });
    expect(await json('sandbox', 'inbox', 'demo')).toMatchObject([{ text: 'yes, I am', transmissions: 1 }]);
    expect((await json('outbox', 'list')).map((message: { id: string }) => message.id)).toEqual([sent.id]);
    expect(await json('subscriptions', 'list')).toEqual([]);
    expect(await json('dead-letters', 'list')).toEqual([]);
  });

  test('reactions, read state and typing reach the simulated phone', async () => {
    // As it is copied from a contact page, in the form that WhatsApp itself uses.
    const person = '\u202A+52 1 55 1234 5678\u202C';
    const { messageId } = await json('sandbox', 'say', 'demo', 'react to this', '--from', person);
    expect(await json('react', 'demo', person, messageId, '👍')).toMatchObject({ type: 'reaction', state: 'accepted' });
    expect(await json('react', 'demo', person, messageId, '')).toMatchObject({ state: 'accepted' });
    expect(await run('chat', 'read', 'demo', person)).toMatchObject({ code: 0, out: 'Marked as read.\n' });
    expect(await json('chat', 'typing', 'demo', person, '--state', 'recording')).toMatchObject({ state: 'recording' });
    expect(await json('sandbox', 'operations', 'demo', '--to', person)).toMatchObject([
      { kind: 'reaction', messageId, emoji: '👍' },
      { kind: 'reaction', messageId, emoji: '' },
      { kind: 'read', read: 1 },
      { kind: 'typing', state: 'recording' },
    ]);
    // Long cells go on below.
    expect((await run('sandbox', 'operations', 'demo')).out.replace(/\s+/g, ' ')).toContain(`👍 to ${messageId}`);
    expect(await run('react', 'demo', person, messageId, 'yes')).toMatchObject({
      code: 1,
      err: expect.stringContaining('WAB_EMOJI_INVALID'),
    });
    expect((await run('chat', 'typing', 'demo', person, '--state', 'dancing')).code).toBe(2);
  });

  test('a file is sent by its path, and again by the id that it has then', async () => {
    const file = join(folder, 'receipt.png');
    const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    writeFileSync(file, Buffer.from(pixel, 'base64'));
    const key = ['--idempotency-key', 'receipt-1'];
    const args = ['message', 'send-image', 'demo', '+4915112340000', file, '--text', 'Your receipt'];
    expect(await json(...args, ...key)).toMatchObject({ type: 'image', replayed: false });
    expect(await json(...args, ...key)).toMatchObject({ type: 'image', replayed: true });
    expect(await json('sandbox', 'inbox', 'demo', '--to', '+4915112340000')).toMatchObject([
      { kind: 'image', text: 'Your receipt', media: { mimeType: 'image/png', fileName: 'receipt.png' } },
    ]);
    expect((await run('message', 'send-document', 'demo', '+4915112340000', join(folder, 'none.pdf'))).err).toContain(
      'cannot be read (ENOENT). Give the path of a file',
    );
  });

  test('operations without words of their own have a command all the same', async () => {
    await run('sandbox', 'contact', 'demo', '+4915112340001', '--name', 'Ada');
    expect((await run('sandbox', 'contacts', 'demo')).out).toMatch(/PHONE.*NAME[^]*4915112340001.*Ada/);
    expect(await json('whoami')).toMatchObject({ sessions: null });
  });

  test('keys: issued, used through WABRIDGE_KEY, revoked', async () => {
    const { key, secret } = await json(
      'key',
      'issue',
      '--name',
      'reader',
      '--scopes',
      'sessions:read',
      '--sessions',
      'demo',
    );
    const listed = await here(['session', 'list', '--json'], { WABRIDGE_KEY: secret });
    expect(JSON.parse(listed.out)).toHaveLength(1);
    const denied = await here(['key', 'list'], { WABRIDGE_KEY: secret });
    expect(denied).toMatchObject({ code: 1, err: expect.stringContaining('does not have the scope keys:manage') });
    expect((await json('key', 'revoke', key.keyId)).revokedAt).not.toBeNull();
    const revoked = await here(['session', 'list', '--json'], { WABRIDGE_KEY: secret });
    expect(JSON.parse(revoked.err)).toMatchObject({ error: { code: 'WAB_KEY_REVOKED' } });
  });

  test('errors are the sentence of the catalogue and exit 1; what is not understood exits 2', async () => {
    const missing = await cli.run('session', 'show', 'nobody');
    expect(missing).toEqual({
      code: 1,
      out: '',
      err: 'There is no session nobody. List the sessions with `wabridge session list`, or add one with `wabridge session add nobody`. (WAB_SESSION_NOT_FOUND)\n',
    });
    expect(await cli.run('session', 'shwo')).toMatchObject({ code: 2, err: expect.stringContaining('show') });
    expect(await run('outbox', 'list', '--limit', '0')).toMatchObject({
      code: 2,
      err: expect.stringContaining('1 to 500'),
    });
    expect((await run('--help')).code).toBe(0);
    expect(await here(['session', 'list'], { WABRIDGE_PRT: '1' })).toMatchObject({
      code: 1,
      err: expect.stringContaining('Did you mean WABRIDGE_PORT?'),
    });
  });

  test('doctor finds nothing wrong here, and says what to do where nothing answers', async () => {
    const findings = (await json('doctor')) as { check: string; state: string }[];
    expect(findings.filter(({ state }) => state === 'failed')).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining([
        'Node version',
        'settings',
        'data folder',
        'permissions',
        'disk space',
        'database',
        'clock',
        'browser',
        'Redis',
        'bridge',
      ]),
    );
    const elsewhere = await run('doctor', '--url', 'http://127.0.0.1:9');
    expect(elsewhere.out).toContain('wabridge start');
    const broken = await here(['doctor', '--json'], { WABRIDGE_LOG_LEVEL: 'loud' });
    expect(broken.code).toBe(1);
    expect(JSON.parse(broken.out)).toEqual(
      expect.arrayContaining([expect.objectContaining({ check: 'settings', state: 'failed' })]),
    );
  });

  test('links by pairing code: shows it, waits, and logs neither code nor number', async () => {
    const env = { WABRIDGE_DATA_DIR: join(folder, 'pairing'), WABRIDGE_SANDBOX_AUTO_LINK: 'false' };
    const unlinked = await startBridge(env);
    try {
      const added = await here(['session', 'add', 'demo', '--engine', 'sandbox', '--no-wait'], env);
      expect(added.code).toBe(0);
      const pair = start(['session', 'pair', 'demo', '--phone', '+49 151 12345678'], env);
      while (!/--code \w+/.test(pair.output().err)) {
        expect(pair.child.exitCode).toBeNull();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const [, code = ''] = /--code (\w+)/.exec(pair.output().err) ?? [];
      expect(pair.output().err).toContain(`${code.slice(0, 4)}-${code.slice(4)}`);
      expect((await here(['sandbox', 'scan', 'demo', '--code', code], env)).code).toBe(0);
      expect(await pair.done).toMatchObject({ code: 0, out: expect.stringContaining('is ready (simulated') });
      const again = await here(['session', 'pair', 'demo', '--phone', '+4915112345678', '--no-wait'], env);
      expect(again).toMatchObject({ code: 1, err: expect.stringContaining('WAB_SESSION_STATE') });
      expect(unlinked.output().err).not.toMatch(new RegExp(`${code}|15112345678`));
    } finally {
      unlinked.child.kill('SIGTERM');
      await unlinked.done;
    }
  });

  test('faults and config', async () => {
    await run('sandbox', 'fault', 'demo', 'answerLate', '--count', '2', '--delay-ms', '5');
    expect(await json('sandbox', 'faults', 'demo')).toEqual({ answerLate: { count: 2, delayMs: 5 } });
    await run('sandbox', 'heal', 'demo');
    expect(await json('sandbox', 'faults', 'demo')).toEqual({});
    const { settings } = await json('config');
    expect(settings.find((setting: { name: string }) => setting.name === 'engines')).toMatchObject({
      value: ['sandbox'],
      origin: 'environment',
    });
  });

  test('the first key is shown once, on stdout, and is in no log; a stop is graceful; a restored backup has another epoch', async () => {
    const first = bridge.output();
    const [secret] = /wabk_\w+_[\w-]{43}/.exec(first.out)!;
    expect(first.err).not.toContain(secret.slice(-43));
    expect(statSync(join(dataDir, 'operator.key')).mode & 0o777).toBe(0o600);
    const seed = readFileSync(join(dataDir, 'operator.key'), 'utf8').trim().slice(-43);
    expect(first.out + first.err).not.toContain(seed);
    expect(first.err).not.toMatch(/1511234567[08]|is anybody there|yes, I am/);

    const backup = join(folder, 'backup.sqlite');
    const before = (await json('outbox', 'list')).length;
    await json('backup', backup);
    expect(await run('backup', backup)).toMatchObject({ code: 1, err: expect.stringContaining('WAB_BACKUP_EXISTS') });
    expect(await run('restore', backup)).toMatchObject({
      code: 1,
      err: expect.stringContaining('WAB_DATABASE_LOCKED'),
    });
    expect(await cli.run('start')).toMatchObject({ code: 1, err: expect.stringContaining('WAB_DATABASE_LOCKED') });

    expect(await stopBridge()).toMatchObject({ code: 0, err: expect.stringContaining('"stopped"') });
    expect(await run('session', 'list')).toMatchObject({ code: 1, err: expect.stringContaining('cannot be reached') });
    expect((await json('restore', backup)).epoch).toMatch(/^[0-9a-f]{32}$/);

    bridge = await startBridge();
    expect(bridge.output().out).not.toContain('wabk_');
    await run('session', 'start', 'demo');
    expect((await json('outbox', 'list')).length).toBe(before);
  });
});
