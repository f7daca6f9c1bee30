/** The profile store of a bridge, and what of it each session has. Made only if a store is configured. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../../ops/clock.ts';
import { within } from '../../../../ops/deadline.ts';
import type { Log } from '../../../../ops/logger.ts';
import { PeriodicJob } from '../../../../ops/periodic-job.ts';
import { reasonOf } from '../../../../ops/reason.ts';
import type { ProfileStore } from '../../../profile-store.ts';
import { Profile, ProfileInUse } from '../profile.ts';
import { DiscardedLogins } from './discarded-logins.ts';
import { LeaseWatch } from './profile-claim.ts';
import { markerFileOf, readMarker } from './profile-marker.ts';
import { type ProfileOutcome, StoredProfile, type StoredProfileTimes } from './stored-profile.ts';

export interface StoredProfilesDependencies {
  readonly store: ProfileStore;
  /** Where the sessions have their folders. */
  readonly profilesDir: string;
  /** As of `StoredProfileDependencies`. */
  readonly passphrase: (make: boolean) => string;
  readonly report: (outcome: ProfileOutcome) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** The interval is a setting. */
export const PROFILE_TIMES: Omit<StoredProfileTimes, 'interval'> = {
  quiet: 2_000,
  tick: 15_000,
  renew: 60_000,
  lease: 210_000,
  stop: 8_000,
  restore: 90_000,
  catchUp: 60_000,
};
/** Longest time to archive a login whose session does not run. */
const CATCH_UP_MS = 5 * 60_000;

export class StoredProfiles {
  readonly #deps: StoredProfilesDependencies;
  readonly #times: StoredProfileTimes;
  readonly #discarded: DiscardedLogins;
  readonly #lease: LeaseWatch;
  readonly #catchingUp: PeriodicJob;
  /** The login that is being archived although its session does not run. */
  #current: { readonly session: string; readonly abort: AbortController; readonly ended: Promise<void> } | null = null;

  constructor(deps: StoredProfilesDependencies, times: StoredProfileTimes) {
    this.#deps = deps;
    this.#times = times;
    this.#discarded = new DiscardedLogins(deps);
    this.#lease = new LeaseWatch(deps.clock, times.lease);
    this.#catchingUp = new PeriodicJob({
      run: (stopped) => this.#catchUp(stopped),
      every: times.catchUp,
      failed: (error) =>
        deps.log.warn({ reason: reasonOf(error) }, 'the profile store does not have all logins yet; it is tried again'),
      clock: deps.clock,
    });
  }

  start(): void {
    this.#catchingUp.start();
  }

  async stop(): Promise<void> {
    this.#current?.abort.abort();
    await this.#catchingUp.stop();
  }

  /** Removes the archive of a session that is being deleted: now, or later if the store is away. Its folder is still there. */
  async forget(session: string): Promise<void> {
    const { profilesDir, clock, log } = this.#deps;
    await this.#makeWay(session);
    const marker = await readMarker(markerFileOf(join(profilesDir, session)));
    if (marker === null) return;
    await this.#discarded.add(session, marker);
    await within(this.#discarded.settle(session), this.#times.stop, 'the profile store', clock).catch(
      (error: unknown) =>
        log.warn({ session, reason: reasonOf(error) }, 'the archive of a deleted session is removed later'),
    );
  }

  /** @param folder of the session */
  of(session: string, folder: string, log: Log): StoredProfile {
    return this.#of(session, folder, log, this.#lease);
  }

  #of(session: string, folder: string, log: Log, lease: LeaseWatch): StoredProfile {
    const { store, passphrase, report, clock } = this.#deps;
    const makeWay = (name: string): Promise<void> => this.#makeWay(name);
    return new StoredProfile(session, folder, {
      store,
      discarded: this.#discarded,
      lease,
      passphrase,
      report,
      makeWay,
      times: this.#times,
      clock,
      log,
    });
  }

  async #makeWay(session: string): Promise<void> {
    if (this.#current?.session !== session) return;
    this.#current.abort.abort();
    await this.#current.ended;
  }

  async #catchUp(stopped: AbortSignal): Promise<void> {
    const { profilesDir } = this.#deps;
    for (const session of await this.#discarded.sessions()) await this.#discarded.settle(session);
    const folders = await readdir(profilesDir).catch(() => []);
    // Others are not of sessions.
    for (const session of folders.filter((name) => !name.startsWith('.'))) {
      if (stopped.aborted) return;
      const marker = await readMarker(markerFileOf(join(profilesDir, session)));
      if (marker?.dirty === true) await this.#catchUpOne(session, stopped);
    }
  }

  async #catchUpOne(session: string, stopped: AbortSignal): Promise<void> {
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, stopped, AbortSignal.timeout(CATCH_UP_MS)]);
    const work = this.#archiveIdle(session, signal);
    const ended = work.catch(() => undefined);
    this.#current = { session, abort, ended };
    try {
      await work;
    } catch (error) {
      // The session is being started, or the bridge stops.
      if (!abort.signal.aborted && !stopped.aborted) throw error;
    } finally {
      this.#current = null;
    }
  }

  async #archiveIdle(session: string, signal: AbortSignal): Promise<void> {
    const folder = join(this.#deps.profilesDir, session);
    const profile = new Profile(folder);
    try {
      await profile.open();
    } catch (error) {
      // The session runs, and archives its login itself.
      if (error instanceof ProfileInUse) return;
      throw error;
    }
    try {
      // A login that another bridge has taken is not taken back for that, however silent the other one is.
      const { clock, log } = this.#deps;
      await this.#of(session, folder, log, new LeaseWatch(clock, Infinity)).catchUp(signal);
    } finally {
      profile.close();
    }
  }
}
