/** Nobody else on the machine may read what wabridge writes, whatever the umask it was started with. */
import { afterAll, expect, jest, test } from '@jest/globals';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOGIN, PROGRESS } from '../../../bridge/src/engine/webjs/login/unfinished-restore.ts';
import { until } from '../../until.ts';
import { runHere } from './cli-here.ts';
import { CliProcesses, stopped, withUmask, type Started } from './cli-process.ts';
import { jsonOf } from './cli-result.ts';

jest.setTimeout(120_000);
const folder = mkdtempSync(join(tmpdir(), 'wabridge-modes-'));
const dataDir = join(folder, 'data');
const settings = {
  WABRIDGE_DATA_DIR: dataDir,
  WABRIDGE_ENGINES: 'sandbox',
  WABRIDGE_SANDBOX_AUTO_LINK: 'true',
  WABRIDGE_PORT: '0',
};
const running: Started[] = [];
afterAll(async () => {
  for (const each of running.filter(({ child }) => child.exitCode === null)) await stopped(each);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
/** Every file and folder below, with its mode, where that is neither 600 nor 700. */
const open = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => ({ path: join(entry.parentPath, entry.name), wanted: entry.isDirectory() ? '700' : '600' }))
    .filter(({ path, wanted }) => existsSync(path) && modeOf(path) !== wanted)
    .map(({ path }) => `${modeOf(path)} ${path.slice(root.length + 1)}`);

/** A command that has to succeed, in this process under a umask. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
async function json(umask: number, ...args: string[]): Promise<any> {
  const before = process.umask(umask);
  try {
    return jsonOf(await runHere([...args, '--json'], settings));
  } finally {
    process.umask(before);
  }
}

test('with the umask 000: data, backup, restored database, login state and its archive', async () => {
  const cli = new CliProcesses(folder, settings, withUmask('000'));
  const bridge = await cli.startBridge();
  running.push(bridge);
  await json(0o000, 'session', 'add', 'demo', '--engine', 'sandbox');
  await json(0o000, 'sandbox', 'say', 'demo', 'hello', '--from', '+4915112345678');
  await json(0o000, 'send', 'demo', '+4915112345678', 'hello too');
  expect(readdirSync(dataDir)).toEqual(expect.arrayContaining(['wabridge.db', 'wabridge.db-wal', 'wabridge.db-shm']));
  expect(open(dataDir)).toEqual([]);
  expect(modeOf(dataDir)).toBe('700');
  expect(bridge.output().out + bridge.output().err).not.toContain('other users can read');

  const backup = join(folder, 'backup.db');
  await cli.json('backup', backup);
  expect(modeOf(backup)).toBe('600');
  await stopped(bridge);
  expect(open(dataDir)).toEqual([]);

  // As a copy from elsewhere has it: the restored database must not take over its mode.
  chmodSync(backup, 0o644);
  await json(0o000, 'restore', backup);
  expect(open(dataDir)).toEqual([]);

  // A linked login state, as the browser engine leaves it.
  const profile = join(dataDir, 'profiles', 'real');
  const stored = join(profile, LOGIN, 'Default', 'IndexedDB');
  mkdirSync(stored, { recursive: true, mode: 0o700 });
  writeFileSync(join(stored, 'data'), 'x', { mode: 0o600 });
  writeFileSync(join(profile, PROGRESS), '{}', { mode: 0o600 });
  const passphrase = join(folder, 'passphrase');
  writeFileSync(passphrase, 'a long enough passphrase\n', { mode: 0o600 });
  const archive = join(folder, 'support.login');
  await json(0o000, 'session', 'backup', 'real', archive, '--passphrase-file', passphrase);
  expect(modeOf(archive)).toBe('600');
  chmodSync(archive, 0o644);
  await json(0o000, 'session', 'restore', 'real', archive, '--passphrase-file', passphrase, '--replace');
  expect(open(dataDir)).toEqual([]);
});

test('a data folder that others can read is named at the start and by doctor; the database in it is closed to them', async () => {
  const cli = new CliProcesses(folder, settings);
  chmodSync(dataDir, 0o755);
  chmodSync(join(dataDir, 'wabridge.db'), 0o644);
  const bridge = await cli.startBridge();
  running.push(bridge);
  expect(bridge.output().out).toContain(`chmod 700 ${dataDir}`);
  // On stderr, which may arrive after what stdout said later.
  await until('the warning', () => bridge.output().err.includes('other users can read the data folder'));
  expect(open(dataDir)).toEqual([]);
  const backup = join(folder, 'strict.db');
  await new CliProcesses(folder, settings, withUmask('777')).json('backup', backup);
  expect(modeOf(backup)).toBe('600');
  const findings = (await json(0o022, 'doctor')) as { check: string; state: string; todo?: string }[];
  expect(findings.find(({ check }) => check === 'permissions')).toMatchObject({
    state: 'warning',
    todo: expect.stringContaining(`chmod 700 ${dataDir}`),
  });
  await stopped(bridge);
  chmodSync(dataDir, 0o700);
});

test('doctor names a settings file with a secret that others can read', async () => {
  const config = join(folder, 'settings.json');
  const masterKey = Buffer.alloc(32, 7).toString('base64');
  writeFileSync(config, JSON.stringify({ masterKey }), { mode: 0o644 });
  chmodSync(config, 0o644);
  const permissions = async (): Promise<unknown> =>
    ((await json(0o022, 'doctor', '--config', config)) as { check: string }[]).find(
      ({ check }) => check === 'permissions',
    );
  expect(await permissions()).toMatchObject({
    state: 'warning',
    todo: expect.stringContaining(`chmod 600 ${config}`),
  });
  chmodSync(config, 0o600);
  expect(await permissions()).toMatchObject({ state: 'ok' });
});
