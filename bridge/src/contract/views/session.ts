/** Sessions as clients see them. */
import Type, { type Static } from 'typebox';
import { Address } from '../address.ts';
import { LINKING_METHODS, type LinkingMethod } from '../engines.ts';
import { SESSION_STATES } from '../session-states.ts';
import type { SessionName } from '../ids.ts';
import { branded, listOf, literals, nullable, object, Timestamp } from '../schema.ts';

/** What the engine of a session can do; all false and empty if the engine is not enabled. */
const SessionCapabilities = object({
  chosenMessageIds: Type.Boolean({
    description: 'the id of a message is chosen before it is sent, so that an interrupted send can be looked up',
  }),
  linking: Type.Unsafe<readonly LinkingMethod[]>(
    Type.Array(literals(LINKING_METHODS), { description: 'how an account can be linked' }),
  ),
  parallelFiles: Type.Boolean({ description: 'files are sent at the same time; otherwise one after another' }),
  operations: listOf(Type.String()),
  events: listOf(Type.String()),
});

export const SessionView = object(
  {
    name: branded<SessionName>(),
    engine: Type.String({ description: 'name of its engine' }),
    state: literals(SESSION_STATES),
    reason: Type.String({ description: 'why it is in this state' }),
    since: Timestamp,
    self: nullable(Address),
    degraded: nullable(Type.String()),
    proxy: nullable(Type.String({ description: 'host and port of the proxy it uses' })),
    settings: Type.Record(Type.String(), Type.Unknown(), {
      description: 'what its engine was told when it was added, without the secrets',
    }),
    capabilities: SessionCapabilities,
    simulated: Type.Boolean({ description: 'true for the sandbox, which does not connect to WhatsApp' }),
  },
  { $id: 'Session' },
);
export type SessionView = Static<typeof SessionView>;

export const HealthCheck = object({
  name: Type.String(),
  state: literals(['ok', 'failed', 'unknown']),
  detail: Type.String(),
});
export type HealthCheck = Static<typeof HealthCheck>;

/** What works of a session: the checks of its engine, after one named `session` that sums up its state. */
export const SessionHealth = object(
  {
    healthy: Type.Boolean({ description: 'connected, not degraded, and no check failed' }),
    checks: listOf(HealthCheck),
  },
  { $id: 'SessionHealth' },
);
export type SessionHealth = Static<typeof SessionHealth>;

/** A QR code to scan, or a pairing code to type on the phone. Neither is ever logged or part of an event. */
export const LoginCode = object({ code: Type.String(), expiresAt: Timestamp }, { $id: 'LoginCode' });
export type LoginCode = Static<typeof LoginCode>;
