/**
 * The HTTP side of the bridge. `buildApp` wires plugins and routes to the services it is given and listens to nothing;
 * `compose.ts` builds the services and starts it. Routes are in `routes/`, their paths mirror the URLs.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import helmet from '@fastify/helmet';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { fastify, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { MAX_WAIT_MS } from '../contract/defaults.ts';
import { WabError } from '../contract/errors.ts';
import { accessLog } from './plugins/access-log.ts';
import { connectionLimits, connections } from './plugins/connections.ts';
import { databaseOutage } from './plugins/database-outage.ts';
import { jsonBody } from './plugins/json-body.ts';
import { openapi } from './plugins/openapi.ts';
import { problems } from './plugins/problems.ts';
import { PossibleUpgrade, upgrades } from './plugins/upgrades.ts';
import { compileSerializer, compileValidator, refuseUnexpectedBody } from './validation.ts';
import { healthRoutes } from './routes/health.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { v1Routes } from './routes/v1/v1.ts';
import type { AppDependencies } from './services.ts';

/** Longest value of a path parameter, in characters; a longer one is refused before its signature is looked at. */
export const MAX_PARAM_LENGTH = 300;
/** Largest JSON body, in bytes. Files are uploaded raw and have their own caps. */
const JSON_BODY_LIMIT = 1024 * 1024;

export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>;

/** Builds the application; nothing listens until `listen` or `inject` is called on it. */
export async function buildApp(deps: AppDependencies): Promise<App> {
  const listener = { ...connectionLimits, IncomingMessage: PossibleUpgrade };
  const app = fastify({
    logger: false,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    bodyLimit: JSON_BODY_LIMIT,
    connectionTimeout: MAX_WAIT_MS + 30_000,
    // Uploads of hundreds of megabytes over a slow line are legitimate; headers have node's own, shorter limit.
    requestTimeout: 600_000,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    exposeHeadRoutes: false,
    return503OnClosing: false,
    ...(deps.tls
      ? {
          https: {
            ...listener,
            cert: deps.tls.cert,
            key: deps.tls.key,
            minVersion: 'TLSv1.2' as const,
          },
        }
      : { http: listener }),
    ...problems.serverOptions,
  }).withTypeProvider<TypeBoxTypeProvider>() as unknown as App;

  app.setValidatorCompiler(compileValidator);
  app.setSerializerCompiler(compileSerializer);

  await app.register(connections);
  await app.register(problems, { log: deps.log });
  await app.register(accessLog, { log: deps.log, metrics: deps.metrics });
  await app.register(helmet, { global: true });
  await app.register(openapi, { version: deps.version });
  await app.register(jsonBody);
  await app.register(upgrades);
  await app.register(databaseOutage, { database: deps.database });
  await app.register(deps.guard);
  app.addHook('onRequest', async (request) => {
    if (deps.readiness.isStopping && request.routeOptions.url !== '/healthz') throw new WabError('WAB_SHUTTING_DOWN');
  });
  app.addHook('preValidation', refuseUnexpectedBody);

  await app.register(healthRoutes);
  await app.register(metricsRoutes, { deps });
  await app.register(v1Routes, { prefix: '/v1', deps });
  return app;
}
