/** The profile store that a URL names. */
import type { StoreLocation } from '../config/store-url.ts';
import type { ProfileStore } from '../engine/profile-store.ts';
import { DiskProfileStore } from '../profiles/disk-profile-store.ts';

export async function openProfileStore(location: StoreLocation): Promise<ProfileStore> {
  if (location.kind === 'disk') return new DiskProfileStore(location.folder);
  // Loaded only if it is wanted: it brings the AWS SDK along.
  const { S3ProfileStore } = await import('../profiles/s3-profile-store.ts');
  return new S3ProfileStore(location);
}
