/**
 * What routes and guard agree on. Every route states in its config which scope it needs; the guard
 * (`plugins/guard.ts`) refuses a route that states none, verifies the signature and sets `request.principal`.
 */
import type { FastifyRequest } from 'fastify';
import type { Principal } from '../auth/keys.ts';
import { WabError } from '../contract/errors.ts';
import type { Scope } from '../contract/scopes.ts';

/** `unsigned` is liveness, and what an engine verifies by itself; `any` asks for a valid key with whatever scopes. */
export type Access = Scope | 'any' | 'unsigned';

declare module 'fastify' {
  interface FastifyContextConfig {
    scope?: Access;
  }
  interface FastifyRequest {
    /** Set by the guard on every route that is not `unsigned`. */
    principal: Principal | null;
    /** Digest of the body from the verified Content-Digest header (SHA-256, base64); null if there is no body. */
    contentSha256: string | null;
  }
}

/** The verified sender of a request on a route that is not `unsigned`. */
export function principalOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new WabError('WAB_SIGNATURE_MISSING');
  return request.principal;
}
