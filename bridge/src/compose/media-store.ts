/** The media store that a URL names. */
import { join } from 'node:path';
import type { StoreLocation } from '../config/store-url.ts';
import { DiskMediaStore } from '../media/disk-media-store.ts';
import type { MediaStore } from '../media/media-store.ts';
import type { Clock } from '../ops/clock.ts';

/** How much local copies of files in a bucket may take. */
const CACHE_BYTES = 1024 ** 3;

/**
 * @param folder of this process on the local disk, for spools and copies of a store that is elsewhere
 * @param cacheBytes how much those copies may take
 */
export async function openMediaStore(
  location: StoreLocation,
  folder: string,
  clock: Pick<Clock, 'elapsed'>,
  cacheBytes = CACHE_BYTES,
): Promise<MediaStore> {
  if (location.kind === 'disk') return new DiskMediaStore(location.folder);
  // Loaded only if it is wanted: it brings the AWS SDK along.
  const { S3MediaStore } = await import('../media/s3-media-store.ts');
  return new S3MediaStore(location, { folder: join(folder, 's3'), cacheBytes, clock });
}
