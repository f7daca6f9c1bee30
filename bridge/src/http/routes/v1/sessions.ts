/** The QR code of a session, as JSON or as an image: the one answer about sessions that is not JSON alone. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { literals, object } from '../../../contract/schema.ts';
import { LoginCode } from '../../../contract/views/session.ts';
import { requireSession } from '../../../auth/permissions.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers, SessionParams } from '../schemas.ts';

const QrQuery = object({ format: Type.Optional(literals(['json', 'png'])) });

type Needs = { deps: Pick<AppDependencies, 'sessions'> };

export const sessionRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps: { sessions } }) => {
  app.get(
    '/sessions/:name/qr',
    {
      config: { scope: 'sessions:manage' },
      schema: {
        operationId: 'getSessionQr',
        summary: 'The QR code to scan, as JSON or as a PNG image',
        tags: ['sessions'],
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
      // Loaded only if a picture is asked for.
      const { toBuffer } = await import('qrcode');
      return reply
        .type('image/png')
        .send((await toBuffer(qr.code, { type: 'png', margin: 2, width: 360 })) as unknown as string);
    },
  );
};
