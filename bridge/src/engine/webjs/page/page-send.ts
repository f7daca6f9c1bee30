/** Sends a message; a function that runs in the page, see `page-functions.ts` for its rules. */
import type { HeldFile, PageRefused, PageWindow } from './page-window.ts';

declare const window: PageWindow;

export interface PageSend {
  readonly chatId: string;
  readonly stanzaId: string;
  /** What a person reads of it: the text, or the caption of a file. */
  readonly text: string | null;
  /** Of each person every id that the number may have, the one that was asked for first. */
  readonly mentions: readonly (readonly [string, ...string[]])[];
  readonly quoted: string | null;
  /** The file that the page holds under this token. */
  readonly media: HeldFile | null;
  /** Options of the library's `sendMessage` that this kind of message has. */
  readonly options: Readonly<Record<string, unknown>>;
}
export type PageSendResult =
  { readonly sent: true; readonly messageId: string; readonly sentAt: number; readonly ack: number } | PageRefused;

/** Sends through the library's own page function, under the id that the bridge chose; an id that is there is not sent again. */
export async function sendInPage(order: PageSend): Promise<PageSendResult> {
  const helpers = window.WWebJS;
  const failed = (why: PageRefused['why'], reason: string): PageRefused => ({ sent: false, why, reason });
  if (!helpers) return failed('reloading', 'WhatsApp Web is reloading');
  if (!window.wabridge.apply())
    return failed('before-id', 'this version of WhatsApp Web does not allow the id of a message to be chosen');
  const { underWay } = window.wabridge;
  if (underWay.has(order.stanzaId)) return failed('after-id', 'WhatsApp Web is still processing this message');
  underWay.add(order.stanzaId);
  try {
    const { Msg } = window.require('WAWebCollections');
    const earlier =
      Msg.get(`true_${order.chatId}_${order.stanzaId}`) ??
      Msg.getModelsArray().find((each) => each.id.fromMe && each.id.id === order.stanzaId);
    if (earlier) return { sent: true, messageId: earlier.id._serialized, sentAt: earlier.t, ack: earlier.ack };
    const found = await window.wabridge.chatToSendTo(order.chatId);
    if ('why' in found) return found;
    const { chat } = found;
    const quoted = order.quoted === null ? null : await window.wabridge.quotable(order.quoted, chat);
    if (quoted !== null && 'why' in quoted) return quoted;
    const { text, mentioned } = window.wabridge.withMentions(order, chat);
    const media = order.media === null ? null : window.wabridge.fileToSend(order.media);
    if (media !== null && 'why' in media) return media;
    const options: Record<string, unknown> = {
      mentionedJidList: mentioned,
      ignoreQuoteErrors: false,
      waitUntilMsgSent: false,
      ...(quoted === null ? {} : { quotedMessageId: quoted.quotedId }),
      ...order.options,
      ...(media === null ? {} : { media, ...(text === null ? {} : { caption: text, isCaptionByUser: true }) }),
    };
    // The library reads this option right before it asks for an id, with no await in between: many sends at once cannot
    // take each other's ids.
    Object.defineProperty(options, 'invokedBotWid', {
      enumerable: false,
      configurable: true,
      get: () => {
        window.wabridge.choose(order.stanzaId);
        return undefined;
      },
    });
    const message = await helpers.sendMessage(chat, media === null ? (text ?? '') : '', options);
    // The store is asked by our own id: an answer of `undefined` does not mean that nothing was sent.
    const stored = message ?? Msg.getModelsArray().find((each) => each.id.id === order.stanzaId);
    if (!stored)
      return failed(
        window.wabridge.wasUsed(order.stanzaId) ? 'after-id' : 'before-id',
        'WhatsApp Web did not create the message',
      );
    return { sent: true, messageId: stored.id._serialized, sentAt: stored.t, ack: stored.ack };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (window.wabridge.wasUsed(order.stanzaId)) return failed('after-id', reason);
    return failed(reason.includes('No LID') ? 'no-chat' : 'before-id', reason);
  } finally {
    underWay.delete(order.stanzaId);
  }
}
