/** Files are brought from a folder into a bucket and back, in any number of runs, and never damaged on the way. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openMediaStore } from '../../bridge/src/compose/media-store.ts';
import { parseStoreUrl } from '../../bridge/src/config/store-url.ts';
import { copyMedia } from '../../bridge/src/media/copy-media.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import { CliProcesses } from '../bridge/cli/cli-process.ts';
import { S3_CREDENTIALS, S3Server } from '../servers/s3.ts';

const FILES = new Map(
  Array.from({ length: 12 }, (_, index) => [`med_${String(index).padStart(2, '0')}`, randomBytes(1_000 * (index + 1))]),
);
const BYTES = [...FILES.values()].reduce((sum, { length }) => sum + length, 0);
let server: S3Server;
let folder: string;
let tests = 0;

beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server.destroy());
beforeEach(async () => {
  tests += 1;
  folder = await mkdtemp(join(tmpdir(), 'wabridge-copy-'));
});
afterEach(async () => {
  await server.recover();
  await rm(folder, { recursive: true, force: true });
});

const bucket = () => server.url(`copy-${tests}`);
const disk = (name: string) => `file://${join(folder, name)}`;
const open = (url: string) => openMediaStore(parseStoreUrl(url), join(folder, 'work'), systemClock, 0);
async function fill(url: string): Promise<void> {
  const store = await open(url);
  await store.start();
  for (const [key, bytes] of FILES) await (await store.spool(Readable.from([bytes]), () => undefined)).commit(key);
  await store.stop();
}
async function copy(from: string, to: string): Promise<Awaited<ReturnType<typeof copyMedia>>> {
  const [source, target] = [await open(from), await open(to)];
  try {
    return await copyMedia(source, target, () => undefined);
  } finally {
    await Promise.all([source.stop(), target.stop()]);
  }
}
async function expectAllIn(name: string): Promise<void> {
  for (const [key, bytes] of FILES)
    expect((await readFile(join(folder, name, 'files', key.slice(-2), key))).equals(bytes)).toBe(true);
}

test('into a bucket and back; a second run finds nothing to do', async () => {
  await fill(disk('source'));
  const all = { copied: FILES.size, copiedBytes: BYTES, skipped: 0 };
  const none = { copied: 0, copiedBytes: 0, skipped: FILES.size };
  expect(await copy(disk('source'), bucket())).toEqual(all);
  expect(await copy(disk('source'), bucket())).toEqual(none);
  expect(await copy(bucket(), disk('target'))).toEqual(all);
  await expectAllIn('target');
  expect(await copy(bucket(), disk('target'))).toEqual(none);
});

test('a run that the server ended goes on in the next', async () => {
  await fill(disk('source'));
  const [source, target] = [await open(disk('source')), await open(bucket())];
  let copied = 0;
  const broken = copyMedia(source, target, (progress) => {
    copied = progress.copied;
    if (copied === 5) void server.kill();
  });
  await expect(broken).rejects.toMatchObject({ code: 'WAB_MEDIA_STORE_UNAVAILABLE' });
  await target.stop();
  await server.up();
  const rest = await copy(disk('source'), bucket());
  expect(rest.copied + rest.skipped).toBe(FILES.size);
  expect(rest.skipped).toBeGreaterThanOrEqual(5);
  await copy(bucket(), disk('target'));
  await expectAllIn('target');
});

test('a file that differs in the target is replaced', async () => {
  await fill(disk('source'));
  await fill(disk('target'));
  await writeFile(join(folder, 'target', 'files', '03', 'med_03'), 'something else');
  expect(await copy(disk('source'), disk('target'))).toMatchObject({ copied: 1, skipped: FILES.size - 1 });
  await expectAllIn('target');
});

test('a file that was damaged in the bucket is not taken for the one that was stored', async () => {
  await fill(bucket());
  const name = (await server.objects()).find((object) => object === `copy-${tests}/files/med_07`)!;
  await writeFile(server.fileOf(name), Buffer.alloc(8_000));
  await expect(copy(bucket(), disk('target'))).rejects.toMatchObject({
    code: 'WAB_MEDIA_DAMAGED',
    message: expect.stringContaining('med_07'),
  });
  const kept = await readdir(join(folder, 'target'), { recursive: true });
  expect(kept.some((path) => path.endsWith('med_07'))).toBe(false);
});

describe('as a command', () => {
  const command = (): CliProcesses =>
    new CliProcesses(folder, {
      ...S3_CREDENTIALS,
      AWS_EC2_METADATA_DISABLED: 'true',
      WABRIDGE_DATA_DIR: join(folder, 'data'),
      WABRIDGE_MEDIA_URL: disk('source'),
    });

  test('it copies and says what to do next', async () => {
    await fill(disk('source'));
    const { code, out } = await command().run('media', 'copy', '--to', bucket());
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`^Copied 12 files \\(${BYTES} bytes\\); 0 were there already.*WABRIDGE_MEDIA_URL`));
    const again = await command().run('media', 'copy', '--to', bucket(), '--json');
    expect(JSON.parse(again.out)).toEqual({ copied: 0, copiedBytes: 0, skipped: 12 });
  });

  test.each([
    ['the same store', () => disk('source'), 2, 'the same'],
    ['a URL with credentials', () => 's3://AKIAEXAMPLE:hunter2@media', 2, 'credentials'],
    ['a bucket that does not exist', () => bucket().replace(server.bucket, 'another'), 1, 'does not exist'],
  ])('it refuses %s', async (_what, url, exitCode, sentence) => {
    await fill(disk('source'));
    const { code, err } = await command().run('media', 'copy', '--to', url());
    expect(err).toContain(sentence);
    expect(err).not.toContain('hunter2');
    expect(code).toBe(exitCode);
  });

  test('the doctor tries the bucket, and says what is wrong with it', async () => {
    const doctor = async (env: Readonly<Record<string, string>>) => {
      const { out } = await command().start(['doctor', '--json'], { WABRIDGE_MEDIA_URL: bucket(), ...env }).done;
      const findings = JSON.parse(out) as { check: string; state: string; detail: string }[];
      return findings.find(({ check }) => check === 'media store');
    };
    expect(await doctor({})).toMatchObject({ state: 'ok' });
    expect((await server.objects()).filter((name) => name.startsWith(`copy-${tests}/`))).toEqual([]);
    expect(await doctor({ AWS_SECRET_ACCESS_KEY: 'wrong' })).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('the secret key is wrong'),
    });
  });
});
