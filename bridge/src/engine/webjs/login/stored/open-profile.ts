import type { Profile } from '../profile.ts';
import type { StoredProfile } from './stored-profile.ts';

/**
 * Takes a profile for this process, and the login in it for this bridge.
 *
 * @param stored its copy in the profile store; null without one
 * @throws ProfileInUse, and what `StoredProfile.open` throws; nothing is taken then
 */
export async function openProfile(profile: Profile, stored: StoredProfile | null): Promise<void> {
  await stored?.makeWay();
  await profile.open();
  try {
    await stored?.open();
  } catch (error) {
    profile.close();
    throw error;
  }
}
