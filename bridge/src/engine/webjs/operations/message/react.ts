import { performInPage, type PageOperationResult } from '../../page/page-operation.ts';
import type { PageWindow } from '../../page/page-window.ts';
import { webjsHandler } from '../handler.ts';

declare const window: PageWindow;

export const react = webjsHandler('message.react', async ({ page, deadlines }, { chatId, messageId, emoji }) => {
  // If the page did not say that it was done, it may have been all the same.
  await performInPage(page, 'unknown', deadlines.send, reactInPage, chatId, messageId, emoji);
  return { messageId, sentAt: new Date() };
});

/** Reacts to a message of a chat; an empty emoji takes the reaction back. */
export async function reactInPage(chatId: string, messageId: string, emoji: string): Promise<PageOperationResult> {
  try {
    const { Msg } = window.require('WAWebCollections');
    const message = Msg.get(messageId) ?? (await Msg.getMessagesById([messageId]))?.messages?.[0];
    if (!message) return { done: false, why: 'no-message', reason: 'WhatsApp Web does not have the message' };
    const wid = window.require('WAWebWidFactory').createWid(chatId);
    const other = window.wabridge.otherName(wid);
    // The message decides where the reaction goes, and that must be the chat whose order is kept.
    if (![wid._serialized, other?._serialized].includes(message.id.remote._serialized))
      return { done: false, why: 'no-message', reason: 'the message belongs to another chat' };
    await window.require('WAWebSendReactionMsgAction').sendReactionToMsg(message, emoji);
    return { done: true };
  } catch (error) {
    return { done: false, why: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}
