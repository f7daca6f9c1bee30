/** Bridges with data folders of their own over one profile store, whose sessions have logins but no browsers. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { WabError } from '../../../../../../bridge/src/contract/errors.ts';
import { Profile } from '../../../../../../bridge/src/engine/webjs/login/profile.ts';
import {
  parseRecord,
  type ProfileRecord,
} from '../../../../../../bridge/src/engine/webjs/login/stored/profile-record.ts';
import type {
  ProfileOutcome,
  StoredProfile,
  StoredProfileTimes,
} from '../../../../../../bridge/src/engine/webjs/login/stored/stored-profile.ts';
import { StoredProfiles } from '../../../../../../bridge/src/engine/webjs/login/stored/stored-profiles.ts';
import { openProfile } from '../../../../../../bridge/src/engine/webjs/login/stored/open-profile.ts';
import type { ArchiveFile, ProfileStore } from '../../../../../../bridge/src/engine/profile-store.ts';
import { systemClock } from '../../../../../../bridge/src/ops/clock.ts';
import { createLogger } from '../../../../../../bridge/src/ops/logger.ts';
import { DiskProfileStore } from '../../../../../../bridge/src/profiles/disk-profile-store.ts';

export const SESSION = 'support';
/** Of a test: nothing is waited for longer than it takes. */
const TIMES: StoredProfileTimes = {
  interval: 40,
  quiet: 100,
  tick: 20,
  renew: 40,
  lease: 400,
  stop: 5_000,
  restore: 30_000,
  catchUp: 30,
};

/** A store that can be taken away. */
export class FlakyStore implements ProfileStore {
  readonly name: string;
  readonly #store: ProfileStore;
  state: 'up' | 'away' | 'hanging' = 'up';
  /** Called at each upload, before it begins. */
  onPut: () => Promise<void> = async () => undefined;

  constructor(store: ProfileStore) {
    this.#store = store;
    this.name = store.name;
  }

  check = (): Promise<void> => this.#if(() => this.#store.check());
  stop = (): Promise<void> => this.#store.stop();
  readRecord: ProfileStore['readRecord'] = (session) => this.#if(() => this.#store.readRecord(session));
  writeRecord: ProfileStore['writeRecord'] = (...args) => this.#if(() => this.#store.writeRecord(...args));
  getArchive: ProfileStore['getArchive'] = (...args) => this.#if(() => this.#store.getArchive(...args));
  removeArchive: ProfileStore['removeArchive'] = (...args) => this.#if(() => this.#store.removeArchive(...args));
  putArchive = (session: string, id: string, file: ArchiveFile, signal?: AbortSignal): Promise<void> =>
    this.#if(async () => {
      await this.onPut();
      await this.#store.putArchive(session, id, file, signal);
    });

  async *archives(session: string, before?: number): AsyncIterable<string> {
    await this.#if(async () => undefined);
    yield* this.#store.archives(session, before);
  }

  #if<T>(call: () => Promise<T>): Promise<T> {
    if (this.state === 'hanging') return new Promise(() => undefined);
    if (this.state === 'up') return call();
    return Promise.reject(new WabError('WAB_PROFILE_STORE_UNAVAILABLE', { store: this.name, reason: 'it is away' }));
  }
}

/** One bridge, with one session. */
export class BridgeAtTest {
  readonly outcomes: ProfileOutcome[] = [];
  readonly folder: string;
  readonly profiles: StoredProfiles;
  readonly profile: Profile;
  readonly stored: StoredProfile;
  lost: string | null = null;
  /** Called when it is about to read the files of the login. */
  beforePacking: () => void = () => undefined;
  #run = new AbortController();

  constructor(root: string, store: ProfileStore, key: string, times: StoredProfileTimes) {
    const log = createLogger('silent', 'json');
    this.folder = join(root, 'profiles', SESSION);
    const profilesDir = dirname(this.folder);
    const report = (outcome: ProfileOutcome): void => void this.outcomes.push(outcome);
    const passphrase = (make: boolean): string => {
      if (make) this.beforePacking();
      return key;
    };
    this.profiles = new StoredProfiles({ store, profilesDir, passphrase, report, clock: systemClock, log }, times);
    this.profile = new Profile(this.folder);
    this.stored = this.profiles.of(SESSION, this.folder, log);
  }

  open(): Promise<void> {
    return openProfile(this.profile, this.stored);
  }

  /** A browser runs, as far as the store is concerned. */
  watch(isQuiet: () => boolean = () => true): void {
    this.#run = new AbortController();
    this.stored.watch(this.#run.signal, { isQuiet, lost: (reason) => (this.lost = reason) });
  }

  /** An orderly stop. */
  async stop(): Promise<void> {
    this.#run.abort();
    await this.stored.close();
    this.profile.close();
  }

  /** The account was unlinked. */
  async logOut(): Promise<void> {
    this.#run.abort();
    await this.profile.wipe();
    await this.stored.discard();
    this.profile.close();
  }

  /** The bridge was killed. */
  die(): void {
    this.#run.abort();
    this.profile.close();
  }

  async link(text: string): Promise<void> {
    await this.write('progress.json', '{"linkedAt":10,"reportedUntil":20}');
    await this.write('session/Default/IndexedDB/login', text);
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await writeFile(join(this.folder, path), text);
  }

  /** What the login says; null if there is none. */
  get login(): string | null {
    const file = join(this.folder, 'session/Default/IndexedDB/login');
    return existsSync(file) ? readFileSync(file, 'utf8') : null;
  }

  /** What should not be left in the session's folder. */
  get remains(): string[] {
    return existsSync(this.folder)
      ? readdirSync(this.folder).filter((name) => /^(restoring|replaced|archiving)-|\.new$|partial/.test(name))
      : [];
  }
}

export class ProfilesAtTest {
  readonly root: string;
  readonly store: FlakyStore;
  readonly #bridges: BridgeAtTest[] = [];

  private constructor(root: string) {
    this.root = root;
    this.store = new FlakyStore(new DiskProfileStore(join(root, 'store')));
  }

  static async open(): Promise<ProfilesAtTest> {
    return new ProfilesAtTest(await mkdtemp(join(tmpdir(), 'wabridge-stored-')));
  }

  /** @param name of its data folder; two with the same are the same bridge, started again */
  bridge(
    name: string,
    { key = 'one key', times = {} }: { key?: string; times?: Partial<StoredProfileTimes> } = {},
  ): BridgeAtTest {
    const bridge = new BridgeAtTest(join(this.root, name), this.store, key, { ...TIMES, ...times });
    this.#bridges.push(bridge);
    return bridge;
  }

  async record(): Promise<ProfileRecord | null> {
    const found = await this.store.readRecord(SESSION);
    return found && parseRecord(found.text, SESSION, this.store.name);
  }

  async archives(): Promise<string[]> {
    const ids: string[] = [];
    for await (const id of this.store.archives(SESSION)) ids.push(id);
    return ids;
  }

  /** The file of the archive that counts. */
  async archiveFile(): Promise<string> {
    return join(this.root, 'store', SESSION, `${(await this.record())!.archive!.id}.login`);
  }

  async close(): Promise<void> {
    this.store.state = 'up';
    for (const bridge of this.#bridges) {
      bridge.die();
      await bridge.profiles.stop();
    }
    await rm(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** A session that was linked and has stopped in an orderly way. */
export async function stopped(bridge: BridgeAtTest, text: string): Promise<void> {
  await bridge.open();
  await bridge.link(text);
  await bridge.stop();
}
