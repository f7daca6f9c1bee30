import { CHAT, CHAT_DEADLINE_MS, CHAT_ERRORS } from '../../chats.ts';
import { Nothing, operation } from '../../operation.ts';
import { object } from '../../schema.ts';

export const markRead = operation({
  id: 'chat.markRead',
  via: { engine: CHAT_DEADLINE_MS },
  scope: 'messages:send',
  summary: 'Mark a chat as read',
  tag: 'chats',
  operationId: 'markRead',
  http: { method: 'POST', path: '/sessions/{session}/chats/{chatId}/read', status: 204 },
  input: object(CHAT),
  result: Nothing,
  errors: CHAT_ERRORS,
  examples: [{ session: 'support', chatId: '+4915112345678' }],
});
