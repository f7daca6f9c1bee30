/** Where the settings say that media files and logins are kept. */
import { join } from 'node:path';
import type { Settings } from './settings.ts';
import { parseStoreUrl, type StoreLocation } from './store-url.ts';

/** Below the data folder: media files by default, and spools and copies of a store that is elsewhere. */
export const mediaFolderOf = ({ dataDir }: Pick<Settings, 'dataDir'>): string => join(dataDir, 'media');

/** Where the settings say that media files are. @throws Error as `parseStoreUrl` */
export const mediaLocationOf = (settings: Pick<Settings, 'dataDir' | 'mediaUrl'>): StoreLocation =>
  settings.mediaUrl === undefined
    ? { kind: 'disk', folder: mediaFolderOf(settings) }
    : parseStoreUrl(settings.mediaUrl);

/** Where the settings say that logins are kept for other machines; null if they are not. @throws Error as `parseStoreUrl` */
export const profilesLocationOf = ({ profilesUrl }: Pick<Settings, 'profilesUrl'>): StoreLocation | null =>
  profilesUrl === undefined ? null : parseStoreUrl(profilesUrl);
