/** Who am I, as the bridge sees me: what a client asks first, and what tells it why it is refused. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { ALL_SCOPES, type Scope } from '../../../contract/scopes.ts';
import { principalOf } from '../../access.ts';
import type { AppServices } from '../../services.ts';
import { answers, nullable, object, Timestamp } from '../schemas.ts';

const Whoami = object({
  keyId: Type.String(),
  scopes: Type.Array(Type.Enum([...ALL_SCOPES] as [Scope, ...Scope[]])),
  sessions: Type.Union([Type.Array(Type.String()), Type.Null()], { description: 'null: all sessions' }),
  expiresAt: nullable(Timestamp),
  serverTime: Timestamp,
  version: Type.String(),
});

type Needs = { services: Pick<AppServices, 'clock' | 'version'> };

export const whoamiRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { services }) => {
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
        serverTime: new Date(services.clock.now()).toISOString(),
        version: services.version,
      };
    },
  );
};
