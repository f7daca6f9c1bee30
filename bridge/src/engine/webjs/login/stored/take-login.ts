/** A session's folder takes its login in the profile store, and finds out whether it has the one that counts. */
import type { Clock } from '../../../../ops/clock.ts';
import type { ProfileStore } from '../../../profile-store.ts';
import { hasLogin } from '../login-files.ts';
import type { DiscardedLogins } from './discarded-logins.ts';
import { type LeaseWatch, ProfileClaim } from './profile-claim.ts';
import { changeMarker, markerFileOf, readMarker, withClaim } from './profile-marker.ts';
import { decideLogin } from './profile-record.ts';

export interface TakeLoginDependencies {
  readonly store: ProfileStore;
  readonly discarded: DiscardedLogins;
  readonly lease: LeaseWatch;
  readonly clock: Clock;
}

interface TakenLogin {
  readonly claim: ProfileClaim;
  readonly decision: ReturnType<typeof decideLogin>;
  /** Notes that the login in the folder is the one that counts. */
  readonly confirm: () => Promise<void>;
}

/** Called under the profile's lock. @throws WabError WAB_PROFILE_IN_USE, WAB_PROFILE_DAMAGED, WAB_PROFILE_STORE_UNAVAILABLE */
export async function takeLogin(session: string, folder: string, deps: TakeLoginDependencies): Promise<TakenLogin> {
  const { store, discarded, lease, clock } = deps;
  await discarded.settle(session);
  const file = markerFileOf(folder);
  const marker = await readMarker(file);
  const claim = new ProfileClaim(store, session);
  // Noted before it is written there: a bridge that is killed in between takes its login back at once.
  await changeMarker(file, { claims: withClaim(claim.id, marker) });
  const record = await claim.take(marker?.claims ?? [], lease, new Date(clock.now()));
  const confirm = (): Promise<void> =>
    changeMarker(file, {
      claims: [claim.id],
      generation: Math.max(record.generation, marker?.generation ?? 0),
      archives: record.archive === null ? [] : [record.archive.id],
      dirty: true,
    });
  return { claim, decision: decideLogin(record, hasLogin(folder), marker), confirm };
}
