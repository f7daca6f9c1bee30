/** Files: the library, its maintenance, and the fetcher of incoming ones. */
import { mediaLimits } from '../config/media-limits.ts';
import { mediaFolderOf, mediaLocationOf } from '../config/store-locations.ts';
import type { MediaId } from '../contract/ids.ts';
import { MediaFetcher, type MediaFetcherDependencies } from '../media/media-fetcher.ts';
import { MediaIntake } from '../media/media-intake.ts';
import { MediaMaintenance } from '../media/media-maintenance.ts';
import { MediaQuota } from '../media/media-quota.ts';
import { StoredMediaLibrary } from '../media/stored-media-library.ts';
import { WatchedMediaStore } from '../media/watched-media-store.ts';
import { Waiters } from '../ops/waiters.ts';
import { MediaReads } from '../store/media.repository.ts';
import type { Base } from './base.ts';
import { openMediaStore } from './media-store.ts';
import type { Store } from './store.ts';

const DAY_MS = 86_400_000;

export interface Media {
  readonly library: StoredMediaLibrary;
  readonly store: Pick<WatchedMediaStore, 'trouble'>;
  /** The fetcher needs the sessions, which come later. It is not started yet. */
  fetcherFor(sessions: Pick<MediaFetcherDependencies, 'sessions' | 'ownership'>): MediaFetcher;
  /** There is a file to fetch. */
  wakeFetcher(): void;
}

export async function startMedia(base: Base, { database }: Pick<Store, 'database'>): Promise<Media> {
  const { settings, clock, log, closers } = base;
  const limits = mediaLimits(settings);
  const place = await openMediaStore(mediaLocationOf(settings), mediaFolderOf(settings), clock);
  const store = new WatchedMediaStore(place, { clock, log });
  closers.add('media store', () => store.stop());
  const quota = new MediaQuota(settings.mediaQuotaBytes);
  const reads = new MediaReads(database.reader);
  const changes = new Waiters<MediaId>();
  const intake = new MediaIntake({ store, quota, database, reads, clock });
  const library = new StoredMediaLibrary({ store, intake, reads, changes, limits, clock });
  const maintenance = new MediaMaintenance(
    { store, quota, database, reads, clock, log },
    settings.mediaRetentionDays * DAY_MS,
  );
  await maintenance.start();
  closers.add('media', () => maintenance.stop());
  let fetcher: MediaFetcher | null = null;
  return {
    library,
    store,
    fetcherFor: (sessions) =>
      (fetcher = new MediaFetcher({ ...sessions, database, reads, intake, store, changes, limits, clock, log })),
    wakeFetcher: () => fetcher?.wake(),
  };
}
