/**
 * Operations in a chat. They are done when the answer comes, or refused; nothing is queued. Each asks for a state, so
 * that repeating it changes nothing more, and takes no Idempotency-Key.
 */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { TypingRequest } from '../../../contract/chats.ts';
import { AnyAddress } from '../../../contract/messages.ts';
import { object } from '../../../contract/schema.ts';
import { requireSession } from '../../../auth/permissions.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers, Empty, SessionParams } from '../schemas.ts';

const Params = object({ ...SessionParams.properties, chatId: AnyAddress });

type Needs = { deps: Pick<AppDependencies, 'sessions'> };

export const chatRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps: { sessions } }) => {
  const config = { scope: 'messages:send' } as const;
  const common = { tags: ['chats'], params: Params, response: answers({ 204: Empty }) };

  app.post(
    '/sessions/:name/chats/:chatId/read',
    { config, schema: { operationId: 'markRead', summary: 'Mark a chat as read', ...common } },
    async (request, reply) => {
      const { name, chatId } = request.params;
      await sessions.markRead(requireSession(principalOf(request), name), chatId);
      return reply.code(204).send(null);
    },
  );

  app.post(
    '/sessions/:name/chats/:chatId/typing',
    {
      config,
      schema: {
        operationId: 'setTyping',
        summary: 'Show the other people in a chat that the account is typing or recording, or has stopped',
        body: TypingRequest,
        ...common,
      },
    },
    async (request, reply) => {
      const { name, chatId } = request.params;
      await sessions.setTyping(requireSession(principalOf(request), name), chatId, request.body.state);
      return reply.code(204).send(null);
    },
  );
};
