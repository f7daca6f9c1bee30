import { systemClock, type Clock } from '../../../bridge/src/ops/clock.ts';

/** A clock that a test puts forward or back, while waits take as long as they take. */
export class MovedClock implements Clock {
  #aheadMs = 0;

  now(): number {
    return Date.now() + this.#aheadMs;
  }

  elapsed(): number {
    return systemClock.elapsed();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      timer.unref();
      signal?.addEventListener('abort', () => (clearTimeout(timer), reject(new Error('aborted'))), { once: true });
    });
  }

  forward(seconds: number): void {
    this.#aheadMs += seconds * 1000;
  }
}
