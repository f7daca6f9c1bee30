/**
 * Nothing works unsigned but liveness. Before a body is read the signature is verified, its nonce used up and the scope
 * checked; while the body is read its digest is compared, whichever handler reads it.
 */
import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import type { FastifyInstance, FastifyPluginCallback, FastifyRequest, RequestPayload } from 'fastify';
import plugin from 'fastify-plugin';
import { requireScope } from '../../auth/permissions.ts';
import { headOf, type RequestHead } from '../../auth/request-head.ts';
import type { VerifiedRequest } from '../../auth/verifier.ts';
import { WabError } from '../../contract/errors.ts';
import { ALL_SCOPES } from '../../contract/scopes.ts';
import type { Access } from '../access.ts';
import { ClientLeft, isCutOff } from '../client-left.ts';

const ACCESSES: readonly Access[] = [...ALL_SCOPES, 'any', 'unsigned'];

interface RequestVerifier {
  verify(head: RequestHead): Promise<VerifiedRequest>;
}

/** The guard as a plugin, ready to be registered before any route. */
export function createGuard(verifier: RequestVerifier): FastifyPluginCallback {
  const install = (app: FastifyInstance, _options: object, done: (error?: Error) => void): void => {
    app.decorateRequest('principal', null);
    app.decorateRequest('contentSha256', null);

    app.addHook('onRoute', (route) => {
      const access = route.config?.scope;
      if (access === undefined || !ACCESSES.includes(access)) {
        throw new Error(`${String(route.method)} ${route.url} does not state its scope (config.scope)`);
      }
    });

    app.addHook('onRequest', async (request) => {
      const access = accessOf(request);
      if (access === 'unsigned') return;
      const { principal, bodySha256 } = await verifier.verify(headOf(request.raw, request.originalUrl));
      if (access !== 'any') requireScope(principal, access);
      request.principal = principal;
      request.contentSha256 = bodySha256;
    });

    app.addHook('preParsing', (request, _reply, payload, next) => {
      // While the signature was verified.
      if (isCutOff(request.raw)) return next(new ClientLeft());
      next(null, request.contentSha256 === null ? payload : compareDigest(payload, request.contentSha256));
    });
    done();
  };
  return plugin(install, { name: 'guard' });
}

/** A path without a route tells nobody without a key that it has none. */
const accessOf = (request: FastifyRequest): Access =>
  request.is404 ? 'any' : (request.routeOptions.config.scope ?? 'any');

/** The same bytes, ending in WAB_CONTENT_DIGEST_MISMATCH instead of an end where they are not the signed ones. */
function compareDigest(payload: RequestPayload, expected: string): RequestPayload {
  const hash = createHash('sha256');
  const compared: Transform & { receivedEncodedLength?: number } = new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, next: TransformCallback) {
      hash.update(chunk);
      // Fastify holds this against Content-Length.
      compared.receivedEncodedLength = (compared.receivedEncodedLength ?? 0) + chunk.length;
      next(null, chunk);
    },
    flush(next: TransformCallback) {
      next(hash.digest('base64') === expected ? null : new WabError('WAB_CONTENT_DIGEST_MISMATCH'));
    },
  });
  compared.receivedEncodedLength = 0;
  // Who reads it hears of the error; where nobody reads any more (the request was refused meanwhile), it is not news.
  compared.on('error', () => undefined);
  payload.once('error', (error) => compared.destroy(error));
  // A client that goes away in the middle ends nothing properly; what reads the body must hear of it.
  payload.once('close', () => {
    if (!payload.readableEnded) compared.destroy();
  });
  return payload.pipe(compared);
}
