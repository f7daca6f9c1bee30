/** What a verified sender may do. */
import { WabError } from '../contract/errors.ts';
import type { SessionName } from '../contract/ids.ts';
import type { Scope } from '../contract/scopes.ts';
import type { Principal } from './keys.ts';

/** Whether the key may use the session. */
export const allows = (principal: Principal, session: SessionName): boolean =>
  principal.sessions === null || principal.sessions.has(session);

/** @throws WabError WAB_SESSION_NOT_ALLOWED */
export function requireSession(principal: Principal, session: string): SessionName {
  if (!allows(principal, session as SessionName))
    throw new WabError('WAB_SESSION_NOT_ALLOWED', { keyId: principal.keyId, session });
  return session as SessionName;
}

/** @throws WabError WAB_SCOPE_MISSING */
export function requireScope(principal: Principal, scope: Scope): void {
  if (!principal.scopes.has(scope)) throw new WabError('WAB_SCOPE_MISSING', { keyId: principal.keyId, scope });
}
