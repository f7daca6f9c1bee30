/**
 * The scheduler seam: wakes a session's lane at a time. It carries names only; the rows say what is due. Every
 * implementation passes `test/conformance/scheduler.suite.ts`.
 */
import type { SessionName } from '../contract/ids.ts';

export type Wake = (session: SessionName) => void;

export interface Scheduler {
  /** From now on `wake` is called, at least once per appointment and never before its time. */
  start(wake: Wake): Promise<void>;
  /**
   * Asks for a wake-up of the session at `at` (milliseconds since the epoch) or soon after. An earlier appointment
   * replaces a later one of the same session; a later one is dropped, since the lane asks again when it is woken.
   */
  wakeAt(session: SessionName, at: number): void;
  /** No wake-up begins after this has resolved. */
  stop(): Promise<void>;
}
