/**
 * The login of one session and its copy in the profile store. Before a browser starts it is taken, and restored if this
 * machine does not have it or has an older one; while the session is quiet, and when it has stopped, it is archived.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WabError } from '../../../../contract/errors.ts';
import { doubledMs } from '../../../../ops/backoff.ts';
import { within } from '../../../../ops/deadline.ts';
import type { Log } from '../../../../ops/logger.ts';
import { PeriodicJob } from '../../../../ops/periodic-job.ts';
import { reasonOf } from '../../../../ops/reason.ts';
import type { ArchiveFile } from '../../../profile-store.ts';
import { hasLogin } from '../login-files.ts';
import { OUTGOING } from '../unfinished-restore.ts';
import { fetchLogin, packLogin, removeOthers } from './login-transfer.ts';
import { ClaimLost, type ProfileClaim } from './profile-claim.ts';
import { changeMarker, markerFileOf, type ProfileMarker, readMarker } from './profile-marker.ts';
import type { StoredArchive } from './profile-record.ts';
import { lookAtFiles } from './quiet-files.ts';
import { takeLogin, type TakeLoginDependencies } from './take-login.ts';

/** Times in milliseconds. */
export interface StoredProfileTimes {
  /** Between archives of a session that runs. */
  readonly interval: number;
  /** How long nothing must have been written to a profile before it is archived while its browser runs. */
  readonly quiet: number;
  /** Between looks whether something is due. */
  readonly tick: number;
  /** Between signs of life. */
  readonly renew: number;
  /** Without a sign of life for so long, another bridge may take the login. */
  readonly lease: number;
  /** Longest time that a stop, or a logout, waits for the store. */
  readonly stop: number;
  /** Longest time of a restore. */
  readonly restore: number;
  /** Between looks for logins that could not be archived, or removed, in time. */
  readonly catchUp: number;
}

type ArchiveOutcome = 'stored' | 'unchanged' | 'busy' | 'absent';
export type ProfileOutcome = Exclude<ArchiveOutcome, 'absent'> | 'restored' | 'failed';

export interface StoredProfileDependencies extends TakeLoginDependencies {
  /** @param make whether the bridge's key may be made. @throws WabError WAB_CONFIG_INVALID */
  readonly passphrase: (make: boolean) => string;
  /** Told of each archive and restore, and of each that failed. */
  readonly report: (outcome: ProfileOutcome) => void;
  /** Ends what is done for a session that does not run. */
  readonly makeWay: (session: string) => Promise<void>;
  readonly times: StoredProfileTimes;
  readonly log: Log;
}

export interface SessionAtWork {
  /** Whether it does nothing now that is not yet in its profile. */
  readonly isQuiet: () => boolean;
  /** The login is another bridge's from now on: the browser has to go. */
  readonly lost: (reason: string) => void;
}

const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 10 * 60_000;

export class StoredProfile {
  readonly #session: string;
  readonly #folder: string;
  readonly #deps: StoredProfileDependencies;
  #claim: ProfileClaim | null = null;
  #opening: AbortController | null = null;
  #watching: Promise<void> = Promise.resolve();
  /** The files as they were archived last, and the archive. */
  #archived: { readonly files: string; readonly id: string } | null = null;
  #archiveAt = 0;
  #renewAt = 0;
  #failures = 0;

  constructor(session: string, folder: string, deps: StoredProfileDependencies) {
    this.#session = session;
    this.#folder = folder;
    this.#deps = deps;
  }

  /**
   * Takes the login, and restores it if the store has a newer one. Without a store that answers, a login that is here is used
   * as it is, and taken once the store is back. Called under the profile's lock, before a browser starts.
   *
   * @throws WabError WAB_PROFILE_IN_USE, WAB_PROFILE_CONFLICT, WAB_PROFILE_KEY_WRONG, WAB_PROFILE_DAMAGED, WAB_CONFIG_INVALID,
   *   WAB_DISK_FULL; WAB_PROFILE_STORE_UNAVAILABLE if no login is here
   */
  async open(): Promise<void> {
    const { clock, times } = this.#deps;
    // The run before may have ended in a crash, in the middle of a look at the store.
    await this.#watching;
    this.#claim = null;
    const opening = (this.#opening = new AbortController());
    try {
      this.#claim = await this.#take(AbortSignal.any([opening.signal, AbortSignal.timeout(times.restore)]));
    } finally {
      this.#opening = null;
    }
    // The first archive of a login comes as soon as possible; without one, a machine that is lost takes the login with it.
    const isFirst = this.#claim?.record.archive === null;
    this.#archiveAt = clock.elapsed() + (isFirst ? 0 : times.interval);
    this.#renewAt = clock.elapsed() + times.renew;
  }

  /** Resolves once nothing else works with the profile. Called before the profile's lock is taken. */
  makeWay(): Promise<void> {
    return this.#deps.makeWay(this.#session);
  }

  /** Ends an `open` under way, which rejects. */
  abandon(): void {
    this.#opening?.abort();
  }

  /** Archives at intervals and gives signs of life, until the signal comes. */
  watch(until: AbortSignal, session: SessionAtWork): void {
    const { clock, times } = this.#deps;
    const job = new PeriodicJob({
      run: (stopped) => this.#tick(session, stopped),
      every: times.tick,
      failed: (error) => this.#failed(error, session),
      clock,
    });
    this.#watching = job.runUntil(until);
  }

  /** Archives the login after its browser has ended, and lets go of it. Never rejects, and takes a limited time. */
  async close(): Promise<void> {
    await this.#atEnd(
      'the login could not be archived; it is as it was on this machine, and the next stop tries again',
      (signal) => this.#archiveAndRelease(signal),
    );
  }

  /** The login is void: its archive goes. Called once it is gone from this machine. Never rejects, and takes a limited time. */
  async discard(): Promise<void> {
    const { discarded } = this.#deps;
    await this.#atEnd('the archive of a void login is still in the profile store; it is removed later', async () => {
      const marker = await readMarker(this.#markerFile);
      this.#claim = null;
      if (marker === null) return;
      await discarded.add(this.#session, marker);
      await rm(this.#markerFile, { force: true });
      await discarded.settle(this.#session);
    });
  }

  async #atEnd(otherwise: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { times, log } = this.#deps;
    const signal = AbortSignal.timeout(times.stop);
    try {
      await within(
        this.#watching.then(() => work(signal)),
        times.stop,
        'the profile store',
      );
    } catch (error) {
      this.#deps.report('failed');
      log.warn({ reason: reasonOf(error) }, otherwise);
    }
  }

  /** @returns null if the store is away and the login of this machine is used as it is */
  async #take(signal: AbortSignal): Promise<ProfileClaim | null> {
    const { store, log, report } = this.#deps;
    const taken = await takeLogin(this.#session, this.#folder, this.#deps).catch(async (error: unknown) => {
      if (!isUnavailable(error) || !hasLogin(this.#folder)) throw error;
      report('failed');
      log.warn(
        { reason: error.message },
        'the profile store is away; the session starts with the login of this machine',
      );
      await this.#mark({ dirty: true });
      return null;
    });
    if (taken === null) return null;
    const { claim, decision, confirm } = taken;
    try {
      if (decision === 'restore') await this.#restore(claim.record.archive!, signal);
      if (decision === 'conflict') {
        const details = { session: this.#session, store: store.name, folder: this.#folder };
        throw new WabError('WAB_PROFILE_CONFLICT', details);
      }
    } catch (error) {
      await claim.release().catch(() => undefined);
      throw error;
    }
    await confirm();
    return claim;
  }

  async #restore(archive: StoredArchive, signal: AbortSignal): Promise<void> {
    const { store, passphrase, report, log } = this.#deps;
    const restored = await fetchLogin(store, archive, this.#folder, this.#session, passphrase(false), signal);
    report('restored');
    const { createdAt, bytes } = restored;
    log.info({ createdAt, bytes }, 'the login was restored from the profile store');
  }

  async #tick(session: SessionAtWork, stopped: AbortSignal): Promise<void> {
    const { clock, times } = this.#deps;
    const now = clock.elapsed();
    if (this.#claim === null || now >= this.#renewAt) {
      await (this.#claim === null ? this.#needClaim(stopped) : this.#claim.renew());
      this.#renewAt = now + times.renew;
    }
    if (now < this.#archiveAt || !session.isQuiet()) return;
    const outcome = await this.#archive({ live: true, release: false }, stopped);
    this.#failures = 0;
    if (outcome !== 'busy') this.#archiveAt = now + times.interval;
  }

  #failed(error: unknown, { lost }: SessionAtWork): void {
    const { clock, report, log } = this.#deps;
    if (error instanceof ClaimLost) {
      this.#claim = null;
      lost(error.message);
      return;
    }
    this.#failures += 1;
    const pauseMs = doubledMs(FIRST_RETRY_MS, LONGEST_RETRY_MS, this.#failures);
    this.#archiveAt = Math.max(this.#archiveAt, clock.elapsed() + pauseMs);
    report('failed');
    log.warn({ reason: reasonOf(error), pauseMs }, 'the login could not be archived; the session goes on');
  }

  /** The claim; one that could not be taken at the start is taken now, if the login here is still the one that counts. */
  async #needClaim(signal: AbortSignal): Promise<ProfileClaim> {
    if (this.#claim !== null) return this.#claim;
    signal.throwIfAborted();
    const { claim, decision, confirm } = await takeLogin(this.#session, this.#folder, this.#deps).catch(
      (error: unknown) => {
        throw isInUse(error) ? new ClaimLost(String(error.details['host'])) : error;
      },
    );
    if (decision !== 'keep') {
      await claim.release().catch(() => undefined);
      throw new ClaimLost(null);
    }
    await confirm();
    return (this.#claim = claim);
  }

  /**
   * Archives a login whose browser has ended without that, as in a crash of the bridge or while the store was away. Called
   * under the profile's lock.
   *
   * @throws WabError WAB_PROFILE_STORE_UNAVAILABLE
   */
  async catchUp(signal: AbortSignal): Promise<void> {
    try {
      await this.#archiveAndRelease(signal);
    } catch (error) {
      if (!(error instanceof ClaimLost)) throw error;
      // Another bridge has the newer login: this one is not worth an archive.
      await this.#mark({ dirty: false });
    }
  }

  async #archiveAndRelease(signal: AbortSignal): Promise<void> {
    const outcome = await this.#archive({ live: false, release: true }, signal);
    if (outcome !== 'stored') {
      await (await this.#needClaim(signal)).release();
      await this.#mark({ dirty: false });
    }
    this.#claim = null;
  }

  /**
   * @param live whether a browser runs that may write to the files
   * @param release whether the login is free for other bridges afterwards
   */
  async #archive(
    how: { readonly live: boolean; readonly release: boolean },
    signal: AbortSignal,
  ): Promise<ArchiveOutcome> {
    const outcome = hasLogin(this.#folder) ? await this.#archiveFiles(how, signal) : 'absent';
    if (outcome !== 'absent') this.#deps.report(outcome);
    return outcome;
  }

  async #archiveFiles(
    { live, release }: { readonly live: boolean; readonly release: boolean },
    signal: AbortSignal,
  ): Promise<ArchiveOutcome> {
    const { passphrase, times } = this.#deps;
    const before = await lookAtFiles(this.#folder);
    // Of the files' own clock.
    if (live && Date.now() - before.changedAt < times.quiet) return 'busy';
    const current = this.#claim?.record.archive?.id;
    if (current !== undefined && this.#archived?.id === current && this.#archived.files === before.text)
      return 'unchanged';
    const path = join(this.#folder, `${OUTGOING}${randomUUID()}`);
    const isDisturbed = async (): Promise<boolean> => live && (await lookAtFiles(this.#folder)).text !== before.text;
    try {
      const file = await packLogin(this.#folder, this.#session, path, passphrase(true), signal).catch(
        async (error: unknown) => {
          if (!signal.aborted && (await isDisturbed())) return null;
          throw error;
        },
      );
      if (file === null || (await isDisturbed())) return 'busy';
      this.#archived = { files: before.text, id: await this.#upload(file, release, signal) };
      return 'stored';
    } finally {
      await rm(path, { force: true });
    }
  }

  /** @returns the id of the archive */
  async #upload(file: ArchiveFile, release: boolean, signal: AbortSignal): Promise<string> {
    const { store, clock } = this.#deps;
    const claim = await this.#needClaim(signal);
    const id = randomUUID();
    await store.putArchive(this.#session, id, file, signal);
    signal.throwIfAborted();
    const { archives = [], generation } = (await readMarker(this.#markerFile)) ?? {};
    await this.#mark({ archives: [id, ...archives.slice(0, 1)] });
    const archive = {
      id,
      sha256: file.sha256,
      sizeBytes: file.sizeBytes,
      createdAt: new Date(clock.now()).toISOString(),
    };
    await claim.publish(archive, generation ?? 0, release);
    // Too late means that the profile may be another's by now.
    if (!signal.aborted) await this.#mark({ archives: [id], generation: claim.record.generation, dirty: !release });
    await removeOthers(store, this.#session, id, archives, clock.now()).catch(() => undefined);
    return id;
  }

  get #markerFile(): string {
    return markerFileOf(this.#folder);
  }

  #mark(changes: Partial<ProfileMarker>): Promise<void> {
    return changeMarker(this.#markerFile, changes);
  }
}

const isInUse = (error: unknown): error is WabError => error instanceof WabError && error.code === 'WAB_PROFILE_IN_USE';
const isUnavailable = (error: unknown): error is WabError =>
  error instanceof WabError && error.code === 'WAB_PROFILE_STORE_UNAVAILABLE';
