/** The profile store in a bucket: what every store must do, and what becomes of logins while the bucket fails. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Context } from '../../bridge/src/cli/context.ts';
import { checkProfileStore } from '../../bridge/src/cli/doctor-profiles.ts';
import { openProfileStore } from '../../bridge/src/compose/profile-store.ts';
import { loadSettings } from '../../bridge/src/config/load-settings.ts';
import { parseStoreUrl } from '../../bridge/src/config/store-url.ts';
import type { ArchiveFile, ProfileStore } from '../../bridge/src/engine/profile-store.ts';
import { RealBridge } from '../bridge/http/real-bridge.ts';
import { S3_CREDENTIALS, S3Server } from '../servers/s3.ts';
import { profileStoreSuite } from './profile-store.suite.ts';

const UNAVAILABLE = { code: 'WAB_PROFILE_STORE_UNAVAILABLE', status: 503, retryable: true };
let server: S3Server;
let tests = 0;

beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server.destroy());

const open = (): Promise<ProfileStore> => openProfileStore(parseStoreUrl(server.url(`test-${tests}`)));

profileStoreSuite('in a bucket', async () => {
  tests += 1;
  return { open, close: async () => undefined };
});

describe('a bucket that fails', () => {
  let store: ProfileStore;
  let folder: string;
  let file: ArchiveFile;
  beforeEach(async () => {
    tests += 1;
    store = await open();
    folder = await mkdtemp(join(tmpdir(), 'wabridge-profiles-'));
    const bytes = randomBytes(50_000);
    const path = join(folder, 'out');
    await writeFile(path, bytes);
    file = { path, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
  afterEach(async () => {
    Object.assign(process.env, S3_CREDENTIALS);
    await server.recover();
    await store.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const objects = async (): Promise<string[]> =>
    (await server.objects()).filter((name) => name.startsWith(`test-${tests}/`));

  test('is told in words of its own while nothing answers, whatever is asked', async () => {
    await server.kill();
    const calls = [
      store.check(),
      store.readRecord('support'),
      store.writeRecord('support', 'one', null),
      store.putArchive('support', 'one', file),
      store.getArchive('support', 'one', join(folder, 'in')),
      store.removeArchive('support', 'one'),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject(UNAVAILABLE);
    await server.up();
    expect(await objects()).toEqual([]);
    await store.putArchive('support', 'one', file);
    expect(await objects()).toEqual([`test-${tests}/profiles/support/one.login`]);
  });

  test('an answer that is lost: the record says whether it was written', async () => {
    await server.fault({ kind: 'cut after the last byte', times: 1, on: 'PUT' });
    // The SDK asks again, and by then somebody has written it.
    expect(await store.writeRecord('support', 'one', null)).toBeNull();
    expect((await store.readRecord('support'))?.text).toBe('one');
  });

  test('a server that does not know conditions is not used', async () => {
    await server.fault({ kind: 'ignore conditions', times: 100 });
    await expect(store.check()).rejects.toMatchObject({
      code: 'WAB_PROFILE_STORE_UNUSABLE',
      message: expect.stringContaining('does not support conditional writes'),
    });
    await server.recover();
    await server.fault({ kind: 'refuse', times: 100, on: 'PUT', status: 501, code: 'NotImplemented' });
    await expect(store.check()).rejects.toMatchObject({ code: 'WAB_PROFILE_STORE_UNUSABLE' });
    await server.recover();
    await store.check();
    expect(await objects()).toEqual([]);
  });

  test('wrong credentials are told with the setting to change', async () => {
    Object.assign(process.env, { AWS_SECRET_ACCESS_KEY: 'wrong-secret' });
    const refused = await open();
    await expect(refused.check()).rejects.toMatchObject({
      code: 'WAB_PROFILE_STORE_UNUSABLE',
      message: expect.stringMatching(/the secret key is wrong.*WABRIDGE_PROFILES_URL/s),
    });
    await refused.stop();
  });

  test('a download that is cut off fails', async () => {
    await store.putArchive('support', 'one', file);
    await server.fault({ kind: 'cut after the last byte', times: 100, on: 'GET' });
    const path = join(folder, 'in');
    await expect(store.getArchive('support', 'one', path)).rejects.toMatchObject(UNAVAILABLE);
  });
});

describe('the bridge', () => {
  let real: RealBridge | null = null;
  afterEach(async () => {
    await real?.destroy();
    real = null;
  });
  const start = async (url: string): Promise<RealBridge> =>
    (real = await RealBridge.start({ engines: ['webjs'], profilesUrl: url }));

  test('starts without its profile store, and says so', async () => {
    await server.kill();
    const bridge = await start(server.url());
    const waiting = 'nothing listens at its address';
    expect((await bridge.raw('GET', '/v1/ready')).json).toMatchObject({
      ready: true,
      checks: { profileStore: expect.stringContaining(waiting) },
    });
    expect((await bridge.raw('GET', '/metrics')).text).toContain('wabridge_profile_store_up 0');
    await server.up();
  });

  test('does not start with one that it must not use', async () => {
    await server.fault({ kind: 'ignore conditions', times: 100 });
    await expect(start(server.url())).rejects.toMatchObject({ code: 'WAB_PROFILE_STORE_UNUSABLE' });
    await server.recover();
  });
});

describe('the doctor', () => {
  const doctor = (changes: object = {}): ReturnType<typeof checkProfileStore> => {
    const { settings } = loadSettings({}, undefined, { profilesUrl: server.url(`doctor-${tests}`), masterKey: 'x' });
    return checkProfileStore({ settings: { ...settings, ...changes } } as Context);
  };
  beforeEach(() => void (tests += 1));
  afterEach(() => server.recover());

  test('tries the store, and leaves nothing there', async () => {
    expect(await doctor()).toMatchObject({ state: 'ok' });
    expect((await server.objects()).filter((name) => name.startsWith('doctor-'))).toEqual([]);
  });

  test('says what is wrong with it', async () => {
    await server.fault({ kind: 'ignore conditions', times: 100 });
    expect(await doctor()).toMatchObject({ state: 'failed', detail: expect.stringContaining('conditional writes') });
  });

  test('warns if the key is lost with the machine', async () => {
    expect(await doctor({ masterKey: undefined })).toMatchObject({
      state: 'warning',
      todo: expect.stringContaining('WABRIDGE_MASTER_KEY'),
    });
  });
});
