/** Sessions as clients see them. */
import Type, { type Static } from 'typebox';
import { Address } from '../address.ts';
import { ENGINE_NAMES } from '../engines.ts';
import { SESSION_STATES } from '../session-states.ts';
import type { SessionName } from '../ids.ts';
import { branded, listOf, literals, nullable, object, Timestamp } from '../schema.ts';

export const SessionView = object(
  {
    name: branded<SessionName>(),
    engine: literals(ENGINE_NAMES),
    state: literals(SESSION_STATES),
    reason: Type.String({ description: 'why it is in this state' }),
    since: Timestamp,
    self: nullable(Address),
    degraded: nullable(Type.String()),
    proxy: nullable(Type.String({ description: 'host and port of the proxy it uses' })),
    capabilities: object({ chosenMessageIds: Type.Boolean(), operations: listOf(Type.String()) }),
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
