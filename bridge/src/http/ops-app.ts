/** The ops listener: readiness and metrics unsigned, on loopback only, for scrapers that cannot sign. Off by default. */
import { fastify, type FastifyInstance } from 'fastify';
import type { Log } from '../ops/logger.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Readiness } from '../ops/readiness.ts';
import { connectionLimits, connections } from './plugins/connections.ts';
import { problems } from './plugins/problems.ts';

export interface OpsServices {
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>;
  readonly readiness: Pick<Readiness, 'check'>;
  readonly log: Log;
}

export async function buildOpsApp({ metrics, readiness, log }: OpsServices): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: 1,
    connectionTimeout: 30_000,
    requestTimeout: 10_000,
    http: connectionLimits,
    ...problems.serverOptions,
  });
  await app.register(connections);
  await app.register(problems, { log });
  app.get('/readyz', async (_request, reply) => {
    const report = await readiness.check();
    return reply.code(report.ready ? 200 : 503).send(report);
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()));
  return app;
}
