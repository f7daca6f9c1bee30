/** Operations in a chat other than sending, through the page, once each. */
import type { TypingState } from '../../../contract/chats.ts';
import type { ChatId } from '../../../contract/ids.ts';
import { EngineError, type ReactionSend, type SendReceipt } from '../../engine.ts';
import { chatKindOf } from '../../../contract/whatsapp-id.ts';
import type { Deadlines } from '../deadlines.ts';
import { markReadInPage, type PageOperationResult, reactInPage, setTypingInPage } from '../page/page-operations.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { findChat } from '../page/page-functions.ts';
import { describe, withoutNumbers } from '../page/page-reason.ts';

/**
 * The chat that a person or group is reached under.
 *
 * @throws EngineError `fail` (WAB_CHAT_UNKNOWN) where WhatsApp has none, `defer` where the page does not answer or fails
 */
export async function knownChat(page: PageCalls, deadlines: Deadlines, chatId: ChatId): Promise<ChatId> {
  const kind = chatKindOf(chatId);
  if (kind !== 'direct' && kind !== 'group') {
    throw new EngineError('fail', 'WAB_CHAT_UNKNOWN', 'messages can be sent only to people and groups');
  }
  const answer = await page.call(findChat, deadlines.call, chatId).catch((error: unknown) => {
    throw new EngineError('defer', 'WAB_SESSION_NOT_READY', describe(error), { cause: error });
  });
  const { found, failed, reason = '' } = answer;
  if (failed === 'reloading') throw new EngineError('defer', 'WAB_SESSION_NOT_READY', reason);
  if (failed === 'threw') throw new EngineError('defer', 'WAB_SEND_FAILED', withoutNumbers(reason));
  if (found === null)
    throw new EngineError('fail', 'WAB_CHAT_UNKNOWN', 'WhatsApp has no account or group with this id');
  return found as ChatId;
}

/** @throws EngineError: `unknown` where the page did not say that it was done, since it may have been all the same */
export async function react(page: PageCalls, deadlines: Deadlines, reaction: ReactionSend): Promise<SendReceipt> {
  const { chatId, targetMessageId, emoji } = reaction;
  const operation = page.call(reactInPage, deadlines.send, chatId, targetMessageId, emoji);
  assertDone(await answerOf(operation), 'unknown');
  return { messageId: targetMessageId, sentAt: new Date() };
}

/** @throws EngineError as `Engine.markRead` says */
export async function markRead(page: PageCalls, deadlines: Deadlines, chatId: ChatId): Promise<void> {
  assertDone(await answerOf(page.call(markReadInPage, deadlines.call, chatId)), 'fail');
}

/** @throws EngineError as `Engine.setTyping` says */
export async function setTyping(
  page: PageCalls,
  deadlines: Deadlines,
  chatId: ChatId,
  state: TypingState,
): Promise<void> {
  const known = await knownChat(page, deadlines, chatId);
  assertDone(await answerOf(page.call(setTypingInPage, deadlines.call, known, state)), 'fail');
}

async function answerOf(operation: Promise<PageOperationResult>): Promise<PageOperationResult> {
  try {
    return await operation;
  } catch (error) {
    throw new EngineError('unknown', 'WAB_SESSION_NOT_READY', describe(error), { cause: error });
  }
}

/** @param failed what is known where the page failed at it */
function assertDone(operation: PageOperationResult, failed: 'fail' | 'unknown'): void {
  if (operation.done) return;
  switch (operation.why) {
    case 'no-chat':
      throw new EngineError('fail', 'WAB_CHAT_UNKNOWN', operation.reason);
    case 'no-message':
      throw new EngineError('fail', 'WAB_MESSAGE_UNKNOWN', operation.reason);
    case 'failed':
      throw new EngineError(failed, 'WAB_OPERATION_FAILED', `WhatsApp Web said: ${withoutNumbers(operation.reason)}`);
  }
}
