/**
 * The frames of the stream protocol `wabridge.v1` (JSON text frames over WebSocket, subprotocol `wabridge.v1`).
 * Cursors are opaque to clients. The rules are in `stream/hub.ts` and `bridge/docs/stream-protocol.md`.
 */
import Type, { type Static } from 'typebox';
import { EventBody } from './events.ts';
import { Filter } from './filter.ts';
import { SUBSCRIPTION_NAME_PATTERN } from './ids.ts';
import { literals, nullable, object } from './schema.ts';

export const STREAM_PROTOCOL = 'wabridge.v1';
/** Largest frame a client may send, in bytes. */
export const MAX_CLIENT_FRAME_BYTES = 256 * 1024;
export const MAX_WINDOW = 256;
/** Longest wait that a client may ask for with a refusal, in milliseconds. */
export const MAX_RETRY_AFTER_MS = 86_400_000;
/** Largest age that a client may state, in milliseconds: ten years. */
export const MAX_AGE_MS = 315_360_000_000;

const Cursor = Type.String({ maxLength: 120 });
const Subscription = Type.String({ pattern: SUBSCRIPTION_NAME_PATTERN });

export const SubscribeFrame = object({
  type: Type.Literal('subscribe'),
  subscription: Subscription,
  durable: Type.Boolean(),
  filter: Filter,
  from: Type.Union([literals(['resume', 'latest', 'earliest']), Cursor], {
    description: '`resume` continues a durable subscription; for a new one it means `latest`',
  }),
  window: Type.Integer({ minimum: 1, maximum: MAX_WINDOW }),
  maxAgeMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: MAX_AGE_MS,
      description: 'skip waiting events that are older than this; `skipped` in `subscribed` says how many were skipped',
    }),
  ),
  takeover: Type.Optional(
    Type.Boolean({
      description:
        'false: do not supersede another connection that holds the subscription (WAB_SUBSCRIPTION_BUSY); default true',
    }),
  ),
});
export const AckFrame = object({
  type: Type.Literal('ack'),
  subscription: Subscription,
  cursors: Type.Array(Cursor, { minItems: 1, maxItems: MAX_WINDOW }),
  attempt: Type.Integer({ minimum: 1 }),
});
export const NackFrame = object({
  type: Type.Literal('nack'),
  subscription: Subscription,
  cursors: Type.Array(Cursor, { minItems: 1, maxItems: MAX_WINDOW }),
  attempt: Type.Integer({ minimum: 1 }),
  retryAfterMs: Type.Integer({ minimum: 0, maximum: MAX_RETRY_AFTER_MS }),
  reason: Type.String({ maxLength: 500 }),
});
export const ClientPingFrame = object({ type: Type.Literal('ping'), id: Type.Integer() });
export const ClientPongFrame = object({ type: Type.Literal('pong'), id: Type.Integer() });
export const ClientFrame = Type.Union([SubscribeFrame, AckFrame, NackFrame, ClientPingFrame, ClientPongFrame]);
export type SubscribeFrame = Static<typeof SubscribeFrame>;
export type AckFrame = Static<typeof AckFrame>;
export type NackFrame = Static<typeof NackFrame>;
export type ClientFrame = Static<typeof ClientFrame>;

export const HelloFrame = object({
  type: Type.Literal('hello'),
  protocol: Type.Literal(STREAM_PROTOCOL),
  connection: Type.String(),
  heartbeatMs: Type.Integer(),
  maxWindow: Type.Integer(),
});
export const SubscribedFrame = object({
  type: Type.Literal('subscribed'),
  subscription: Subscription,
  cursor: Cursor,
  resumed: Type.Integer({ description: 'how many events are waiting (counted up to 10,000)' }),
  skipped: Type.Optional(
    Type.Integer({
      description: 'how many waiting events were older than `maxAgeMs`; present if `maxAgeMs` was given',
    }),
  ),
});
export const EventFrame = object({
  type: Type.Literal('event'),
  subscription: Subscription,
  cursor: Cursor,
  previous: nullable(Cursor, {
    description: 'cursor of the preceding matching event of the same chat; the same on every attempt',
  }),
  attempt: Type.Integer({ minimum: 1 }),
  event: EventBody,
});
export const BridgePingFrame = object({
  type: Type.Literal('ping'),
  id: Type.Integer(),
  positions: Type.Record(Type.String(), Cursor, {
    description: 'per subscription, the log position up to which its filter was evaluated',
  }),
  blocked: Type.Optional(
    Type.Record(Type.String(), Type.String(), { description: 'per waiting subscription, the lane that blocks it' }),
  ),
});
export const BridgePongFrame = object({ type: Type.Literal('pong'), id: Type.Integer() });
export const ResetFrame = object({
  type: Type.Literal('reset'),
  subscription: Subscription,
  reason: literals(['expired', 'epoch', 'future', 'paused']),
  oldest: Cursor,
  lost: Type.Integer({ description: 'upper bound of the events that can no longer be delivered' }),
});
export const ErrorFrame = object({
  type: Type.Literal('error'),
  subscription: Type.Optional(Subscription),
  code: Type.String(),
  message: Type.String(),
});
export const ByeFrame = object({
  type: Type.Literal('bye'),
  reason: literals(['restart', 'key_revoked', 'superseded', 'slow', 'protocol_error', 'subscription_deleted']),
  reconnectAfterMs: Type.Integer({ minimum: 0 }),
  subscription: Type.Optional(Subscription),
});
export const BridgeFrame = Type.Union([
  HelloFrame,
  SubscribedFrame,
  EventFrame,
  BridgePingFrame,
  BridgePongFrame,
  ResetFrame,
  ErrorFrame,
  ByeFrame,
]);
export type BridgeFrame = Static<typeof BridgeFrame>;
export type EventFrame = Static<typeof EventFrame>;

/** WebSocket close codes (4000-4999 are the application's, RFC 6455 section 7.4.2), and whether to reconnect. */
export const CLOSE_CODES = {
  4000: { name: 'restart', reconnect: true, means: 'the bridge is shutting down gracefully' },
  4001: { name: 'key_revoked', reconnect: false, means: 'the key was revoked or has expired' },
  4002: {
    name: 'superseded',
    reconnect: true,
    means: 'a newer connection took over this subscription; wait at least a minute',
  },
  4003: { name: 'protocol_error', reconnect: false, means: 'a frame was malformed or not expected here' },
  4004: { name: 'slow', reconnect: true, means: 'no pong within two heartbeats' },
  4005: { name: 'subscription_deleted', reconnect: false, means: 'an operator deleted the subscription' },
} as const;
