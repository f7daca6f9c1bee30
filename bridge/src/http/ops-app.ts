/**
 * The ops listener: readiness and metrics unsigned, on loopback only, for scrapers that cannot sign. Off by default. A
 * web page in a browser of this machine could reach it under a name of its own (DNS rebinding), so Host is checked.
 */
import { fastify, type FastifyInstance } from 'fastify';
import { WabError } from '../contract/errors.ts';
import type { Log } from '../ops/logger.ts';
import type { Metrics } from '../ops/metrics.ts';
import type { Readiness } from '../ops/readiness.ts';
import { connectionLimits, connections } from './plugins/connections.ts';
import { problems } from './plugins/problems.ts';

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

export interface OpsDependencies {
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>;
  readonly readiness: Pick<Readiness, 'check'>;
  readonly log: Log;
}

export async function buildOpsApp({ metrics, readiness, log }: OpsDependencies): Promise<FastifyInstance> {
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
  app.addHook('onRequest', async ({ headers: { host = '' } }) => {
    if (!LOOPBACK_HOST.test(host)) throw new WabError('WAB_OPS_HOST', { seen: host.slice(0, 100) || '(none)' });
  });
  app.get('/readyz', async (_request, reply) => {
    const report = await readiness.check();
    return reply.code(report.ready ? 200 : 503).send(report);
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()));
  return app;
}
