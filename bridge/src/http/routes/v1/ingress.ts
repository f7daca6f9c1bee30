/**
 * What the other side sends to the sessions of an engine, such as the webhooks of an official API. It signs in a way of its
 * own, which the engine verifies, so the bridge bounds what it takes in from anybody: size, time and number. There are no
 * such routes unless an engine asks for them.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { WabError } from '../../../contract/errors.ts';
import type { SessionName } from '../../../contract/ids.ts';
import type { AppDependencies } from '../../services.ts';
import { SessionParams } from '../schemas.ts';

/** Requests of one engine that are taken in at the same time. */
const MAX_AT_ONCE = 32;
/** Longest time from the head of a request to its answer, in milliseconds. */
const MAX_MS = 30_000;

type Needs = { deps: Pick<AppDependencies, 'sessions' | 'ingress'> };

export const ingressRoutes = async (app: FastifyInstance, { deps: { sessions, ingress } }: Needs): Promise<void> => {
  app.removeAllContentTypeParsers();
  // Of any type, and as the bytes that were signed.
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, next) => next(null, body));

  for (const { engine, methods, maxBodyBytes } of ingress) {
    const onRequest = limited();
    for (const method of methods) {
      app.route<{ Params: { name: string }; Body: Buffer | undefined }>({
        method,
        url: `/ingress/${engine}/:name`,
        config: { scope: 'unsigned' },
        bodyLimit: maxBodyBytes,
        // The OpenAPI document is for clients of the bridge.
        schema: { hide: true, params: SessionParams, ...(method === 'POST' ? { body: Type.Unknown() } : {}) },
        onRequest,
        handler: async (request, reply) => {
          const { url = '', headers } = request.raw;
          const answer = await sessions.receive(request.params.name as SessionName, engine, {
            method,
            query: url.includes('?') ? url.slice(url.indexOf('?') + 1) : '',
            headers,
            body: request.body ?? Buffer.alloc(0),
          });
          return reply
            .code(answer.status)
            .headers({ 'cache-control': 'no-store', ...answer.headers })
            .send(Buffer.from(answer.body ?? ''));
        },
      });
    }
  }
};

/** Refuses a request before its body is read if there are too many, and ends one that takes too long. */
function limited(): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const open = new Set<object>();
  return async ({ raw: request }, { raw: response }) => {
    if (open.size >= MAX_AT_ONCE)
      throw new WabError('WAB_OVERLOADED', { what: 'requests to an engine at the same time' });
    const { socket } = request;
    open.add(request);
    const timer = setTimeout(() => socket.destroy(), MAX_MS).unref();
    const release = (): void => {
      open.delete(request);
      clearTimeout(timer);
      // The socket may have more requests to come.
      socket.off('close', release);
    };
    // The answer to a request that asks for an upgrade never closes, and one whose client goes away never finishes.
    response.once('finish', release).once('close', release);
    socket.once('close', release);
  };
}
