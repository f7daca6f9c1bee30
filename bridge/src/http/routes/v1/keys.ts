/**
 * Signing keys. Issuing is not idempotent: the secret is shown once and kept nowhere, so a repeated request makes
 * another key, which can be seen in the list and revoked.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { Principal } from '../../../auth/keys.ts';
import { WabError } from '../../../contract/errors.ts';
import { KEY_ID_PATTERN, SESSION_NAME_PATTERN, type KeyId, type SessionName } from '../../../contract/ids.ts';
import { listOf, literals, nullable, object, Timestamp } from '../../../contract/schema.ts';
import { ALL_SCOPES } from '../../../contract/scopes.ts';
import { IssuedKey, KeyView } from '../../../contract/views/key.ts';
import { allows, principalOf, requireScope, requireSession } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers } from '../schemas.ts';

const ScopeName = literals(ALL_SCOPES);
const KeySpec = object({
  name: Type.String({ minLength: 1, maxLength: 100 }),
  scopes: Type.Array(ScopeName, { minItems: 1, uniqueItems: true }),
  sessions: Type.Optional(
    nullable(
      Type.Array(Type.String({ pattern: SESSION_NAME_PATTERN }), { minItems: 1, maxItems: 200, uniqueItems: true }),
    ),
  ),
  notBefore: Type.Optional(nullable(Timestamp)),
  expiresAt: Type.Optional(nullable(Timestamp)),
});
const KeyParams = object({ keyId: Type.String({ pattern: KEY_ID_PATTERN }) });

type Needs = { deps: Pick<AppDependencies, 'keys'> };

export const keyRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps: { keys } }) => {
  const config = { scope: 'keys:manage' } as const;
  const tags = ['keys'];

  app.get(
    '/keys',
    {
      config,
      schema: {
        operationId: 'listKeys',
        summary: 'List keys',
        tags,
        response: answers({ 200: object({ keys: listOf(KeyView) }) }),
      },
    },
    async (request) => {
      const principal = principalOf(request);
      return { keys: (await keys.list()).filter((key) => within(principal, key)) };
    },
  );

  app.post(
    '/keys',
    {
      config,
      schema: {
        operationId: 'issueKey',
        summary: 'Issue a key; its secret is shown only once',
        description: 'A key that expires issues keys that expire when it does, unless an earlier expiry is requested.',
        tags,
        body: KeySpec,
        response: answers({ 201: IssuedKey }),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { sessions = null, ...spec } = request.body;
      // Nobody hands out more than they hold.
      for (const scope of spec.scopes) requireScope(principal, scope);
      const granted = sessions ?? (principal.sessions === null ? null : [...principal.sessions]);
      for (const session of granted ?? []) requireSession(principal, session);
      const expiresAt = endWithin(principal, spec.expiresAt ?? null);
      const issued = await keys.issue({ ...spec, sessions: granted as readonly SessionName[] | null, expiresAt });
      return reply.code(201).header('cache-control', 'no-store').send(issued);
    },
  );

  app.delete(
    '/keys/:keyId',
    {
      config,
      schema: {
        operationId: 'revokeKey',
        summary: 'Revoke a key; its streams close',
        tags,
        params: KeyParams,
        response: answers({ 200: KeyView }),
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const keyId = request.params.keyId as KeyId;
      const key = (await keys.list()).find((candidate) => candidate.keyId === keyId);
      if (key === undefined || !within(principal, key)) throw new WabError('WAB_KEY_NOT_FOUND', { keyId });
      return keys.revoke(keyId);
    },
  );
};

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
