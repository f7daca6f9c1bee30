/** How far messages of this account have come. Runs in the page, as said in `page-functions.ts`. */
import type { PageMessage, PageWindow } from './page-window.ts';

declare const window: PageWindow;

export interface PageReceipt {
  /** As it was asked for; the page may have the message under another key by now. */
  readonly wireId: string;
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

export async function readReceipts(wireIds: readonly string[]): Promise<PageReceipts> {
  const receipts: PageReceipt[] = [];
  try {
    const { Msg } = window.require('WAWebCollections');
    const add = (wireId: string, { id, type, ack }: PageMessage): void => {
      receipts.push({ wireId, chat: id.remote._serialized, type, ack });
    };
    const unloaded: string[] = [];
    for (const wireId of wireIds) {
      const message = Msg.get(wireId);
      if (message) add(wireId, message);
      else unloaded.push(wireId);
    }
    if (unloaded.length === 0) return { receipts };
    // Stanza ids of this account's own messages are random: whichever key a message has by now, it is told by that.
    const wanted = new Map<string, string>();
    const keys: string[] = [];
    for (const wireId of unloaded) {
      const [, chat, stanza] = wireId.split('_');
      if (!chat || !stanza) continue;
      wanted.set(stanza, wireId);
      keys.push(...window.wabridge.ownKeys(chat, stanza));
    }
    const stored = (await Msg.getMessagesById(keys))?.messages;
    if (!stored) return { receipts, failed: 'WhatsApp Web does not report which messages it stores' };
    for (const message of stored) {
      const wireId = message.id.fromMe ? wanted.get(message.id.id) : undefined;
      if (wireId === undefined) continue;
      wanted.delete(message.id.id);
      add(wireId, message);
    }
    return { receipts };
  } catch (error) {
    return { receipts, failed: error instanceof Error ? error.message : String(error) };
  }
}
