/** Looks up the chat of a recipient. */
import type { ChatId } from '../../../contract/ids.ts';
import { chatKindOf } from '../../../contract/whatsapp-id.ts';
import { EngineError } from '../../engine.ts';
import type { Deadlines } from '../deadlines.ts';
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
