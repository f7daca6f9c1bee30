/** Restores sessions a few at a time: all at once would be more than a machine can start. */
import type { SessionState } from '../contract/session-states.ts';
import type { Clock } from '../ops/clock.ts';
import { within } from '../ops/deadline.ts';
import type { SessionEntry } from './session-entry.ts';

/** States in which a session that is being restored still takes up the machine. */
const BUSY: ReadonlySet<SessionState> = new Set(['starting', 'connecting']);

export interface RestoreQueueOptions {
  readonly clock: Clock;
  /** Sessions that connect at the same time. */
  readonly concurrency: number;
  /** The usual time of a start, in milliseconds. */
  readonly startDeadlineMs: number;
}

export class RestoreQueue {
  readonly #options: RestoreQueueOptions;
  readonly #waiting: SessionEntry[] = [];
  readonly #changeListeners = new Set<() => void>();
  #workers = 0;
  #idle: Promise<unknown> = Promise.resolve();
  #isClosing = false;

  constructor(options: RestoreQueueOptions) {
    this.#options = options;
  }

  /** Begins to restore them, in this order and behind those that wait already. */
  add(wanted: readonly SessionEntry[]): void {
    this.#waiting.push(...wanted);
    const begun = [];
    for (; this.#workers < this.#options.concurrency && begun.length < wanted.length; this.#workers++)
      begun.push(this.#work());
    this.#idle = Promise.all([this.#idle, ...begun]);
  }

  /** A session has changed its state. */
  changed(): void {
    for (const look of [...this.#changeListeners]) look();
  }

  /** Nothing more is restored. Resolves when nothing is being restored. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.changed();
    await this.#idle;
  }

  /** One that does not get ready in its usual time frees its place too: it may go on for long, with much to load. */
  async #work(): Promise<void> {
    const { clock, startDeadlineMs } = this.#options;
    try {
      for (let entry = this.#waiting.shift(); entry && !this.#isClosing; entry = this.#waiting.shift()) {
        const supervisor = entry.supervised?.supervisor;
        if (!supervisor || !entry.wanted || entry.deleting) continue;
        await supervisor.restore();
        const settled = this.#until(() => this.#isClosing || !BUSY.has(supervisor.machine.state));
        await within(settled, startDeadlineMs, 'the start', clock).catch(() => undefined);
      }
    } finally {
      // In the same turn in which nothing was left to do: what is added after it finds its place free.
      this.#workers--;
    }
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#changeListeners.delete(look);
        resolve();
      };
      this.#changeListeners.add(look);
      look();
    });
  }
}
