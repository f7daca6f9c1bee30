/** The settings of the stream. */
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
  heartbeatMs: 15_000,
  maxRefusals: 5,
  maxLosses: 20,
  lossBackoffMs: 1_000,
  maxLossBackoffMs: 600_000,
  readAheadMax: 10_000,
  expiryDays: 30,
  pauseDays: 7,
  reconnectAfterMs: 1_000,
  maxConnections: 1_000,
  maxConnectionsPerKey: 500,
  maxSubscriptionsPerConnection: 64,
  socketBufferBytes: 256 * 1024,
  drainMs: 5_000,
};
