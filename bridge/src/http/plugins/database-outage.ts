/**
 * Answers requests while the database is away, which would otherwise hang with it. The work of a request that had begun
 * may still be done once the database is back, which is why clients repeat it with the same Idempotency-Key.
 */
import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';
import { WabError } from '../../contract/errors.ts';

interface KnownOutage {
  readonly reason: string;
}

/** What is known of the database here. */
export interface DatabaseAvailability {
  /** Calls the listener, at once if need be, where an outage has lasted too long to wait for its end. @returns ends that */
  onOverdue(listener: (outage: KnownOutage) => void): () => void;
}

/** Routes that say how the bridge is, whatever the database does. */
const ALWAYS_ANSWERED: readonly (string | undefined)[] = ['/healthz', '/v1/ready', '/metrics'];
const RETRY_SECONDS = 5;

const install = (app: FastifyInstance, options: { database: DatabaseAvailability }, done: () => void): void => {
  app.addHook('onRequest', (request, reply, next) => {
    if (ALWAYS_ANSWERED.includes(request.routeOptions.url)) return next();
    const refuse = ({ reason }: KnownOutage): void => {
      if (!reply.sent)
        void reply.header('retry-after', RETRY_SECONDS).send(new WabError('WAB_DATABASE_UNAVAILABLE', { reason }));
    };
    const unwatch = options.database.onOverdue(refuse);
    // A stream has no answer that could be late.
    if (request.headers.upgrade === undefined) reply.raw.once('close', unwatch);
    else unwatch();
    if (!reply.sent) next();
  });
  done();
};

export const databaseOutage = plugin(install, { name: 'database-outage' });
