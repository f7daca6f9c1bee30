/** Signing keys: nobody hands out, sees or revokes more than they hold. */
import type { Keys, Principal } from '../auth/keys.ts';
import { allows, requireScope, requireSession } from '../auth/permissions.ts';
import { WabError } from '../contract/errors.ts';
import type { KeyView } from '../contract/views/key.ts';
import type { HandlersOf } from './handler.ts';

export const keyHandlers = (keys: Pick<Keys, 'list' | 'issue' | 'revoke'>): HandlersOf<'key'> => ({
  'key.list': async (_input, principal) => ({ keys: (await keys.list()).filter((key) => within(principal, key)) }),

  'key.issue': ({ sessions = null, expiresAt = null, ...spec }, principal) => {
    for (const scope of spec.scopes) requireScope(principal, scope);
    const granted = sessions ?? (principal.sessions && [...principal.sessions]);
    return keys.issue({
      ...spec,
      sessions: granted && granted.map((session) => requireSession(principal, session)),
      expiresAt: endWithin(principal, expiresAt),
    });
  },

  'key.revoke': async ({ keyId }, principal) => {
    const key = (await keys.list()).find((candidate) => candidate.keyId === keyId);
    if (key === undefined || !within(principal, key)) throw new WabError('WAB_KEY_NOT_FOUND', { keyId });
    return keys.revoke(keyId);
  },
});

/**
 * The end of a key that this one issues: its own at the latest, so that nobody stays who was let in for a while.
 *
 * @throws WabError WAB_KEY_OUTLIVES_ISSUER
 */
function endWithin({ keyId, expiresAt: own }: Principal, asked: string | null): string | null {
  if (own === null || asked === null) return asked ?? own;
  if (Date.parse(asked) > Date.parse(own)) throw new WabError('WAB_KEY_OUTLIVES_ISSUER', { keyId, end: own });
  return asked;
}

/** A key that is limited to sessions sees only keys within them. */
const within = (principal: Principal, key: KeyView): boolean =>
  principal.sessions === null || (key.sessions !== null && key.sessions.every((session) => allows(principal, session)));
