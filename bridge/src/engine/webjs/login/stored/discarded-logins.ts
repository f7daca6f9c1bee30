/**
 * Logins that are void (logged out, or of a deleted session) and whose archive has to go from the profile store. Noted in the
 * data folder until that is done, since the store may be away.
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ClaimLost, LeaseWatch, ProfileClaim } from './profile-claim.ts';
import { type ProfileMarker, readMarker, writeMarker } from './profile-marker.ts';
import type { ProfileStore } from '../../../profile-store.ts';
import type { Clock } from '../../../../ops/clock.ts';
import { WabError } from '../../../../contract/errors.ts';

/** Beside the folders of the sessions, none of which has such a name. */
const FOLDER = '.discarded';

export interface DiscardedLoginsDependencies {
  readonly store: ProfileStore;
  readonly clock: Clock;
  /** Where the sessions have their folders. */
  readonly profilesDir: string;
}

export class DiscardedLogins {
  readonly #deps: DiscardedLoginsDependencies;

  constructor(deps: DiscardedLoginsDependencies) {
    this.#deps = deps;
  }

  /** @param marker what the folder of the login knew of the store */
  async add(session: string, marker: ProfileMarker): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await writeMarker(this.#file(session), marker);
  }

  async sessions(): Promise<string[]> {
    const names = await readdir(this.#folder).catch(() => []);
    return names.flatMap((name) => (name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : []));
  }

  /**
   * Removes the archive of a session whose login is void, if there is one. Leaves a login alone that another bridge holds, or
   * has written since.
   *
   * @throws WabError WAB_PROFILE_STORE_UNAVAILABLE
   */
  async settle(session: string): Promise<void> {
    const file = this.#file(session);
    const marker = await readMarker(file);
    if (marker === null) return;
    const { store, clock } = this.#deps;
    const claim = new ProfileClaim(store, session);
    try {
      // Nobody else's login is taken here, however long they have been silent.
      const record = await claim.take(marker.claims, new LeaseWatch(clock, Infinity), new Date(clock.now()));
      if (isOlder(record, marker)) {
        await claim.discard();
        for await (const id of store.archives(session)) await store.removeArchive(session, id);
      } else await claim.release();
    } catch (error) {
      const isOthers = error instanceof WabError && error.code === 'WAB_PROFILE_IN_USE';
      if (!isOthers && !(error instanceof ClaimLost)) throw error;
    }
    await rm(file, { force: true });
  }

  get #folder(): string {
    return join(this.#deps.profilesDir, FOLDER);
  }

  #file(session: string): string {
    return join(this.#folder, `${session}.json`);
  }
}

/** Whether what the store has is no newer than the login that became void. */
const isOlder = (
  { archive, generation }: { readonly archive: { readonly id: string } | null; readonly generation: number },
  marker: ProfileMarker,
): boolean => archive === null || marker.archives.includes(archive.id) || generation <= (marker.generation ?? -1);
