/**
 * Sessions. These requests ask for a state, not for an act: repeating one changes nothing more, so they take no
 * Idempotency-Key (creating the same session again is refused with WAB_SESSION_EXISTS).
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { toBuffer } from 'qrcode';
import Type from 'typebox';
import { DEFAULT_ENGINE, ENGINE_NAMES } from '../../../contract/engines.ts';
import { SESSION_NAME_PATTERN } from '../../../contract/ids.ts';
import { listOf, literals, nullable, object } from '../../../contract/schema.ts';
import { LoginCode, SessionHealth, SessionView } from '../../../contract/views/session.ts';
import { allows, requireSession } from '../../../auth/permissions.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers, Empty, SessionParams } from '../schemas.ts';

const ProxyUrl = Type.String({
  minLength: 1,
  maxLength: 2048,
  description:
    'http, https or socks5 URL; http and https URLs may contain a login, which is stored encrypted and never shown',
});
const NewSession = object({
  name: Type.String({ pattern: SESSION_NAME_PATTERN }),
  engine: Type.Optional(literals(ENGINE_NAMES)),
  proxy: Type.Optional(ProxyUrl),
});
const NewProxy = object({ proxy: nullable(ProxyUrl) });
const PairingRequest = object({
  phone: Type.String({
    minLength: 3,
    maxLength: 40,
    description: 'the phone number of the account to link, with country code',
  }),
});
const QrQuery = object({ format: Type.Optional(literals(['json', 'png'])) });

type Needs = { deps: Pick<AppDependencies, 'sessions'> };

export const sessionRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps: { sessions } }) => {
  const tags = ['sessions'];
  const read = { scope: 'sessions:read' } as const;
  const manage = { scope: 'sessions:manage' } as const;

  app.get(
    '/sessions',
    {
      config: read,
      schema: {
        operationId: 'listSessions',
        summary: 'List sessions',
        tags,
        response: answers({ 200: object({ sessions: listOf(SessionView) }) }),
      },
    },
    async (request) => ({ sessions: sessions.list().filter((session) => allows(principalOf(request), session.name)) }),
  );

  app.post(
    '/sessions',
    {
      config: manage,
      schema: {
        operationId: 'addSession',
        summary: `Add a session and start it (default engine: ${DEFAULT_ENGINE})`,
        tags,
        body: NewSession,
        response: answers({ 201: SessionView }),
      },
    },
    async (request, reply) => {
      const name = requireSession(principalOf(request), request.body.name);
      const { engine = DEFAULT_ENGINE, proxy = null } = request.body;
      return reply.code(201).send(await sessions.add(name, engine, proxy));
    },
  );

  app.get(
    '/sessions/:name',
    {
      config: read,
      schema: {
        operationId: 'getSession',
        summary: 'Read a session',
        tags,
        params: SessionParams,
        response: answers({ 200: SessionView }),
      },
    },
    async (request) => sessions.get(requireSession(principalOf(request), request.params.name)),
  );

  app.get(
    '/sessions/:name/health',
    {
      config: read,
      schema: {
        operationId: 'getSessionHealth',
        summary: 'The health of a session, from its regular checks',
        tags,
        params: SessionParams,
        response: answers({ 200: SessionHealth }),
      },
    },
    async (request) => sessions.health(requireSession(principalOf(request), request.params.name)),
  );

  app.delete(
    '/sessions/:name',
    {
      config: manage,
      schema: {
        operationId: 'deleteSession',
        summary: 'Stop a session and remove it with its login state',
        tags,
        params: SessionParams,
        response: answers({ 204: Empty }),
      },
    },
    async (request, reply) => {
      await sessions.delete(requireSession(principalOf(request), request.params.name));
      return reply.code(204).send(null);
    },
  );

  app.put(
    '/sessions/:name/proxy',
    {
      config: manage,
      schema: {
        operationId: 'setSessionProxy',
        summary: 'Set or remove the proxy of a session, from its next start',
        tags,
        params: SessionParams,
        body: NewProxy,
        response: answers({ 200: SessionView }),
      },
    },
    async (request) => sessions.setProxy(requireSession(principalOf(request), request.params.name), request.body.proxy),
  );

  const operations = {
    start: { operationId: 'startSession', summary: 'Start a session' },
    stop: { operationId: 'stopSession', summary: 'Stop a session, keeping its login state' },
    logout: { operationId: 'logoutSession', summary: 'Unlink the account' },
  } as const;
  for (const operation of ['start', 'stop', 'logout'] as const) {
    app.post(
      `/sessions/:name/${operation}`,
      {
        config: manage,
        schema: { ...operations[operation], tags, params: SessionParams, response: answers({ 200: SessionView }) },
      },
      async (request) => sessions[operation](requireSession(principalOf(request), request.params.name)),
    );
  }

  app.get(
    '/sessions/:name/qr',
    {
      config: manage,
      schema: {
        operationId: 'getSessionQr',
        summary: 'The QR code to scan, as JSON or as a PNG image',
        tags,
        params: SessionParams,
        querystring: QrQuery,
        response: answers({
          200: {
            description: 'The code',
            content: {
              'application/json': { schema: LoginCode },
              'image/png': { schema: Type.String({ format: 'binary' }) },
            },
          },
        }),
      },
    },
    async (request, reply) => {
      const qr = sessions.qr(requireSession(principalOf(request), request.params.name));
      void reply.header('cache-control', 'no-store');
      if (request.query.format !== 'png') return reply.send(qr);
      return reply.type('image/png').send((await toBuffer(qr.code, { type: 'png', margin: 2, width: 360 })) as never);
    },
  );

  app.post(
    '/sessions/:name/pairing-code',
    {
      config: manage,
      schema: {
        operationId: 'requestPairingCode',
        summary: 'Request a code that links the account of a phone number when entered on that phone',
        description:
          'Only while the session is awaiting_scan. A new code invalidates the previous one; WhatsApp limits how many it gives.',
        tags,
        params: SessionParams,
        body: PairingRequest,
        response: answers({ 201: LoginCode }),
      },
    },
    async (request, reply) => {
      const name = requireSession(principalOf(request), request.params.name);
      const code = await sessions.requestPairingCode(name, request.body.phone);
      return reply.header('cache-control', 'no-store').code(201).send(code);
    },
  );

  app.get(
    '/sessions/:name/pairing-code',
    {
      config: manage,
      schema: {
        operationId: 'getPairingCode',
        summary: 'The current pairing code: the one requested, or its renewal',
        tags,
        params: SessionParams,
        response: answers({ 200: LoginCode }),
      },
    },
    async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      return sessions.pairingCode(requireSession(principalOf(request), request.params.name));
    },
  );
};
