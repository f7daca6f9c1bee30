/** What an account can do in a chat besides sending: acts that are over in a moment and are never queued. */
import { literals, object } from './schema.ts';

/** What the other side sees of somebody who writes; `paused` takes it back. */
export const TYPING_STATES = ['composing', 'recording', 'paused'] as const;
export type TypingState = (typeof TYPING_STATES)[number];
/** What is shown unless another state is asked for. */
export const DEFAULT_TYPING_STATE: TypingState = 'composing';

/** The body of `POST /v1/sessions/{name}/chats/{chatId}/typing`. */
export const TypingRequest = object({ state: literals(TYPING_STATES) }, { $id: 'TypingRequest' });
