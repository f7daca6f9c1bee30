/** Turns every failure into a problem of the catalogue; what is not of the catalogue becomes WAB_INTERNAL and is logged. */
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { WabError } from '../../contract/errors.ts';
import { closeSocket } from '../../ops/close-socket.ts';
import type { Log } from '../../ops/logger.ts';
import { hasLeft } from '../client-left.ts';
import { PROBLEM_TYPE, problemOf } from '../problem.ts';

const install = (app: FastifyInstance, options: { log: Log }, done: () => void): void => {
  app.setErrorHandler((error: FastifyError | Error, request, reply) => {
    const known = toWabError(error, request);
    if (hasLeft(request.raw, error)) {
      options.log.info(
        { requestId: request.id, route: request.routeOptions.url },
        'the client disconnected before its request was complete',
      );
    } else if (known.code === 'WAB_INTERNAL') {
      options.log.error(
        { reference: request.id, route: request.routeOptions.url, error: describe(error) },
        'a request failed unexpectedly',
      );
    }
    return sendProblem(reply, request, known);
  });
  app.setNotFoundHandler((request, reply) => sendProblem(reply, request, notFound(request)));
  app.addHook('onResponse', (request, _reply, next) => {
    discardRest(request);
    next();
  });
  done();
};

/** How long the rest of a refused upload is taken in and thrown away, so that the client gets to read the answer. */
const DISCARD_MS = 10_000;

/** Where a request was answered before its body was read, the rest would block the connection for ever. */
function discardRest({ raw }: FastifyRequest): void {
  if (raw.complete || raw.destroyed) return;
  raw.unpipe();
  raw.resume();
  const timer = setTimeout(() => raw.socket.destroy(), DISCARD_MS).unref();
  raw.once('close', () => clearTimeout(timer));
  raw.once('end', () => clearTimeout(timer));
}

/** Options that must be given to fastify itself, for failures that happen before a request exists or is routed. */
const serverOptions = {
  frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    void sendProblem(
      reply,
      request,
      new WabError('WAB_INVALID_REQUEST', { reason: `the URL is not valid (${error.code})` }),
    );
  },
  clientErrorHandler: (error: Error & { code?: string }, socket: Socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
    const reason =
      error.code === 'HPE_HEADER_OVERFLOW' ? 'the headers are too large' : 'it is not valid HTTP, or it took too long';
    const body = JSON.stringify(problemOf(new WabError('WAB_INVALID_REQUEST', { reason }), 'none'));
    const answer = `HTTP/1.1 400 Bad Request\r\nContent-Type: ${PROBLEM_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
    // Read on, a request that was too slow could still become complete, and be carried out after it was refused.
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') socket.end(answer, () => socket.destroy());
    else closeSocket(socket, answer);
  },
};

export const problems = Object.assign(plugin(install, { name: 'problems' }), { serverOptions });

function sendProblem(reply: FastifyReply, request: FastifyRequest, error: WabError): FastifyReply {
  if (error.status === 401) void reply.header('www-authenticate', 'Signature realm="wabridge"');
  const body = JSON.stringify(problemOf(error, request.id));
  return reply
    .code(error.status)
    .header('content-type', PROBLEM_TYPE)
    .header('cache-control', 'no-store')
    .send(Buffer.from(body));
}

/** Whether fastify says that the request is at fault: QUERY without a content type, for one. */
const isRefusal = ({ statusCode = 500, code }: Partial<FastifyError>): boolean =>
  statusCode >= 400 && statusCode < 500 && code?.startsWith('FST_') === true;

function refusalOf(request: FastifyRequest, code: string): WabError {
  if (request.is404) return notFound(request);
  return new WabError('WAB_INVALID_REQUEST', { reason: `it was refused as ${code}` });
}

const notFound = ({ method, url }: FastifyRequest): WabError =>
  new WabError('WAB_NOT_FOUND', { method, path: url.split('?', 1)[0]!.slice(0, 200) });

function toWabError(error: FastifyError | Error, request: FastifyRequest): WabError {
  if (error instanceof WabError) return error;
  const code = (error as Partial<FastifyError>).code ?? '';
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new WabError('WAB_BODY_TOO_LARGE', { limitBytes: request.routeOptions.bodyLimit });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new WabError('WAB_UNSUPPORTED_CONTENT_TYPE', {
        contentType: String(request.headers['content-type'] ?? '(none)').slice(0, 100),
        expected: 'application/json',
      });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new WabError('WAB_INVALID_REQUEST', { reason: 'the body is shorter or longer than Content-Length says' });
    default:
      if (isRefusal(error)) return refusalOf(request, code);
      return new WabError('WAB_INTERNAL', { reference: request.id }, { cause: error });
  }
}

/** What may be logged of an unexpected error: its name and stack, which hold no request content of ours. */
const describe = (error: Error): object => ({
  name: error.name,
  code: (error as Partial<FastifyError>).code,
  message: error.message,
  stack: error.stack,
});
