/** Signing keys as clients see them: never a secret, except once, in the answer that issues a key. */
import Type, { type Static } from 'typebox';
import type { KeyId, SessionName } from '../ids.ts';
import { branded, listOf, literals, nullable, object, Timestamp } from '../schema.ts';
import { ALL_SCOPES } from '../scopes.ts';

export const KeyView = object(
  {
    keyId: branded<KeyId>(),
    name: Type.String(),
    scopes: listOf(literals(ALL_SCOPES)),
    sessions: nullable(listOf(branded<SessionName>())),
    notBefore: nullable(Timestamp),
    expiresAt: nullable(Timestamp),
    revokedAt: nullable(Timestamp),
    createdAt: Timestamp,
    lastUsedAt: nullable(Timestamp),
  },
  { $id: 'Key' },
);
export type KeyView = Static<typeof KeyView>;

export const IssuedKey = object({
  key: KeyView,
  secret: Type.String({ description: 'shown only once: wabk_<key id>_<seed>' }),
});
export type IssuedKey = Static<typeof IssuedKey>;
