/** Who am I, as the bridge sees me: what a client asks first, and what tells it why it is refused. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { literals, nullable, object, Timestamp } from '../../../contract/schema.ts';
import { ALL_SCOPES } from '../../../contract/scopes.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers } from '../schemas.ts';

const Whoami = object({
  keyId: Type.String(),
  scopes: Type.Array(literals(ALL_SCOPES)),
  sessions: nullable(Type.Array(Type.String()), { description: 'null: all sessions' }),
  expiresAt: nullable(Timestamp),
  serverTime: Timestamp,
  version: Type.String(),
});

type Needs = { deps: Pick<AppDependencies, 'clock' | 'version'> };

export const whoamiRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps }) => {
  app.get(
    '/whoami',
    {
      config: { scope: 'any' },
      schema: { operationId: 'whoami', summary: 'The key in use', tags: ['keys'], response: answers({ 200: Whoami }) },
    },
    async (request) => {
      const principal = principalOf(request);
      return {
        keyId: principal.keyId,
        scopes: [...principal.scopes],
        sessions: principal.sessions === null ? null : [...principal.sessions],
        expiresAt: principal.expiresAt,
        serverTime: new Date(deps.clock.now()).toISOString(),
        version: deps.version,
      };
    },
  );
};
