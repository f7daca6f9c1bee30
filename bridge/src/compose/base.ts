/** What every room of the bridge is built with. */
import type { Settings } from '../config/settings.ts';
import type { EngineFactory } from '../engine/engine.ts';
import type { Clock } from '../ops/clock.ts';
import type { Closers } from '../ops/closers.ts';
import type { Log } from '../ops/logger.ts';
import type { Metrics } from '../ops/metrics.ts';

export interface Base {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Engines besides those that the settings enable. */
  readonly moreEngines: readonly EngineFactory[];
  /** Fires where the bridge is told to stop while it starts: ends the wait for a database server that is away. */
  readonly signal: AbortSignal | undefined;
  /** A room that was started adds how it is stopped. */
  readonly closers: Closers;
}
