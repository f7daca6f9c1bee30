/** Taking a message into the outbox. It joins the catalogue of operations with the message kinds. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { IDEMPOTENCY_DAYS } from '../../../contract/defaults.ts';
import { WabError } from '../../../contract/errors.ts';
import { WaitMs } from '../../../contract/fields.ts';
import type { OutboxId } from '../../../contract/ids.ts';
import { SendRequest } from '../../../contract/messages.ts';
import { OutboxMessage } from '../../../contract/views/outbox-message.ts';
import { object } from '../../../contract/schema.ts';
import { requireSession } from '../../../auth/permissions.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers } from '../schemas.ts';

const SendQuery = object({
  firstAnswer: Type.Optional(
    Type.Boolean({ description: 'a known Idempotency-Key returns its first message even if the body differs' }),
  ),
  waitMs: WaitMs,
});
// Open, since a request has other headers too.
const SendHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({ description: `required; 1 to 255 visible characters, kept for ${IDEMPOTENCY_DAYS} days` }),
  ),
});
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

type Needs = { deps: Pick<AppDependencies, 'outbox'> };

export const messageRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps: { outbox } }) => {
  app.post(
    '/messages',
    {
      config: { scope: 'messages:send' },
      schema: {
        operationId: 'sendMessage',
        summary: 'Store a message durably and send it',
        tags: ['messages'],
        headers: SendHeaders,
        querystring: SendQuery,
        body: SendRequest,
        response: answers({ 202: OutboxMessage }),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const idempotencyKey = request.headers['idempotency-key'];
      if (typeof idempotencyKey !== 'string' || !IDEMPOTENCY_KEY.test(idempotencyKey))
        throw new WabError('WAB_IDEMPOTENCY_KEY_MISSING');
      requireSession(principal, request.body.session);
      const { firstAnswer = false, waitMs } = request.query;
      const accepted = await outbox.accept(request.body, {
        keyId: principal.keyId,
        sessions: principal.sessions,
        idempotencyKey,
        firstAnswer,
      });
      const message = waitMs ? await outbox.get(accepted.message.id as OutboxId, waitMs) : accepted.message;
      return reply.code(202).send({ ...message, replayed: accepted.replayed });
    },
  );
};
