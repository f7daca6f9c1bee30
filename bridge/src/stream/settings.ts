/** The settings of the stream. */
import {
  DEFAULT_EVENT_RETENTION_DAYS,
  DEFAULT_HEARTBEAT_MS,
  DEFAULT_MAX_LOSSES,
  DEFAULT_MAX_REFUSALS,
  DEFAULT_PAUSE_DAYS,
  DEFAULT_READ_AHEAD,
} from '../contract/defaults.ts';
import type { RedeliveryPolicy } from './redelivery-policy.ts';

export interface StreamSettings extends RedeliveryPolicy {
  /** Time between two heartbeats, in milliseconds. */
  readonly heartbeatMs: number;
  /** Positions a subscription holds above its floor: those that wait, are in flight or are acknowledged. */
  readonly readAheadMax: number;
  /** Days after which a durable subscription that nobody uses is removed. */
  readonly expiryDays: number;
  /** Days after which a durable subscription that nobody reads gathers nothing more. */
  readonly pauseDays: number;
  /** What clients are told to wait after a restart of the bridge, in milliseconds. */
  readonly reconnectAfterMs: number;
  readonly maxConnections: number;
  /** Of one key, so that one client cannot keep all others out. */
  readonly maxConnectionsPerKey: number;
  readonly maxSubscriptionsPerConnection: number;
  /** Bytes waiting in a socket above which nothing more is read for it. */
  readonly socketBufferBytes: number;
  /** Time that clients have at a graceful stop to acknowledge what is in flight, in milliseconds. */
  readonly drainMs: number;
}

export const DEFAULT_STREAM_SETTINGS: StreamSettings = {
  heartbeatMs: DEFAULT_HEARTBEAT_MS,
  maxRefusals: DEFAULT_MAX_REFUSALS,
  maxLosses: DEFAULT_MAX_LOSSES,
  lossBackoffMs: 1_000,
  maxLossBackoffMs: 600_000,
  readAheadMax: DEFAULT_READ_AHEAD,
  expiryDays: DEFAULT_EVENT_RETENTION_DAYS,
  pauseDays: DEFAULT_PAUSE_DAYS,
  reconnectAfterMs: 1_000,
  maxConnections: 1_000,
  maxConnectionsPerKey: 500,
  maxSubscriptionsPerConnection: 64,
  socketBufferBytes: 256 * 1024,
  drainMs: 5_000,
};
