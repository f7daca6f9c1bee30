/** Drives the simulated phones of sandbox sessions. Nothing here is WhatsApp, and every answer says so in a header. */
import type { FastifyPluginAsync } from 'fastify';
import { WabError } from '../../../contract/errors.ts';
import type { SessionName } from '../../../contract/ids.ts';
import { DRIVER_OPERATIONS } from '../../../engine/sandbox/driver/driver.ts';
import { checkReferences } from '../../../operations/perform.ts';
import type { AppDependencies } from '../../services.ts';
import { addRoutes } from '../operations.ts';

type Needs = { deps: Pick<AppDependencies, 'sandbox' | 'engines'> };

export const sandboxRoutes: FastifyPluginAsync<Needs> = async (app, { deps: { sandbox, engines } }) => {
  app.addHook('onRequest', async (_request, reply) => {
    void reply.header('x-wabridge-simulated', 'true');
  });
  addRoutes(app, DRIVER_OPERATIONS, async (operation, input, principal) => {
    checkReferences(operation, input, principal);
    if (sandbox === null)
      throw new WabError('WAB_ENGINE_NOT_ENABLED', { engine: 'sandbox', enabled: engines.join(', ') });
    const { session, ...asked } = input;
    return sandbox.drive(operation.id, session as SessionName, asked);
  });
};
