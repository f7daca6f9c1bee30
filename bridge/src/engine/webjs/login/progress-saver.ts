/** Writes down now and then how far the session has reported, so that the next start asks WhatsApp for the rest only. */
import type { Clock } from '../../../ops/clock.ts';
import type { Log } from '../../../ops/logger.ts';
import { PeriodicJob } from '../../../ops/periodic-job.ts';
import { describe } from '../page/page-reason.ts';
import type { Profile, Progress } from './profile.ts';

const SAVE_EVERY_MS = 5_000;
/** Without a record of what was reported, this much is read again: the log knows what it has. */
const UNRECORDED_S = 24 * 3600;

/** A mark that is further in the future than that was moved by a message with a wrong date. */
const AHEAD_S = 600;

/** What earlier runs have noted of the profile. */
export async function progressSoFar(profile: Profile, clock: Clock): Promise<Progress> {
  const now = Math.floor(clock.now() / 1000);
  const since = now - UNRECORDED_S;
  const progress = await profile.readProgress();
  if (progress === null) return { linkedAt: since, reportedUntil: since, behind: [], undecrypted: [], unread: [] };
  // A wrong clock dated the linking: nothing from before that time is reported, so that the mark never got beyond it.
  if (progress.linkedAt > now + AHEAD_S && progress.reportedUntil <= progress.linkedAt)
    return { ...progress, linkedAt: since, reportedUntil: since };
  // A clock that was not set yet, as after a power cut, would make any mark look like that.
  const isAhead = progress.reportedUntil > now + AHEAD_S && now >= progress.linkedAt;
  return isAhead ? { ...progress, reportedUntil: Math.max(progress.linkedAt, since) } : progress;
}

export class ProgressSaver {
  readonly #profile: Profile;
  readonly #read: () => Progress | null;
  readonly #clock: Clock;
  readonly #log: Log;

  /** @param read how far the session has come; null while no account is linked */
  constructor(profile: Profile, read: () => Progress | null, clock: Clock, log: Log) {
    this.#profile = profile;
    this.#read = read;
    this.#clock = clock;
    this.#log = log;
  }

  /** Saves regularly until the signal comes. */
  async run(until: AbortSignal): Promise<void> {
    const failed = (error: unknown): void => this.#failed(error);
    await new PeriodicJob({ run: () => this.save(), every: SAVE_EVERY_MS, failed, clock: this.#clock }).runUntil(until);
  }

  /** Saves what can be saved; a failure is logged, since the next round tries again. */
  async trySave(): Promise<void> {
    await this.save().catch((error: unknown) => this.#failed(error));
  }

  async save(): Promise<void> {
    const progress = this.#read();
    if (progress) await this.#profile.writeProgress(progress);
  }

  #failed(error: unknown): void {
    this.#log.warn({ reason: describe(error) }, 'the progress of the session could not be saved');
  }
}
