/** What a session tells the event log about itself. */
import type { EventReport, NewEvent } from '../contract/events.ts';
import type { SessionState } from '../contract/session-states.ts';
import type { SessionName } from '../contract/ids.ts';
import { eventOf } from '../events/event-constructors.ts';
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
    const { from, to, reason } = change;
    this.#record({ type: 'session.state_changed', at: this.#now(), data: { from, to, reason } }, effects);
  }

  qrIssued(expiresAt: Date): void {
    this.#record({ type: 'session.qr_issued', at: this.#now(), data: { expiresAt: expiresAt.toISOString() } });
  }

  degraded(reason: string): void {
    this.#record({ type: 'session.degraded', at: this.#now(), data: { reason } });
  }

  recovered(reason: string): void {
    this.#record({ type: 'session.recovered', at: this.#now(), data: { reason } });
  }

  /** Resolves once nothing is on its way into the log any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#recording);
  }

  #now(): Date {
    return new Date(this.#deps.clock.now());
  }

  #record(report: EventReport, effects: readonly Call<unknown>[] = []): void {
    const recording = this.#deps.recorder
      .recordEvent(eventOf(this.#session, report), effects)
      .catch((error: unknown) => {
        this.#deps.log.error(
          { session: this.#session, event: report.type, reason: reasonOf(error) },
          'an event of the session could not be recorded',
        );
      })
      .finally(() => this.#recording.delete(recording));
    this.#recording.add(recording);
  }
}
