/** Liveness: the only thing that answers unsigned. Says that the process runs, and nothing about it. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { object } from '../../contract/schema.ts';

export const healthRoutes: FastifyPluginAsyncTypebox = async (app) => {
  app.get(
    '/healthz',
    {
      config: { scope: 'unsigned' },
      schema: {
        operationId: 'health',
        summary: 'Liveness',
        tags: ['operations'],
        security: [],
        response: { 200: object({ status: Type.Literal('ok') }) },
      },
    },
    async () => ({ status: 'ok' as const }),
  );
};
