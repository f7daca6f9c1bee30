/** One log line and one latency sample per request: route pattern, never the query, ids or numbers in a path. */
import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import type { Log } from '../../ops/logger.ts';

interface HttpMetrics {
  httpAnswered(route: string, method: string, status: number, seconds: number): void;
}

const install = (app: FastifyInstance, options: { log: Log; metrics: HttpMetrics }, done: () => void): void => {
  app.addHook('onRequest', (request, reply, next) => {
    void reply.header('x-request-id', request.id);
    next();
  });
  app.addHook('onResponse', (request, reply, next) => {
    const route = request.routeOptions.url ?? 'unmatched';
    options.metrics.httpAnswered(route, request.method, reply.statusCode, reply.elapsedTime / 1000);
    if (route !== '/healthz') {
      options.log.info(
        {
          requestId: request.id,
          method: request.method,
          route,
          status: reply.statusCode,
          ms: Math.round(reply.elapsedTime),
          keyId: request.principal?.keyId,
        },
        'request',
      );
    }
    next();
  });
  done();
};

export const accessLog = plugin(install, { name: 'access-log' });
