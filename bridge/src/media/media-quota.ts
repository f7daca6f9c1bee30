/**
 * How much space media may take. What is stored is counted from the rows at the start; what is being spooled is reserved
 * chunk by chunk, so that uploads at the same time cannot exceed it together.
 */
import { WabError } from '../contract/errors.ts';

export interface Reservation {
  /** @throws WabError WAB_STORAGE_FULL where so much more does not fit */
  take(bytes: number): void;
  /** What was taken is stored now and stays counted. */
  keep(): void;
  /** Gives back what was taken, unless it was kept. */
  release(): void;
}

export class MediaQuota {
  readonly #quotaBytes: number;
  #storedBytes = 0;
  #reservedBytes = 0;

  constructor(quotaBytes: number) {
    this.#quotaBytes = quotaBytes;
  }

  get usedBytes(): number {
    return this.#storedBytes + this.#reservedBytes;
  }

  /** Sets what the rows say is stored. */
  begin(storedBytes: number): void {
    this.#storedBytes = storedBytes;
  }

  /** A stored file was removed. */
  freed(bytes: number): void {
    this.#storedBytes = Math.max(0, this.#storedBytes - bytes);
  }

  reserve(): Reservation {
    let taken = 0;
    return {
      take: (bytes) => {
        if (this.usedBytes + bytes > this.#quotaBytes) throw this.full();
        taken += bytes;
        this.#reservedBytes += bytes;
      },
      keep: () => {
        this.#reservedBytes -= taken;
        this.#storedBytes += taken;
        taken = 0;
      },
      release: () => {
        this.#reservedBytes -= taken;
        taken = 0;
      },
    };
  }

  full(cause?: unknown): WabError {
    return new WabError('WAB_STORAGE_FULL', { usedBytes: this.usedBytes, quotaBytes: this.#quotaBytes }, { cause });
  }
}
