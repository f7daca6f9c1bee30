/**
 * Replay protection: each (key id, nonce) is good for one request. It is on disk before the request is handled, so a
 * restart forgets nothing.
 */
import { WabError } from '../contract/errors.ts';
import { pruneNonces, useNonce, type NonceUse } from '../store/auth.repository.ts';
import type { Database } from '../store/database.ts';

/**
 * Kept longer than needed by this, in milliseconds: a clock that is set back after a restart would otherwise make
 * signatures good again whose nonces are forgotten.
 */
const MARGIN_MS = 60 * 60_000;

export class Nonces {
  readonly #database: Pick<Database, 'write'>;

  constructor(database: Pick<Database, 'write'>) {
    this.#database = database;
  }

  /** @throws WabError WAB_SIGNATURE_REPLAYED */
  async use(use: NonceUse): Promise<void> {
    if (!(await this.#database.write(useNonce(use)))) throw new WabError('WAB_SIGNATURE_REPLAYED');
  }

  /** Forgets what can no longer be valid. */
  async prune(now: number): Promise<number> {
    return this.#database.write(pruneNonces({ before: now - MARGIN_MS }));
  }
}
