import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskMediaStore } from '../../bridge/src/media/disk-media-store.ts';
import { mediaStoreSuite } from './media-store.suite.ts';

mediaStoreSuite('on disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wabridge-media-'));
  return {
    open: () => Promise.resolve(new DiskMediaStore(folder)),
    bytesKept: async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const sizes = await Promise.all(
        entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name))),
      );
      return sizes.reduce((sum, { size }) => sum + size, 0);
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
});
