/** Metrics in the Prometheus text format. */
import type { FastifyPluginAsync } from 'fastify';
import type { AppServices } from '../services.ts';

export const metricsRoutes: FastifyPluginAsync<{ services: Pick<AppServices, 'metrics'> }> = async (
  app,
  { services: { metrics } },
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
