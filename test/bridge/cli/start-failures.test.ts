/** What keeps a bridge from starting is said in a sentence with a next step, tried with real files, ports and disks. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openDatabase } from '../../../bridge/src/store/open-database.ts';
import { explainFailure } from '../../../bridge/src/ops/failure-cause.ts';
import { runHere } from './cli-here.ts';
import { CliProcesses } from './cli-process.ts';
import type { Result } from './cli-result.ts';

jest.setTimeout(120_000);
const folder = mkdtempSync(join(tmpdir(), 'wabridge-failures-'));
const whole = join(folder, 'whole');
let taken: Server;
let takenPort: number;

beforeAll(async () => {
  // The test for another user needs to get there.
  chmodSync(folder, 0o755);
  const database = await openDatabase({ dataDir: whole, log: { error: () => undefined }, onFatal: () => undefined });
  await database.close();
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  takenPort = (taken.address() as { port: number }).port;
});
afterAll(async () => {
  await new Promise((resolve) => taken.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const settings = (dataDir: string): Record<string, string> => ({
  WABRIDGE_DATA_DIR: dataDir,
  WABRIDGE_ENGINES: 'sandbox',
  WABRIDGE_PORT: '0',
});
/** A data folder of its own, which held a bridge. */
function used(name: string): string {
  const dataDir = join(folder, name);
  cpSync(whole, dataDir, { recursive: true });
  chmodSync(dataDir, 0o700);
  return dataDir;
}
/** In this process, unless the process has to be another's or on another disk. */
const start = (dataDir: string, env: Record<string, string> = {}): Promise<Result> =>
  runHere(['start'], { ...settings(dataDir), ...env });
const refusal = (code: string, ...words: string[]): object => ({
  code: 1,
  out: '',
  err: expect.stringMatching(new RegExp(`^[^\\n]*${words.join('[^\\n]*')}[^\\n]*\\(${code}\\)\\n$`)),
});

test('a port that another program has', async () => {
  // As a process, with its exit code.
  const cli = new CliProcesses(folder, { ...settings(used('port')), WABRIDGE_PORT: String(takenPort) });
  expect(await cli.run('start')).toEqual(refusal('WAB_PORT_IN_USE', `${takenPort}`, 'WABRIDGE_PORT'));
  expect(await start(used('ops'), { WABRIDGE_OPS_PORT: String(takenPort) })).toEqual(
    refusal('WAB_PORT_IN_USE', `${takenPort}`, 'WABRIDGE_OPS_PORT'),
  );
});

test('an address that this machine does not have', async () => {
  expect(await start(used('address'), { WABRIDGE_HOST: '192.0.2.1', WABRIDGE_BEHIND_PROXY: 'true' })).toEqual(
    refusal('WAB_ADDRESS_UNUSABLE', '192\\.0\\.2\\.1', 'WABRIDGE_HOST'),
  );
});

test('a file that is no database', async () => {
  const dataDir = used('garbage');
  writeFileSync(join(dataDir, 'wabridge.db'), 'broken'.repeat(2_000));
  expect(await start(dataDir)).toEqual(refusal('WAB_DATABASE_DAMAGED', 'garbage', 'wabridge restore'));
  expect(statSync(join(dataDir, 'wabridge.db')).size).toBe(12_000);
});

test('a database whose pages are damaged', async () => {
  const dataDir = used('damaged');
  const file = openSync(join(dataDir, 'wabridge.db'), 'r+');
  // Behind the header, which stays that of a database.
  for (let page = 1; page < 40; page++) writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, page * 4096);
  closeSync(file);
  expect(await start(dataDir)).toEqual(refusal('WAB_DATABASE_DAMAGED', 'malformed', 'wabridge restore'));
});

test('a database of a newer version', async () => {
  const dataDir = used('newer');
  const database = new DatabaseSync(join(dataDir, 'wabridge.db'));
  database.exec("INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-future', '2030-01-01')");
  database.close();
  expect(await start(dataDir)).toEqual(refusal('WAB_DATABASE_NEWER', '9999-future'));
});

test('a file where the data folder should be', async () => {
  const dataDir = join(folder, 'file');
  writeFileSync(dataDir, '');
  expect(await start(dataDir)).toEqual(refusal('WAB_PATH_UNUSABLE', dataDir, 'WABRIDGE_DATA_DIR'));
});

test('a folder that belongs to somebody else', async () => {
  const root = process.getuid!() === 0;
  const dataDir = join(folder, 'foreign');
  mkdirSync(dataDir);
  chmodSync(dataDir, 0o500);
  if (root) chownSync(dataDir, 1, 1);
  const cli = new CliProcesses(folder, settings(join(dataDir, 'data')), root ? { uid: 65_534, gid: 65_534 } : {});
  expect(await cli.run('start')).toEqual(refusal('WAB_PATH_UNUSABLE', 'this user', 'WABRIDGE_DATA_DIR'));
});

const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;
/** Starts a bridge on a file system of its own; where this machine lets nobody mount one, only the causes are tried below. */
async function startOn(options: string, prepare: string): Promise<Result> {
  const dataDir = join(folder, `mount-${options.replace(/\W/g, '')}`);
  mkdirSync(dataDir);
  const shell = `mount -t tmpfs -o ${options},mode=700 tmpfs "$WABRIDGE_DATA_DIR" && ${prepare} && exec "$@"`;
  return new CliProcesses(folder, settings(dataDir), {
    wrap: ['unshare', '-rm', '/bin/sh', '-c', shell, 'sh'],
  }).run('start');
}

test('a disk that is full, and one that is mounted read-only', async () => {
  if (canMount) {
    expect(await startOn('size=64k', 'true')).toEqual(refusal('WAB_DISK_FULL', 'full'));
    expect(await startOn('size=16k', 'head -c 16384 /dev/zero > "$WABRIDGE_DATA_DIR/filler"')).toEqual(
      refusal('WAB_DISK_FULL', 'full'),
    );
    expect(await startOn('size=1m', 'mount -o remount,ro "$WABRIDGE_DATA_DIR"')).toEqual(
      refusal('WAB_PATH_UNUSABLE', 'read-only', 'WABRIDGE_DATA_DIR'),
    );
  }
  const path = join(whole, 'wabridge.lock');
  const caused = (code: string): unknown =>
    explainFailure(Object.assign(new Error(code), { code, path }), { path: whole });
  expect(caused('ENOSPC')).toMatchObject({ code: 'WAB_DISK_FULL' });
  expect(caused('EROFS')).toMatchObject({ code: 'WAB_PATH_UNUSABLE', message: expect.stringContaining('read-only') });
});

test('backup and restore say the same of where they write and what they read', async () => {
  const here = (...args: string[]): Promise<Result> => runHere(args, settings(whole));
  expect(await here('backup', join(folder, 'nowhere', 'x.db'))).toEqual(
    refusal('WAB_PATH_UNUSABLE', 'nowhere', 'does not exist'),
  );
  expect(await here('restore', folder)).toEqual(refusal('WAB_BACKUP_INVALID', 'is a folder'));
  const garbage = used('garbage-source');
  writeFileSync(join(garbage, 'wabridge.db'), 'broken'.repeat(2_000));
  expect(await runHere(['backup', join(folder, 'new.db')], settings(garbage))).toEqual(
    refusal('WAB_DATABASE_DAMAGED', 'wabridge restore'),
  );
  expect(existsSync(join(folder, 'new.db'))).toBe(false);
  expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
});
