/**
 * The scheduler seam: wakes a key (today a session's lane) at a time. It carries keys only; the rows say what is due, so
 * a wake-up that is lost with its scheduler loses no message. Every implementation passes
 * `test/conformance/scheduler.suite.ts`.
 */

export type Wake<Key extends string> = (key: Key) => void;

export interface Scheduler<Key extends string> {
  /** From now on `wake` is called, at least once per pending wake-up and never before its time. */
  start(wake: Wake<Key>): Promise<void>;
  /**
   * Asks for a wake-up of the key at `at` or soon after.
   *
   * A key has one pending wake-up, the earliest that was asked for: an earlier time replaces it, and a later one is
   * dropped and cancels nothing. The lane that is woken checks what else is due and asks again.
   *
   * @param at time of day, in milliseconds since the epoch; one that has passed means now
   * @returns resolves, long before `at`, once the pending wake-up is as durable as the implementation makes it: one in
   *   this process dies with it, one in a queue server does not
   * @throws if the wake-up could not be taken; the caller must look again by itself. Before the start and after the stop
   *   nothing is taken, and nothing is thrown
   */
  wakeAt(key: Key, at: number): Promise<void>;
  /** No wake-up begins after this has resolved. */
  stop(): Promise<void>;
}
