/** What links a session and is not in the catalogue of operations: the QR code, also as an image, and asking for a pairing code. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { toBuffer } from 'qrcode';
import Type from 'typebox';
import { literals, object } from '../../../contract/schema.ts';
import { LoginCode } from '../../../contract/views/session.ts';
import { requireSession } from '../../../auth/permissions.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers, SessionParams } from '../schemas.ts';

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
  const manage = { scope: 'sessions:manage' } as const;

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
      return reply
        .type('image/png')
        .send((await toBuffer(qr.code, { type: 'png', margin: 2, width: 360 })) as unknown as string);
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
};
