/** Metrics in the Prometheus text format. */
import type { FastifyPluginAsync } from 'fastify';
import type { AppDependencies } from '../services.ts';

export const metricsRoutes: FastifyPluginAsync<{ deps: Pick<AppDependencies, 'metrics'> }> = async (
  app,
  { deps: { metrics } },
) => {
  app.get(
    '/metrics',
    {
      config: { scope: 'metrics:read' },
      schema: { operationId: 'metrics', summary: 'Prometheus metrics', tags: ['operations'], produces: ['text/plain'] },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()),
  );
};
