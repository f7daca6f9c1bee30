/** The event log that a check of the suite looks at: opened for each check, over a folder of that check's own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import type { Filter } from '../../../bridge/src/contract/filter.ts';
import type { Seq } from '../../../bridge/src/contract/ids.ts';
import type { EventLog } from '../../../bridge/src/events/event-log.ts';
import type { RetainedLog } from '../../../bridge/src/events/retention.ts';
import type { Call } from '../../../bridge/src/store/operation.ts';

export interface OpenLog {
  readonly log: EventLog & RetainedLog;
  /** A write whose effect `noted` counts, and one that always fails. */
  readonly note: (text: string) => Call<unknown>;
  readonly impossible: () => Call<unknown>;
  readonly noted: () => Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface EventLogSubject {
  /** @param clock what the log takes for now, in milliseconds */
  open(dataDir: string, clock: { now(): number }, dedupeMs: number): Promise<OpenLog>;
}

export class EventLogAtTest {
  readonly dedupeMs = 90_000;
  /** What the log takes for now; a check moves it. */
  readonly clock = { time: 0, now: (): number => this.clock.time };
  readonly #subject: EventLogSubject;
  #opened: OpenLog | undefined;
  #folder = '';

  constructor(subject: EventLogSubject) {
    this.#subject = subject;
  }

  /** Before each check. */
  readonly open = async (): Promise<void> => {
    this.clock.time = 1_000_000;
    this.#folder = mkdtempSync(join(tmpdir(), 'wabridge-log-'));
    this.#opened = await this.#subject.open(this.#folder, this.clock, this.dedupeMs);
  };

  /** After each check, also where `open` failed half-way. */
  readonly close = async (): Promise<void> => {
    const opened = this.#opened;
    this.#opened = undefined;
    await opened?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  };

  get log(): OpenLog['log'] {
    return this.#current.log;
  }

  note(text: string): Call<unknown> {
    return this.#current.note(text);
  }

  impossible(): Call<unknown> {
    return this.#current.impossible();
  }

  noted(): Promise<readonly string[]> {
    return this.#current.noted();
  }

  /** The log as a restart of the bridge finds it. */
  async reopen(): Promise<OpenLog['log']> {
    await this.#current.close();
    this.#opened = await this.#subject.open(this.#folder, this.clock, this.dedupeMs);
    return this.#opened.log;
  }

  /** Ids of all matching envelopes, however many scans it takes. */
  async scanAll(filter: Filter, limit = 7): Promise<string[]> {
    const found: string[] = [];
    for (let position = 0 as Seq; position < this.log.head;) {
      const { matches, scannedTo } = await this.log.scan(position, filter, limit);
      expect(scannedTo).toBeGreaterThan(position);
      found.push(...matches.map(({ id }) => id));
      position = scannedTo;
    }
    return found;
  }

  get #current(): OpenLog {
    if (this.#opened === undefined) throw new Error('no check is running');
    return this.#opened;
  }
}
