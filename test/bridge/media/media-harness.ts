/** The media library on real parts (disk, SQLite), with sessions and downloads that a test scripts. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { MediaKind } from '../../../bridge/src/contract/kinds.ts';
import type { MessageMedia } from '../../../bridge/src/contract/message-media.ts';
import { newMediaId, type MediaId, type SessionName, type MessageId } from '../../../bridge/src/contract/ids.ts';
import type { Engine } from '../../../bridge/src/engine/engine.ts';
import { DiskMediaStore } from '../../../bridge/src/media/disk-media-store.ts';
import { DEFAULT_FETCHER_OPTIONS, MediaFetcher, type FetcherOptions } from '../../../bridge/src/media/media-fetcher.ts';
import { MediaIntake } from '../../../bridge/src/media/media-intake.ts';
import { MediaMaintenance } from '../../../bridge/src/media/media-maintenance.ts';
import { MediaQuota } from '../../../bridge/src/media/media-quota.ts';
import type { MediaStore } from '../../../bridge/src/media/media-store.ts';
import { StoredMediaLibrary } from '../../../bridge/src/media/stored-media-library.ts';
import { WatchedMediaStore } from '../../../bridge/src/media/watched-media-store.ts';
import type { Ownership } from '../../../bridge/src/ownership/ownership.ts';
import { SoleOwner } from '../../../bridge/src/ownership/sole-owner.ts';
import { systemClock, type Clock } from '../../../bridge/src/ops/clock.ts';
import { createLogger } from '../../../bridge/src/ops/logger.ts';
import { Waiters } from '../../../bridge/src/ops/waiters.ts';
import { MediaReads } from '../../../bridge/src/store/media.repository.ts';
import { openLightDatabase } from '../outbox/light-database.ts';

export const SESSION = 'support' as SessionName;
export const LIMITS = { image: 2_000, video: 3_000, audio: 4_000, document: 10_000 };
export const PNG = Buffer.concat([
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
]);
const box = (brand: string): Buffer =>
  Buffer.concat([
    Buffer.from([0, 0, 0, 24]),
    Buffer.from(`ftyp${brand}`),
    Buffer.alloc(4),
    Buffer.from(`${brand}mp42`),
  ]);
const riff = (form: string): Buffer =>
  Buffer.concat([Buffer.from('RIFF'), Buffer.from([24, 0, 0, 0]), Buffer.from(form)]);

/** The shortest files of the types that WhatsApp takes, as what, and the extension that they get. */
export const SAMPLES: readonly (readonly [string, Buffer, 'image' | 'video' | 'audio', string])[] = [
  ['image/png', PNG, 'image', 'png'],
  ['image/jpeg', Buffer.from('ffd8ffe000104a46494600010100000100010000ffd9', 'hex'), 'image', 'jpg'],
  ['image/webp', Buffer.concat([riff('WEBPVP8 '), Buffer.alloc(12)]), 'image', 'webp'],
  [
    'image/gif',
    Buffer.from('47494638396101000100800000000000ffffff2c00000000010001000002024401003b', 'hex'),
    'image',
    'gif',
  ],
  ['video/mp4', box('isom'), 'video', 'mp4'],
  ['video/3gpp', box('3gp4'), 'video', '3gp'],
  ['video/quicktime', box('qt  '), 'video', 'mov'],
  ['audio/x-m4a', box('M4A '), 'audio', 'm4a'],
  ['audio/amr', Buffer.from('#!AMR\n\0\0\0\0\0\0\0\0'), 'audio', 'amr'],
  [
    'audio/mpeg',
    Buffer.concat([Buffer.from('ID3\u0003\0\0\0\0\0\0'), Buffer.from([0xff, 0xfb, 0x90, 0x00]), Buffer.alloc(420)]),
    'audio',
    'mp3',
  ],
];
export const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64');
export const streamOf = (...chunks: Buffer[]): Readable => Readable.from(chunks);

const testClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => wait(ms, undefined, { ref: false, ...(signal ? { signal } : {}) }),
};
const log = createLogger('silent', 'json');

export interface MediaHarnessOptions {
  readonly folder?: string;
  readonly clock?: Clock;
  readonly quotaBytes?: number;
  /** Without it, this process owns every session. */
  readonly ownership?: Ownership<SessionName>;
  readonly retentionMs?: number;
  readonly fetcher?: Partial<FetcherOptions>;
  readonly wrapStore?: (store: MediaStore) => MediaStore;
}

/** Sessions that a test switches, with an engine whose downloads it scripts. */
function scriptedSessions() {
  const downloads = new Map<MessageId, () => NodeJS.ReadableStream | Promise<NodeJS.ReadableStream>>();
  const asked: MessageId[] = [];
  /** The largest file, in bytes, that the engine was told to take, by download. */
  const askedLimits: number[] = [];
  let answer: (() => NodeJS.ReadableStream) | null = null;
  /** Every download is answered so from now on, also those that another life expected. */
  const answerAll = (how: () => NodeJS.ReadableStream): void => {
    answer = how;
  };
  const ready = new Set<SessionName>();
  const known = new Set<SessionName>([SESSION]);
  const listeners = new Set<(session: SessionName) => void>();
  const engine = {
    downloadMedia: async (messageId: MessageId, limitBytes: number) => {
      asked.push(messageId);
      askedLimits.push(limitBytes);
      return (answer ?? downloads.get(messageId)!)();
    },
  } as unknown as Engine;
  const sessions = {
    readyEngine: (session: SessionName) => (ready.has(session) ? engine : null),
    exists: (session: SessionName) => known.has(session),
    onReady: (listener: (session: SessionName) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const up = (session = SESSION): void => {
    known.add(session);
    ready.add(session);
    for (const listener of listeners) listener(session);
  };
  const down = (session = SESSION): void => void ready.delete(session);
  const forget = (session = SESSION): void => void (known.delete(session), ready.delete(session));
  return { downloads, asked, askedLimits, answerAll, sessions, up, down, forget };
}

const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

/** One life of a bridge's media over a data folder. */
export async function openMedia(options: MediaHarnessOptions = {}) {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'wabridge-library-')));
  const database = await openLightDatabase(folder);
  const disk = new DiskMediaStore(join(folder, 'media'));
  const { clock = testClock, retentionMs = 86_400_000 } = options;
  const store = new WatchedMediaStore(options.wrapStore?.(disk) ?? disk, { clock, log });
  const quota = new MediaQuota(options.quotaBytes ?? 1_000_000);
  const reads = new MediaReads(database.reader);
  const changes = new Waiters<MediaId>();
  const intake = new MediaIntake({ store, quota, database, reads, clock });
  const library = new StoredMediaLibrary({ store, intake, reads, changes, limits: LIMITS, clock });
  const maintenance = new MediaMaintenance({ store, quota, database, reads, clock, log }, retentionMs);
  await maintenance.start();
  const { downloads, sessions, ...scripted } = scriptedSessions();
  const ownership = options.ownership ?? new SoleOwner<SessionName>();
  const fetcher = new MediaFetcher(
    { database, reads, intake, store, changes, sessions, ownership, limits: LIMITS, clock, log },
    { ...DEFAULT_FETCHER_OPTIONS, baseDelayMs: 5, maxDelayMs: 20, storePauseMs: 5, ...options.fetcher },
  );

  /** An incoming medium, as the recorder notes it. */
  const expectIncoming = async (
    download: () => NodeJS.ReadableStream | Promise<NodeJS.ReadableStream>,
    more: Partial<MessageMedia> & { readonly kind?: MediaKind; readonly session?: SessionName } = {},
  ): Promise<MediaId> => {
    const { session = SESSION, kind = 'image', ...media } = more;
    const mediaId = newMediaId();
    const messageId = `false_491511111111@c.us_${mediaId}` as MessageId;
    downloads.set(messageId, download);
    await database.write(
      library.expect({ kind, media: { mediaId, mimeType: 'image/png', ...media } }, session, messageId),
    );
    fetcher.wake();
    return mediaId;
  };
  const close = async (): Promise<void> => {
    await fetcher.stop();
    await maintenance.stop();
    await store.stop();
    await database.close();
  };
  const destroy = async (): Promise<void> => {
    await close();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    folder,
    database,
    store,
    quota,
    library,
    maintenance,
    fetcher,
    ...scripted,
    expectIncoming,
    filesOnDisk: () => filesIn(join(folder, 'media')),
    close,
    destroy,
  };
}
export type OpenMedia = Awaited<ReturnType<typeof openMedia>>;
