/** A session's login in the profile store as one bridge holds it: nobody else may write an archive, or run the login. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { WabError } from '../../../../contract/errors.ts';
import type { Clock } from '../../../../ops/clock.ts';
import type { ProfileStore } from '../../../profile-store.ts';
import { NO_RECORD, parseRecord, type ProfileRecord, type StoredArchive } from './profile-record.ts';

/** Tries of one write of the record. Others write it only when they take the login. */
const ATTEMPTS = 5;

/** Another bridge has taken the login. */
export class ClaimLost extends Error {
  /** @param host where that bridge runs; null if it has let go of the login since */
  constructor(host: string | null) {
    const by = host === null ? 'another bridge' : `the bridge on ${host}`;
    super(`${by} has taken over the login of this session from the profile store`);
    this.name = 'ClaimLost';
  }
}

/**
 * Tells whether the holder of a login has given no sign of life for a while: its record did not change. The time is measured
 * here, so clocks of other machines do not matter; at first it is not known, and each try to take the login looks again.
 */
export class LeaseWatch {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #leaseMs: number;
  readonly #seen = new Map<string, { readonly version: string; readonly since: number }>();

  constructor(clock: Pick<Clock, 'elapsed'>, leaseMs: number) {
    this.#clock = clock;
    this.#leaseMs = leaseMs;
  }

  isLapsed(session: string, version: string): boolean {
    const now = this.#clock.elapsed();
    const seen = this.#seen.get(session);
    if (seen?.version !== version) this.#seen.set(session, { version, since: now });
    return seen?.version === version && now - seen.since >= this.#leaseMs;
  }
}

export class ProfileClaim {
  readonly id = randomUUID();
  readonly #store: ProfileStore;
  readonly #session: string;
  #record = NO_RECORD;
  #version: string | null = null;

  constructor(store: ProfileStore, session: string) {
    this.#store = store;
    this.#session = session;
  }

  /** As far as this bridge knows. */
  get record(): ProfileRecord {
    return this.#record;
  }

  /**
   * Takes the login, if nobody holds it, or a holder of the same folder, or one that gives no sign of life any more.
   *
   * @param own claims of the same folder, whose bridge has ended
   * @throws WabError WAB_PROFILE_IN_USE, WAB_PROFILE_DAMAGED, WAB_PROFILE_STORE_UNAVAILABLE
   */
  async take(own: readonly string[], lease: LeaseWatch, now: Date): Promise<ProfileRecord> {
    const holder = { claim: this.id, host: hostname(), since: now.toISOString() };
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      await this.#read();
      const { holder: other } = this.#record;
      const isFree = other === null || other.claim === this.id || own.includes(other.claim);
      if (!isFree && !lease.isLapsed(this.#session, this.#version ?? ''))
        throw new WabError('WAB_PROFILE_IN_USE', { ...this.#names, host: other.host, since: other.since });
      if (await this.#write({ ...this.#record, holder })) return this.#record;
    }
    throw this.#contended();
  }

  /** Gives a sign of life. @throws ClaimLost, WabError WAB_PROFILE_STORE_UNAVAILABLE */
  renew(): Promise<void> {
    return this.#update((record) => record);
  }

  /**
   * Makes an archive the one that counts.
   *
   * @param above its generation is higher than this
   * @param release whether the login is free for another bridge from then on
   * @throws ClaimLost, WabError WAB_PROFILE_STORE_UNAVAILABLE
   */
  publish(archive: StoredArchive, above: number, release: boolean): Promise<void> {
    return this.#update((record) => ({
      ...record,
      generation: Math.max(record.generation, above) + 1,
      archive,
      holder: release ? null : record.holder,
    }));
  }

  /** @throws ClaimLost, WabError WAB_PROFILE_STORE_UNAVAILABLE */
  release(): Promise<void> {
    return this.#update((record) => ({ ...record, holder: null }));
  }

  /** The archive counts no longer, and the login is free. @throws ClaimLost, WabError WAB_PROFILE_STORE_UNAVAILABLE */
  discard(): Promise<void> {
    return this.#update((record) => ({ ...record, generation: record.generation + 1, archive: null, holder: null }));
  }

  async #update(change: (record: ProfileRecord) => ProfileRecord): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (this.#record.holder?.claim !== this.id) throw new ClaimLost(this.#record.holder?.host ?? null);
      if (await this.#write(change(this.#record))) return;
    }
    throw this.#contended();
  }

  /** @returns false if the record has to be looked at again: it was read meanwhile */
  async #write(changed: ProfileRecord): Promise<boolean> {
    const next = { ...changed, revision: randomUUID() };
    const version = await this.#store.writeRecord(this.#session, JSON.stringify(next), this.#version);
    if (version !== null) {
      this.#record = next;
      this.#version = version;
      return true;
    }
    await this.#read();
    // It was written, and the answer was lost.
    return this.#record.revision === next.revision;
  }

  async #read(): Promise<void> {
    const found = await this.#store.readRecord(this.#session);
    this.#record = found === null ? NO_RECORD : parseRecord(found.text, this.#session, this.#store.name);
    this.#version = found?.version ?? null;
  }

  get #names(): { readonly session: string; readonly store: string } {
    return { session: this.#session, store: this.#store.name };
  }

  #contended(): WabError {
    const reason = 'others write the record of the session all the time';
    return new WabError('WAB_PROFILE_STORE_UNAVAILABLE', { store: this.#store.name, reason });
  }
}
