/** The keys of this bridge: in the database for good, in memory for verifying. One process holds both. */
import type { KeyObject } from 'node:crypto';
import { WabError } from '../contract/errors.ts';
import { newKeyId, SESSION_NAME_PATTERN, type KeyId, type SessionName } from '../contract/ids.ts';
import { ALL_SCOPES } from '../contract/scopes.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import { PeriodicJob } from '../ops/periodic-job.ts';
import { addKey, allKeys, registerKey, revokeKey, touchKeys, type StoredKey } from '../store/auth.repository.ts';
import type { Database } from '../store/database.ts';
import type { IssuedKey, KeyView } from '../contract/views/key.ts';
import type { Keys, KeySpec, Principal } from './keys.ts';
import { formatSecret, importPublicKey, newSeed, publicKeyOf, type Secret } from './secret.ts';
import type { KnownKeys } from './verifier.ts';

/** How often housekeeping runs (last use of keys, old nonces), in milliseconds. */
const HOUSEKEEPING_MS = 60_000;
/** Name of the key in the operator's own file. */
const OPERATOR_NAME = 'operator';

export interface KeyRingDependencies {
  readonly database: Pick<Database, 'reader' | 'write'>;
  readonly nonces: { prune(now: number): Promise<number> };
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
}

export type FirstKey =
  { readonly first: true; readonly key: KeyView; readonly secret: string } | { readonly first: false };

interface Entry {
  stored: StoredKey;
  readonly publicKey: KeyObject;
}

export class KeyRing implements Keys, KnownKeys {
  readonly #deps: KeyRingDependencies;
  readonly #entries = new Map<KeyId, Entry>();
  readonly #listeners = new Set<(keyId: KeyId) => void>();
  /** Keys whose expiry was told to the listeners. */
  readonly #expired = new Set<KeyId>();
  readonly #used = new Map<KeyId, number>();
  readonly #job: PeriodicJob;
  /** By the elapsed time: keys expire by the time of day, but housekeeping does not wait if that is set back. */
  #housekeepingAt = -Infinity;

  constructor(deps: KeyRingDependencies) {
    this.#deps = deps;
    this.#job = new PeriodicJob({
      run: () => this.#runOnce(),
      every: () => this.#pauseMs(),
      runsAtStart: true,
      failed: (error) => deps.log.warn({ err: error }, 'a check of the keys failed; trying again soon'),
      clock: deps.clock,
    });
  }

  async start(): Promise<void> {
    const { database, clock } = this.#deps;
    for (const stored of await allKeys(database.reader)) {
      this.#remember(stored);
      if (isExpired(stored, clock.now())) this.#expired.add(stored.keyId);
    }
    this.#job.start();
  }

  async stop(): Promise<void> {
    await this.#job.stop();
    await this.#flushUses();
  }

  async issue(spec: KeySpec): Promise<IssuedKey> {
    const now = this.#deps.clock.now();
    const { notBefore, expiresAt } = checkSpec(spec, now);
    const secret: Secret = { keyId: newKeyId(), seed: newSeed() };
    const stored = await this.#deps.database.write(
      addKey({
        ...fresh(secret, spec.name, now),
        scopes: [...new Set(spec.scopes)],
        sessions: spec.sessions == null ? null : [...new Set(spec.sessions)],
        notBefore,
        expiresAt,
      }),
    );
    this.#remember(stored);
    // It may expire sooner than the others.
    this.#job.wake();
    return { key: this.#view(stored), secret: formatSecret(secret) };
  }

  list(): Promise<readonly KeyView[]> {
    return Promise.resolve([...this.#entries.values()].map(({ stored }) => this.#view(stored)));
  }

  async revoke(keyId: KeyId): Promise<KeyView> {
    const before = this.#entries.get(keyId)?.stored.revokedAt ?? null;
    const stored = await this.#deps.database.write(revokeKey({ keyId, now: this.#deps.clock.now() }));
    this.#remember(stored);
    if (before === null) this.#tell(keyId);
    return this.#view(stored);
  }

  onRevoked(listener: (keyId: KeyId) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Makes the operator's own key known, with all scopes. Its private half stays in the operator's file. */
  async registerOperator(secret: Secret): Promise<void> {
    this.#remember(await this.#deps.database.write(registerKey(operatorRecord(secret, this.#deps.clock.now()))));
  }

  /**
   * Issues a first key where this bridge has never issued one (the operator's own does not count), so that a first
   * start can be told from a later one. The secret is shown this once.
   */
  async ensureFirstKey(spec: KeySpec): Promise<FirstKey> {
    const issuedBefore = [...this.#entries.values()].some(({ stored }) => stored.name !== OPERATOR_NAME);
    return issuedBefore ? { first: false } : { first: true, ...(await this.issue(spec)) };
  }

  publicKey(keyId: KeyId): KeyObject {
    const entry = this.#entries.get(keyId);
    if (entry === undefined) throw new WabError('WAB_KEY_UNKNOWN', { keyId });
    return entry.publicKey;
  }

  admit(keyId: KeyId, now: number): Principal {
    const entry = this.#entries.get(keyId);
    if (entry === undefined) throw new WabError('WAB_KEY_UNKNOWN', { keyId });
    const { stored } = entry;
    if (stored.revokedAt !== null) throw new WabError('WAB_KEY_REVOKED', { keyId });
    if (isExpired(stored, now) || (stored.notBefore !== null && now < stored.notBefore)) {
      const window = `${stored.notBefore === null ? '' : `from ${iso(stored.notBefore)} `}${stored.expiresAt === null ? '' : `until ${iso(stored.expiresAt)}`}`;
      throw new WabError('WAB_KEY_NOT_VALID_NOW', { keyId, window: window.trim() });
    }
    this.#used.set(keyId, now);
    return {
      keyId,
      scopes: new Set(stored.scopes),
      sessions: stored.sessions === null ? null : new Set(stored.sessions),
      expiresAt: iso(stored.expiresAt),
    };
  }

  #remember(stored: StoredKey): void {
    const known = this.#entries.get(stored.keyId);
    if (known === undefined) this.#entries.set(stored.keyId, { stored, publicKey: importPublicKey(stored.publicKey) });
    else known.stored = stored;
  }

  #view(stored: StoredKey): KeyView {
    return {
      keyId: stored.keyId,
      name: stored.name,
      scopes: stored.scopes,
      sessions: stored.sessions,
      notBefore: iso(stored.notBefore),
      expiresAt: iso(stored.expiresAt),
      revokedAt: iso(stored.revokedAt),
      createdAt: iso(stored.createdAt),
      lastUsedAt: iso(this.#used.get(stored.keyId) ?? stored.lastUsedAt),
    };
  }

  #tell(keyId: KeyId): void {
    for (const listener of this.#listeners) listener(keyId);
  }

  /** Tells of keys at the moment they expire, and keeps house in between. */
  async #runOnce(): Promise<void> {
    const { clock } = this.#deps;
    const now = clock.now();
    this.#tellExpired(now);
    if (clock.elapsed() < this.#housekeepingAt) return;
    await this.#housekeeping(now);
    this.#housekeepingAt = clock.elapsed() + HOUSEKEEPING_MS;
  }

  /** Until the next key expires or housekeeping is due, whichever comes first. */
  #pauseMs(): number {
    const { clock } = this.#deps;
    return Math.max(1, Math.min(this.#housekeepingAt - clock.elapsed(), this.#nextExpiry() - clock.now()));
  }

  #tellExpired(now: number): void {
    for (const [keyId, { stored }] of this.#entries) {
      if (this.#expired.has(keyId) || stored.revokedAt !== null || !isExpired(stored, now)) continue;
      this.#expired.add(keyId);
      this.#tell(keyId);
    }
  }

  #nextExpiry(): number {
    let next = Infinity;
    for (const [keyId, { stored }] of this.#entries) {
      if (stored.expiresAt !== null && stored.revokedAt === null && !this.#expired.has(keyId))
        next = Math.min(next, stored.expiresAt);
    }
    return next;
  }

  async #housekeeping(now: number): Promise<void> {
    try {
      await this.#flushUses();
      await this.#deps.nonces.prune(now);
    } catch (error) {
      this.#deps.log.warn(
        { error: (error as Error).message },
        'cleaning up expired keys failed; trying again in a minute',
      );
    }
  }

  async #flushUses(): Promise<void> {
    if (this.#used.size === 0) return;
    const uses = [...this.#used].map(([keyId, lastUsedAt]) => ({ keyId, lastUsedAt }));
    await this.#deps.database.write(touchKeys(uses));
    for (const { keyId, lastUsedAt } of uses) {
      const entry = this.#entries.get(keyId);
      if (entry !== undefined) entry.stored = { ...entry.stored, lastUsedAt };
      if (this.#used.get(keyId) === lastUsedAt) this.#used.delete(keyId);
    }
  }
}

/** The operator's key as it is stored: every scope, every session, no end. */
export const operatorRecord = (secret: Secret, now: number): StoredKey => ({
  ...fresh(secret, OPERATOR_NAME, now),
  scopes: ALL_SCOPES,
  sessions: null,
  notBefore: null,
  expiresAt: null,
});

const isExpired = (key: StoredKey, now: number): boolean => key.expiresAt !== null && key.expiresAt <= now;
const iso = <Time extends number | null>(time: Time) =>
  (time === null ? null : new Date(time).toISOString()) as Time extends number ? string : string | null;
const fresh = ({ keyId, seed }: Secret, name: string, createdAt: number) =>
  ({ keyId, name, publicKey: publicKeyOf(seed), createdAt, revokedAt: null, lastUsedAt: null }) as const;

/** @throws WabError WAB_INVALID_REQUEST */
function checkSpec(spec: KeySpec, now: number): { notBefore: number | null; expiresAt: number | null } {
  const refuse = (reason: string): never => {
    throw new WabError('WAB_INVALID_REQUEST', { reason });
  };
  const time = (field: string, text: string | null | undefined): number | null => {
    if (text == null) return null;
    const value = Date.parse(text);
    return Number.isNaN(value) ? refuse(`${field} is not an ISO 8601 date`) : value;
  };
  if (!/^[^\p{Cc}]{1,100}$/u.test(spec.name)) refuse('the name of a key must have 1 to 100 characters');
  if (spec.name === OPERATOR_NAME) refuse(`the name ${OPERATOR_NAME} is reserved for the operator key of this machine`);
  const foreign = spec.scopes.filter((scope) => !ALL_SCOPES.includes(scope));
  if (foreign.length > 0) refuse(`unknown scope ${foreign.join(', ')}; the scopes are ${ALL_SCOPES.join(', ')}`);
  if (spec.scopes.length === 0) refuse('a key needs at least one scope');
  const pattern = new RegExp(SESSION_NAME_PATTERN);
  if (spec.sessions?.some((name: SessionName) => !pattern.test(name)))
    refuse('one of the sessions is not a valid session name');
  const notBefore = time('notBefore', spec.notBefore);
  const expiresAt = time('expiresAt', spec.expiresAt);
  if (expiresAt !== null && expiresAt <= Math.max(now, notBefore ?? 0))
    refuse('expiresAt is in the past, or before notBefore');
  return { notBefore, expiresAt };
}
