/** The key in use, as the bridge sees it. */
import Type, { type Static } from 'typebox';
import { literals, nullable, object, Timestamp } from '../schema.ts';
import { ALL_SCOPES } from '../scopes.ts';

export const Whoami = object({
  keyId: Type.String(),
  scopes: Type.Array(literals(ALL_SCOPES)),
  sessions: nullable(Type.Array(Type.String()), { description: 'null: all sessions' }),
  expiresAt: nullable(Timestamp),
  serverTime: Timestamp,
  version: Type.String(),
});
export type Whoami = Static<typeof Whoami>;
