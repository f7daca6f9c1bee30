/** What the page has of a message whose send was cut off. Runs in the page, as said in `page-functions.ts`. */
import type { PageMessage, PageWindow } from './page-window.ts';

declare const window: PageWindow;

export type PageSendStatus =
  /** The page has it; the acknowledgement says how far it came. */
  | { readonly held: 'stored'; readonly ack: number }
  /** This document is still at work on its send. */
  | { readonly held: 'under-way' }
  /** This document gave its id away and shows no message: it may yet appear. */
  | { readonly held: 'given' }
  /** Neither in memory nor in what the page keeps between starts, and nobody in this document is about to add it. */
  | { readonly held: 'nowhere' }
  | { readonly held: 'unreadable'; readonly reason: string };

/** Looks for a message of this account by its own id, under every key that its chat may have. */
export async function readSendStatus(chatId: string, stanzaId: string): Promise<PageSendStatus> {
  try {
    const { Msg } = window.require('WAWebCollections');
    const isIt = (message: PageMessage): boolean => message.id.fromMe && message.id.id === stanzaId;
    const stored = (message: PageMessage): PageSendStatus => ({ held: 'stored', ack: message.ack });
    const inMemory = Msg.getModelsArray().find(isIt);
    if (inMemory) return stored(inMemory);
    const kept = (await Msg.getMessagesById(window.wabridge.ownKeys(chatId, stanzaId)))?.messages;
    if (!kept) return { held: 'unreadable', reason: 'WhatsApp Web does not report which messages it stores' };
    // A page that is being unlinked has forgotten what it sent before it says so.
    const { getMaybeMePnUser, getMaybeMeLidUser } = window.require('WAWebUserPrefsMeUser');
    if (!getMaybeMePnUser() && !getMaybeMeLidUser())
      return { held: 'unreadable', reason: 'WhatsApp Web no longer has an account' };
    const found = kept.find(isIt) ?? Msg.getModelsArray().find(isIt);
    if (found) return stored(found);
    if (window.wabridge.underWay.has(stanzaId)) return { held: 'under-way' };
    return { held: window.wabridge.wasUsed(stanzaId) ? 'given' : 'nowhere' };
  } catch (error) {
    return { held: 'unreadable', reason: error instanceof Error ? error.message : String(error) };
  }
}
