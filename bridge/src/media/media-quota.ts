/**
 * How much space media may take. What is stored is counted from the rows at the start. What is being spooled is reserved
 * before its first byte as far as its size was announced, and chunk by chunk beyond that: uploads at the same time
 * cannot exceed the quota together, and those that fit do not fail for those that do not.
 */
import { WabError } from '../contract/errors.ts';

export interface Reservation {
  /** So many bytes came. @throws WabError WAB_STORAGE_FULL if they were not announced and do not fit */
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

  /**
   * @param announcedBytes what is known to come, 0 if nothing is known
   * @throws WabError WAB_STORAGE_FULL if that much more does not fit
   */
  reserve(announcedBytes = 0): Reservation {
    let reserved = 0;
    let received = 0;
    const reserveUpTo = (bytes: number): void => {
      const more = bytes - reserved;
      if (more <= 0) return;
      if (this.usedBytes + more > this.#quotaBytes) throw this.full();
      reserved += more;
      this.#reservedBytes += more;
    };
    reserveUpTo(announcedBytes);
    const release = (): void => {
      this.#reservedBytes -= reserved;
      reserved = 0;
    };
    return {
      take: (bytes) => reserveUpTo((received += bytes)),
      keep: () => {
        this.#storedBytes += received;
        release();
      },
      release,
    };
  }

  full(cause?: unknown): WabError {
    return new WabError('WAB_STORAGE_FULL', { usedBytes: this.usedBytes, quotaBytes: this.#quotaBytes }, { cause });
  }
}
