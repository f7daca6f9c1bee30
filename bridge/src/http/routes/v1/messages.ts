/** Outbox messages: take, watch, settle. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { DEFAULT_LIST_LIMIT, IDEMPOTENCY_DAYS } from '../../../contract/defaults.ts';
import { WabError } from '../../../contract/errors.ts';
import { limitOf } from '../../../contract/fields.ts';
import { OUTBOX_ID_PATTERN, SESSION_NAME_PATTERN, type OutboxId, type SessionName } from '../../../contract/ids.ts';
import { SendRequest } from '../../../contract/messages.ts';
import { OutboxMessage, OUTBOX_STATES, type OutboxState } from '../../../contract/views/outbox-message.ts';
import { listOf, literals, object } from '../../../contract/schema.ts';
import { allows, requireSession } from '../../../auth/permissions.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers, itemsOf, OutboxParams, WaitMs } from '../schemas.ts';

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
const ListQuery = object({
  session: Type.Optional(Type.String({ pattern: SESSION_NAME_PATTERN })),
  state: Type.Optional(Type.String({ maxLength: 200, description: `comma-separated: ${OUTBOX_STATES.join(', ')}` })),
  before: Type.Optional(Type.String({ pattern: OUTBOX_ID_PATTERN, description: 'list messages older than this one' })),
  limit: limitOf(DEFAULT_LIST_LIMIT),
});
const ResolveBody = object({ as: literals(['sent', 'failed', 'resend']) });
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

type Needs = { deps: Pick<AppDependencies, 'outbox'> };

export const messageRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps: { outbox } }) => {
  const tags = ['messages'];
  const read = { scope: 'messages:read' } as const;
  const send = { scope: 'messages:send' } as const;

  /** The message, if the key may see its session. */
  const find = async (request: FastifyRequest, id: string, waitMs?: number): Promise<OutboxMessage> => {
    const message = await outbox.get(id as OutboxId, waitMs);
    // One of another session answers like one that does not exist.
    if (!allows(principalOf(request), message.session as SessionName))
      throw new WabError('WAB_OUTBOX_NOT_FOUND', { id });
    return message;
  };

  app.post(
    '/messages',
    {
      config: send,
      schema: {
        operationId: 'sendMessage',
        summary: 'Store a message durably and send it',
        tags,
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

  app.get(
    '/messages',
    {
      config: read,
      schema: {
        operationId: 'listMessages',
        summary: 'List outbox messages, newest first',
        tags,
        querystring: ListQuery,
        response: answers({ 200: object({ messages: listOf(OutboxMessage) }) }),
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { session, before, limit = DEFAULT_LIST_LIMIT } = request.query;
      const states = statesOf(request.query.state);
      const filter = { limit, ...(states ? { states } : {}), ...(before ? { before: before as OutboxId } : {}) };
      if (session !== undefined)
        return { messages: await outbox.list({ ...filter, session: requireSession(principal, session) }) };
      if (principal.sessions === null) return { messages: await outbox.list(filter) };
      const lists = await Promise.all(
        [...principal.sessions].map((name: SessionName) => outbox.list({ ...filter, session: name })),
      );
      return {
        messages: lists
          .flat()
          .sort((a, b) => (a.id < b.id ? 1 : -1))
          .slice(0, limit),
      };
    },
  );

  app.get(
    '/messages/:id',
    {
      config: read,
      schema: {
        operationId: 'getMessage',
        summary: 'Read an outbox message; with waitMs, answers once it is neither queued nor sending',
        tags,
        params: OutboxParams,
        querystring: object({ waitMs: WaitMs }),
        response: answers({ 200: OutboxMessage }),
      },
    },
    async (request) => {
      await find(request, request.params.id);
      return outbox.get(request.params.id as OutboxId, request.query.waitMs);
    },
  );

  app.post(
    '/messages/:id/resolve',
    {
      config: send,
      schema: {
        operationId: 'resolveMessage',
        summary: 'Settle a message that is in doubt',
        tags,
        params: OutboxParams,
        body: ResolveBody,
        response: answers({ 200: OutboxMessage }),
      },
    },
    async (request) => {
      await find(request, request.params.id);
      return outbox.resolve(request.params.id as OutboxId, request.body.as);
    },
  );

  app.post(
    '/messages/:id/cancel',
    {
      config: send,
      schema: {
        operationId: 'cancelMessage',
        summary: 'Cancel a queued message',
        tags,
        params: OutboxParams,
        response: answers({ 200: OutboxMessage }),
      },
    },
    async (request) => {
      await find(request, request.params.id);
      return outbox.cancel(request.params.id as OutboxId);
    },
  );
};

function statesOf(text: string | undefined): readonly OutboxState[] | undefined {
  const states = itemsOf(text);
  const wrong = states?.find((state) => !(OUTBOX_STATES as readonly string[]).includes(state));
  if (wrong !== undefined)
    throw new WabError('WAB_INVALID_REQUEST', {
      reason: `the query parameter state must list only ${OUTBOX_STATES.join(', ')}`,
    });
  return states as readonly OutboxState[] | undefined;
}
