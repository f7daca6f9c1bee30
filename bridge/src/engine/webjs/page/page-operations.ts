/**
 * Operations in a chat that run in the page: reactions, read state, typing. As in `page-functions.ts`, each function is
 * sent to the browser as text, refers to nothing outside itself and catches what the page throws.
 */
import type { TypingState } from '../../../contract/chats.ts';
import type { PageWindow } from './page-window.ts';

declare const window: PageWindow;

export type PageOperationResult =
  | { readonly done: true }
  | { readonly done: false; readonly why: 'no-chat' | 'no-message' | 'failed'; readonly reason: string };

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
