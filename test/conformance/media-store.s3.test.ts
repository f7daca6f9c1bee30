import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { openMediaStore } from '../../bridge/src/compose/media-store.ts';
import { parseStoreUrl } from '../../bridge/src/config/store-url.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import { S3Server } from '../servers/s3.ts';
import { mediaStoreSuite } from './media-store.suite.ts';

let server: S3Server;
let tests = 0;

beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server.destroy());

mediaStoreSuite('in a bucket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wabridge-media-'));
  const location = parseStoreUrl(server.url(`test-${++tests}`));
  const stores: { stop(): Promise<void> }[] = [];
  const inFolder = async (): Promise<number> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    // A copy of what is in the bucket is not kept twice.
    const kept = entries.filter((entry) => entry.isFile() && !entry.parentPath.endsWith('cache'));
    const sizes = await Promise.all(kept.map((entry) => stat(join(entry.parentPath, entry.name))));
    return sizes.reduce((sum, { size }) => sum + size, 0);
  };
  const before = await server.bytes();
  return {
    open: async () => {
      const store = await openMediaStore(location, folder, systemClock);
      stores.push(store);
      return store;
    },
    bytesKept: async () => (await server.bytes()) - before + (await inFolder()),
    close: async () => {
      await Promise.all(stores.map((store) => store.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
});
