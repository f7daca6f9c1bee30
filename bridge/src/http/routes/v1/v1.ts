/** Everything under /v1: the operations of the catalogue, then what is written by hand, in one file per first path segment. */
import type { FastifyPluginAsync } from 'fastify';
import type { AppDependencies } from '../../services.ts';
import { operationRoutes } from '../operations.ts';
import { ingressRoutes } from './ingress.ts';
import { mediaRoutes } from './media.ts';
import { openapiRoutes } from './openapi.ts';
import { readyRoutes } from './ready.ts';
import { sandboxRoutes } from './sandbox.ts';
import { sessionRoutes } from './sessions.ts';
import { streamRoutes } from './stream.ts';

type Routes = FastifyPluginAsync<{ deps: AppDependencies }>;

const ROUTES = [
  operationRoutes,
  readyRoutes,
  openapiRoutes,
  sessionRoutes,
  mediaRoutes,
  streamRoutes,
  sandboxRoutes,
  ingressRoutes,
] as readonly unknown[] as readonly Routes[];

export const v1Routes: Routes = async (app, { deps }) => {
  for (const routes of ROUTES) await app.register(routes, { deps });
};
