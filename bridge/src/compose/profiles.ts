/** Where the logins of sessions are kept for other machines, if a setting asks for it. */
import { join } from 'node:path';
import { SecretBox } from '../auth/secret-box.ts';
import { profilesLocationOf } from '../config/store-locations.ts';
import { PROFILES_FOLDER } from '../config/settings.ts';
import { WabError } from '../contract/errors.ts';
import type { StoredProfiles } from '../engine/webjs/login/stored/stored-profiles.ts';
import { WatchedProfileStore } from '../profiles/watched-profile-store.ts';
import type { Base } from './base.ts';
import { openProfileStore } from './profile-store.ts';

const MINUTE_MS = 60_000;
/** What the key that encrypts archives is for; another text would be another key. */
const KEY_PURPOSE = 'wabridge profile store';

export interface Profiles {
  readonly stored: StoredProfiles;
  readonly store: Pick<WatchedProfileStore, 'trouble'>;
}

/**
 * Null if no store is configured, or no engine has logins.
 *
 * @throws WabError WAB_PROFILE_STORE_UNUSABLE. A store that only does not answer is waited for, by the sessions that need it
 */
export async function startProfiles(base: Base): Promise<Profiles | null> {
  const { settings, clock, log, metrics, closers } = base;
  const location = profilesLocationOf(settings);
  if (location === null || !settings.engines.includes('webjs')) return null;
  const store = new WatchedProfileStore(await openProfileStore(location), log);
  closers.add('profile store', () => store.stop());
  await store.check().catch((error: unknown) => {
    if (!(error instanceof WabError) || error.code !== 'WAB_PROFILE_STORE_UNAVAILABLE') throw error;
  });
  const { PROFILE_TIMES, StoredProfiles } = await import('../engine/webjs/login/stored/stored-profiles.ts');
  const secrets = new SecretBox(settings);
  const stored = new StoredProfiles(
    {
      store,
      profilesDir: join(settings.dataDir, PROFILES_FOLDER),
      passphrase: (make) => secrets.derive(KEY_PURPOSE, make),
      report: (outcome) => metrics.profileArchived(outcome),
      clock,
      log,
    },
    { ...PROFILE_TIMES, interval: settings.profilesIntervalMinutes * MINUTE_MS },
  );
  stored.start();
  closers.add('profiles', () => stored.stop());
  return { stored, store };
}
