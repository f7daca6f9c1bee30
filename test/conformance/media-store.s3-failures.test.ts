/** What becomes of files while the bucket fails: nothing is half kept, and nothing is lost. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openMediaStore } from '../../bridge/src/compose/media-store.ts';
import { parseStoreUrl } from '../../bridge/src/config/store-url.ts';
import type { MediaStore } from '../../bridge/src/media/media-store.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import { S3_CREDENTIALS, S3Server } from '../servers/s3.ts';
import { until } from '../until.ts';

const KEY = 'med_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const SMALL = randomBytes(100_000);
/** In three parts. */
const LARGE = randomBytes(11 * 1024 * 1024);
const UNAVAILABLE = { code: 'WAB_MEDIA_STORE_UNAVAILABLE', status: 503, retryable: true };

let server: S3Server;
let folder: string;
let store: MediaStore;
let tests = 0;

const open = (...options: readonly string[]): Promise<MediaStore> =>
  openMediaStore(parseStoreUrl(server.url(`test-${tests}`, ...options)), folder, systemClock);
const spool = (bytes: Buffer, to = store) => to.spool(Readable.from([bytes]), () => undefined);
const objects = async (): Promise<string[]> =>
  (await server.objects()).filter((name) => name.startsWith(`test-${tests}/`));
const spooled = (): Promise<string[]> => readdir(join(folder, 's3', 'spool'));

beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server.destroy());
beforeEach(async () => {
  tests += 1;
  server.calls.length = 0;
  folder = await mkdtemp(join(tmpdir(), 'wabridge-media-'));
  store = await open();
  await store.start();
});
afterEach(async () => {
  Object.assign(process.env, S3_CREDENTIALS);
  await server.recover();
  await store.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('an upload', () => {
  /** What was spooled stays until it is committed or discarded, so a caller can try again. */
  async function failsThenSucceeds(bytes: Buffer, recover: () => Promise<void>): Promise<void> {
    const file = await spool(bytes);
    await expect(file.commit(KEY)).rejects.toMatchObject(UNAVAILABLE);
    await recover();
    expect(await objects()).toEqual([]);
    expect(await store.open(KEY)).toBeNull();
    await file.commit(KEY);
    expect((await buffer((await store.open(KEY))!)).equals(bytes)).toBe(true);
    await file.discard();
    expect(await spooled()).toEqual([]);
  }

  test('is refused while nothing answers, and taken when it is back', async () => {
    await server.kill();
    await failsThenSucceeds(SMALL, () => server.up());
  });

  test('is refused while the server asks for fewer requests', async () => {
    await server.fault({ kind: 'refuse', times: 100 });
    await failsThenSucceeds(SMALL, () => server.recover());
  });

  test('goes through if only one request is refused', async () => {
    await server.fault({ kind: 'refuse', times: 1 });
    await (await spool(SMALL)).commit(KEY);
    expect(await objects()).toHaveLength(1);
  });

  test('in parts leaves nothing if the server is killed between two of them', async () => {
    await server.fault({ kind: 'hang', times: 1, on: 'PUT' });
    const file = await spool(LARGE);
    const committed = expect(file.commit(KEY)).rejects.toMatchObject(UNAVAILABLE);
    await until('two parts', () => server.calls.filter(({ method }) => method === 'PUT').length >= 2);
    await server.kill();
    await committed;
    await server.up();
    expect(await objects()).toEqual([]);
    // It could not be aborted, as nobody answered. Who sweeps removes it once it is old.
    expect(await server.uploads()).toHaveLength(1);
    await store.removeUnfinished(Date.now() - 60_000);
    expect(await server.uploads()).toHaveLength(1);
    await store.removeUnfinished(Date.now() + 60_000);
    expect(await server.uploads()).toEqual([]);
    await file.commit(KEY);
    expect((await buffer((await store.open(KEY))!)).equals(LARGE)).toBe(true);
  });

  test('in parts is aborted if one of them is refused', async () => {
    await server.fault({ kind: 'refuse', times: 100, on: 'PUT' });
    const file = await spool(LARGE);
    await expect(file.commit(KEY)).rejects.toMatchObject(UNAVAILABLE);
    expect(await server.uploads()).toEqual([]);
    expect(await objects()).toEqual([]);
  });

  test.each([
    ['in one request', SMALL, { on: 'PUT' }],
    ['in parts', LARGE, { on: 'POST', query: 'uploadId' }],
  ])('of which all answers are lost is known to be there: %s', async (_how, bytes, requests) => {
    await server.fault({ kind: 'cut after the last byte', times: 100, ...requests });
    const file = await spool(bytes);
    await file.commit(KEY);
    await server.recover();
    expect((await buffer((await store.open(KEY))!)).equals(bytes)).toBe(true);
    expect(await objects()).toHaveLength(1);
  });

  test('whose spool changes on disk is not completed', async () => {
    const file = await spool(LARGE);
    await writeFile(file.path, Buffer.alloc(LARGE.length));
    await expect(file.commit(KEY)).rejects.toMatchObject(UNAVAILABLE);
    expect(await objects()).toEqual([]);
    expect(await server.uploads()).toEqual([]);
  });

  test('carries digests, and the encryption that was asked for', async () => {
    const encrypted = await open('sse=aws:kms', 'kmsKeyId=alias/one');
    await encrypted.start();
    await (await spool(SMALL, encrypted)).commit(KEY);
    await encrypted.stop();
    const put = server.calls.find(({ method }) => method === 'PUT')!;
    expect(put.headers).toMatchObject({
      'x-amz-checksum-sha256': createHash('sha256').update(SMALL).digest('base64'),
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'alias/one',
    });
  });
});

describe('a download', () => {
  test('of a file that somebody has changed does not reach an engine', async () => {
    await (await spool(SMALL)).commit(KEY);
    const other = await open();
    await other.start();
    const [name] = await objects();
    await writeFile(server.fileOf(name!), Buffer.alloc(SMALL.length));
    await expect(other.localPath(KEY)).rejects.toMatchObject({ code: 'WAB_MEDIA_DAMAGED' });
    expect(await spooled()).toEqual([]);
    await other.stop();
  });

  test('is refused while nothing answers; a local copy needs no server', async () => {
    await (await spool(SMALL)).commit(KEY);
    await server.kill();
    await expect(store.open(KEY)).rejects.toMatchObject(UNAVAILABLE);
    expect((await readFile((await store.localPath(KEY))!)).equals(SMALL)).toBe(true);
    await server.up();
  });
});

test('more objects than one list has are all listed', async () => {
  // Put there past the protocol, as uploading each would take long.
  await (await spool(SMALL)).commit('key_0000');
  const first = server.fileOf((await objects())[0]!);
  const rest = Array.from({ length: 1_004 }, (_, index) => `key_${String(index + 1).padStart(4, '0')}`);
  await Promise.all(rest.map((key) => writeFile(first.replace('key_0000', key), 'x')));
  let count = 0;
  for await (const key of store.keys()) count += key.startsWith('key_') ? 1 : 0;
  expect(count).toBe(1_005);
});

describe('a check says what to change', () => {
  test.each([
    ['an unknown access key', { AWS_ACCESS_KEY_ID: 'AKIAUNKNOWN' }, 'the access key is unknown'],
    ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'wrong-secret' }, 'the secret key is wrong'],
  ])('%s', async (_what, credentials, reason) => {
    Object.assign(process.env, credentials);
    const refused = await open();
    const error = await refused.check().then(
      () => null,
      (failure: Error) => failure,
    );
    expect(error).toMatchObject({ code: 'WAB_MEDIA_STORE_UNUSABLE', retryable: false });
    expect(error!.message).toContain(reason);
    // The SDK's error has the key and what was signed among its members.
    expect(JSON.stringify([error, error!.cause, error!.stack, String(error!.cause)])).not.toMatch(
      /AKIAUNKNOWN|wrong-secret|AWS4-HMAC/,
    );
    await refused.stop();
  });

  test('a bucket that does not exist', async () => {
    const other = parseStoreUrl(server.url().replace(server.bucket, 'another'));
    const missing = await openMediaStore(other, folder, systemClock);
    await expect(missing.check()).rejects.toMatchObject({
      code: 'WAB_MEDIA_STORE_UNUSABLE',
      message: expect.stringContaining('the bucket does not exist'),
    });
    await missing.stop();
  });

  test('a server that does not answer is only away', async () => {
    await server.kill();
    await expect(store.check()).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: expect.stringContaining('nothing listens at its address'),
    });
    await server.up();
  });
});
