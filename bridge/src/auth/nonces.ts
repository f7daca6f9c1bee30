/**
 * Replay protection: each (key id, nonce) is good for one request. It is on disk before the request is handled, so a
 * restart forgets nothing. While the disk is full, or the database is away, the nonces of reads are kept in memory, since
 * somebody must be able to look at what is wrong; they go to disk as soon as it takes them.
 */
import { WabError } from '../contract/errors.ts';
import { pruneNonces, useNonce, type NonceUse } from '../store/auth.repository.ts';
import type { Database } from '../store/database.ts';

/**
 * Kept longer than needed by this, in milliseconds: a clock that is set back, or forward and back again, by less would
 * otherwise make signatures good again whose nonces are forgotten.
 */
const MARGIN_MS = 3 * 60 * 60_000;
/** Nonces kept in memory at most; beyond that reads are refused too. */
export const MAX_IN_MEMORY = 10_000;

export class Nonces {
  readonly #database: Pick<Database, 'write' | 'availability'>;
  readonly #inMemory = new Map<string, NonceUse>();

  constructor(database: Pick<Database, 'write' | 'availability'>) {
    this.#database = database;
  }

  /**
   * @param isRead whether the request changes nothing, so that a repetition would do no harm
   * @throws WabError WAB_SIGNATURE_REPLAYED, WAB_DISK_FULL, WAB_DATABASE_UNAVAILABLE
   */
  async use(use: NonceUse, isRead = false): Promise<void> {
    const name = nameOf(use);
    if (this.#inMemory.has(name)) throw new WabError('WAB_SIGNATURE_REPLAYED');
    try {
      const isNew = isRead ? await this.#storeUnlessAway(use) : await this.#database.write(useNonce(use));
      if (!isNew) throw new WabError('WAB_SIGNATURE_REPLAYED');
    } catch (error) {
      if (!isRead || !mayPass(error) || this.#inMemory.size >= MAX_IN_MEMORY) throw error;
      // Asked again: the same request may have come twice while it was tried to store it.
      if (this.#inMemory.has(name)) throw new WabError('WAB_SIGNATURE_REPLAYED', {}, { cause: error });
      this.#inMemory.set(name, use);
    }
  }

  /** @throws WabError WAB_DATABASE_UNAVAILABLE instead of waiting for a database that is away */
  async #storeUnlessAway(use: NonceUse): Promise<boolean> {
    const { availability } = this.#database;
    if (availability.outage) throw new WabError('WAB_DATABASE_UNAVAILABLE', { reason: availability.outage.reason });
    const stored = this.#database.write(useNonce(use));
    let unwatch: () => void = () => undefined;
    const away = new Promise<never>((_, reject) => {
      unwatch = availability.onOverdue(({ reason }) => reject(new WabError('WAB_DATABASE_UNAVAILABLE', { reason })));
    });
    return Promise.race([stored, away]).finally(() => unwatch());
  }

  /** Writes down what is only in memory, and forgets what can no longer be valid. */
  async prune(now: number): Promise<number> {
    for (const [name, use] of this.#inMemory) {
      if (use.usableUntil >= now) await this.#database.write(useNonce(use));
      this.#inMemory.delete(name);
    }
    return this.#database.write(pruneNonces({ before: now - MARGIN_MS }));
  }
}

const nameOf = ({ keyId, nonce }: NonceUse): string => `${keyId} ${nonce}`;
/** Whether somebody must be able to look at it. */
const mayPass = (error: unknown): boolean =>
  error instanceof WabError && ['WAB_DISK_FULL', 'WAB_DATABASE_UNAVAILABLE'].includes(error.code);
