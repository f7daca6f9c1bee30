/** How far messages of this account have come. Runs in the page, as said in `page-functions.ts`. */
import type { PageMessage, PageWindow } from './page-window.ts';

declare const window: PageWindow;

export interface PageReceipt {
  /** As it was asked for; the page may have the message under another key by now. */
  readonly messageId: string;
  readonly chat: string;
  readonly type: string;
  readonly ack: number;
}

export interface PageReceipts {
  /** Of the messages that the page has, in memory or in its store. */
  readonly receipts: readonly PageReceipt[];
  /** The store could not be asked, in the page's words; what is in memory is told all the same. */
  readonly failed?: string;
}

export async function readReceipts(messageIds: readonly string[]): Promise<PageReceipts> {
  const receipts: PageReceipt[] = [];
  try {
    const { Msg } = window.require('WAWebCollections');
    const add = (messageId: string, { id, type, ack }: PageMessage): void => {
      receipts.push({ messageId, chat: id.remote._serialized, type, ack });
    };
    const unloaded: string[] = [];
    for (const messageId of messageIds) {
      const message = Msg.get(messageId);
      if (message) add(messageId, message);
      else unloaded.push(messageId);
    }
    if (unloaded.length === 0) return { receipts };
    // Stanza ids of this account's own messages are random: whichever key a message has by now, it is told by that.
    const wanted = new Map<string, string>();
    const keys: string[] = [];
    for (const messageId of unloaded) {
      const [, chat, stanzaId] = messageId.split('_');
      if (!chat || !stanzaId) continue;
      wanted.set(stanzaId, messageId);
      keys.push(...window.wabridge.ownKeys(chat, stanzaId));
    }
    const stored = (await Msg.getMessagesById(keys))?.messages;
    if (!stored) return { receipts, failed: 'WhatsApp Web does not report which messages it stores' };
    for (const message of stored) {
      const messageId = message.id.fromMe ? wanted.get(message.id.id) : undefined;
      if (messageId === undefined) continue;
      wanted.delete(message.id.id);
      add(messageId, message);
    }
    return { receipts };
  } catch (error) {
    return { receipts, failed: error instanceof Error ? error.message : String(error) };
  }
}
