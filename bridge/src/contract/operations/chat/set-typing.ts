import { CHAT, CHAT_DEADLINE_MS, CHAT_ERRORS, TYPING_STATES } from '../../chats.ts';
import { Nothing, operation } from '../../operation.ts';
import { literals, object } from '../../schema.ts';

export const setTyping = operation({
  id: 'chat.setTyping',
  via: { engine: CHAT_DEADLINE_MS },
  scope: 'messages:send',
  summary: 'Show the other people in a chat that the account is typing or recording, or has stopped',
  tag: 'chats',
  operationId: 'setTyping',
  http: { method: 'POST', path: '/sessions/{session}/chats/{chatId}/typing', status: 204 },
  input: object({ ...CHAT, state: literals(TYPING_STATES) }),
  result: Nothing,
  errors: CHAT_ERRORS,
  examples: [{ session: 'support', chatId: '+4915112345678', state: 'composing' }],
});
