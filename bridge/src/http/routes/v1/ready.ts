/** Readiness and metrics, for those who run the bridge. The ops listener serves the same unsigned on loopback. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { ReadinessReport } from '../../../contract/views/readiness.ts';
import type { AppDependencies } from '../../services.ts';
import { answers } from '../schemas.ts';

type Needs = { deps: Pick<AppDependencies, 'readiness'> };

export const readyRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps: { readiness } }) => {
  app.get(
    '/ready',
    {
      config: { scope: 'metrics:read' },
      schema: {
        operationId: 'ready',
        summary: 'Whether the bridge is ready to work',
        tags: ['operations'],
        response: answers({ 200: ReadinessReport, 503: ReadinessReport }),
      },
    },
    async (_request, reply) => {
      const report = await readiness.check();
      return reply.code(report.ready ? 200 : 503).send(report);
    },
  );
};
