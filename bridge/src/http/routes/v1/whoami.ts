/** Who am I, as the bridge sees me: what a client asks first, and what tells it why it is refused. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Whoami } from '../../../contract/views/whoami.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers } from '../schemas.ts';

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
