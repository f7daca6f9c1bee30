/** What an account does in a chat besides sending. It is over in a moment and never queued. */
import type { ErrorCode } from './errors.ts';
import { RecipientField, SessionField } from './fields.ts';

/** What the other side sees of somebody who writes; `paused` takes it back. */
export const TYPING_STATES = ['composing', 'recording', 'paused'] as const;
export type TypingState = (typeof TYPING_STATES)[number];
/** What is shown unless another state is asked for. */
export const DEFAULT_TYPING_STATE: TypingState = 'composing';

/** After a longer wait, marking as read or showing as typing would come too late. */
export const CHAT_DEADLINE_MS = 8_000;
export const CHAT = { session: SessionField, chatId: RecipientField };
/** What can be wrong with anything that an engine does at once in a chat. */
export const CHAT_ERRORS = [
  'WAB_SESSION_NOT_FOUND',
  'WAB_ENGINE_NOT_ENABLED',
  'WAB_OPERATION_UNSUPPORTED',
  'WAB_ADDRESS_INVALID',
  'WAB_SESSION_NOT_READY',
  'WAB_CHAT_UNKNOWN',
  'WAB_OPERATION_FAILED',
] as const satisfies readonly ErrorCode[];
