/** What a session tells the event log about itself. */
import type { NewEvent, SessionState } from '../contract/events.ts';
import type { SessionName } from '../contract/ids.ts';
import {
  sessionDegraded,
  sessionQrIssued,
  sessionRecovered,
  sessionStateChanged,
} from '../events/event-constructors.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import type { Call } from '../store/operation.ts';
import { reasonOf } from '../ops/reason.ts';

export interface SessionJournalDependencies {
  readonly recorder: {
    /** Stores the event and carries out the effects in one transaction. */
    recordEvent(event: NewEvent, effects?: readonly Call<unknown>[]): Promise<unknown>;
  };
  readonly clock: Clock;
  readonly log: Log;
}

/** An event that cannot be recorded is logged: it changes nothing about the session. */
export class SessionJournal {
  readonly #session: SessionName;
  readonly #deps: SessionJournalDependencies;
  readonly #recording = new Set<Promise<unknown>>();

  constructor(session: SessionName, deps: SessionJournalDependencies) {
    this.#session = session;
    this.#deps = deps;
  }

  /** @param effects stored together with the event, since they must hold after a restart */
  changed(
    change: { readonly from: SessionState; readonly to: SessionState; readonly reason: string },
    effects: readonly Call<unknown>[],
  ): void {
    this.#record(sessionStateChanged(this.#session, change, this.#now()), effects);
  }

  qrIssued(expiresAt: Date): void {
    this.#record(sessionQrIssued(this.#session, expiresAt, this.#now()));
  }

  degraded(reason: string): void {
    this.#record(sessionDegraded(this.#session, reason, this.#now()));
  }

  recovered(reason: string): void {
    this.#record(sessionRecovered(this.#session, reason, this.#now()));
  }

  /** Resolves once nothing is on its way into the log any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#recording);
  }

  #now(): Date {
    return new Date(this.#deps.clock.now());
  }

  #record(event: NewEvent, effects: readonly Call<unknown>[] = []): void {
    const recording = this.#deps.recorder
      .recordEvent(event, effects)
      .catch((error: unknown) => {
        this.#deps.log.error(
          { session: this.#session, event: event.type, reason: reasonOf(error) },
          'an event of the session could not be recorded',
        );
      })
      .finally(() => this.#recording.delete(recording));
    this.#recording.add(recording);
  }
}
