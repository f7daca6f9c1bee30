import type { TypingState } from '../../../../contract/chats.ts';
import { knownChat } from '../../outbound/known-chat.ts';
import { performInPage, type PageOperationResult } from '../../page/page-operation.ts';
import type { PageWindow } from '../../page/page-window.ts';
import { webjsHandler } from '../handler.ts';

declare const window: PageWindow;

export const setTyping = webjsHandler('chat.setTyping', async ({ page, deadlines }, { chatId, state }) => {
  const known = await knownChat(page, deadlines, chatId);
  await performInPage(page, 'fail', deadlines.call, setTypingInPage, known, state);
});

/** Shows the other side of a chat what this account is doing. */
export async function setTypingInPage(chatId: string, state: TypingState): Promise<PageOperationResult> {
  try {
    const helpers = window.WWebJS;
    if (!helpers) return { done: false, why: 'failed', reason: 'WhatsApp Web is reloading' };
    await helpers.sendChatstate(state === 'composing' ? 'typing' : state === 'paused' ? 'stop' : state, chatId);
    return { done: true };
  } catch (error) {
    return { done: false, why: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}
