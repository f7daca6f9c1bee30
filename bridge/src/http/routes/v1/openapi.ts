/** The OpenAPI document, generated from the schemas of the routes. */
import type { FastifyPluginAsync } from 'fastify';

export const openapiRoutes: FastifyPluginAsync = async (app) => {
  app.get(
    '/openapi.json',
    { config: { scope: 'any' }, schema: { operationId: 'openapi', summary: 'This document', tags: ['operations'] } },
    async () => app.swagger(),
  );
};
