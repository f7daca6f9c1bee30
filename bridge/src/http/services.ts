/** What the routes are given to do their work with; each route takes the part of it that it needs. */
import type { FastifyPluginAsync, FastifyPluginCallback } from 'fastify';
import type { Keys } from '../auth/keys.ts';
import type { SettingList } from '../contract/views/setting.ts';
import type { EventLog } from '../events/event-log.ts';
import type { MediaLibrary } from '../media/media-library.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Readiness } from '../ops/readiness.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { EngineIngress } from '../engine/engine.ts';
import type { SandboxDriver } from '../engine/sandbox/driver/driver.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Stream } from '../stream/stream.ts';
import type { DatabaseAvailability } from './plugins/database-outage.ts';

/** An engine to which the other side may send requests. */
export interface OpenIngress extends EngineIngress {
  readonly engine: string;
}

export interface AppDependencies {
  readonly log: Log;
  readonly clock: Clock;
  readonly version: string;
  /** The settings as they are in force. */
  readonly settings: () => SettingList;
  /** Names of the enabled engines. */
  readonly engines: readonly string[];
  /** The engines that take requests of the other side. */
  readonly ingress: readonly OpenIngress[];
  readonly keys: Keys;
  readonly sessions: Sessions;
  readonly outbox: Outbox;
  readonly media: MediaLibrary;
  readonly eventLog: EventLog;
  readonly database: DatabaseAvailability;
  readonly stream: Stream;
  /** Null if the sandbox engine is not enabled. */
  readonly sandbox: SandboxDriver | null;
  readonly metrics: Metrics;
  readonly readiness: Readiness;
  /** Verifies signatures and scopes; sets `request.principal`. */
  readonly guard: FastifyPluginCallback | FastifyPluginAsync;
  readonly tls?: { readonly cert: string; readonly key: string };
}
