import { performInPage, type PageOperationResult } from '../../page/page-operation.ts';
import type { PageWindow } from '../../page/page-window.ts';
import { webjsHandler } from '../handler.ts';

declare const window: PageWindow;

export const markRead = webjsHandler('chat.markRead', ({ page, deadlines }, { chatId }) =>
  performInPage(page, 'fail', deadlines.call, markReadInPage, chatId),
);

/**
 * Marks a chat as read. WhatsApp's own function has broken before (`markedUnread`), which took sends along as long as it
 * was called with them: it stands for itself here, and the account is left unavailable however it ends.
 */
export async function markReadInPage(chatId: string): Promise<PageOperationResult> {
  try {
    const wid = window.require('WAWebWidFactory').createWid(chatId);
    const chat = window.wabridge.knownChat(wid);
    if (!chat) return { done: false, why: 'no-chat', reason: 'the account has no chat under this id' };
    const { Stream } = window.require('WAWebStreamModel');
    // Read receipts leave only while the account counts as available.
    Stream.markAvailable();
    try {
      await window.require('WAWebUpdateUnreadChatAction').sendSeen({ chat, threadId: undefined });
    } finally {
      Stream.markUnavailable();
    }
    return { done: true };
  } catch (error) {
    return { done: false, why: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}
