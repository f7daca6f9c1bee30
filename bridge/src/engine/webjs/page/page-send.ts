/** Sends a message; a function that runs in the page, see `page-functions.ts` for its rules. */
import type { PageWindow } from './page-window.ts';

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
  readonly media: { readonly token: string; readonly mimetype: string; readonly filename: string } | null;
  /** Options of the library's `sendMessage` that this kind of message has. */
  readonly options: Readonly<Record<string, unknown>>;
}
export type PageSendResult =
  | { readonly sent: true; readonly messageId: string; readonly sentAt: number; readonly ack: number }
  | { readonly sent: false; readonly why: PageRefusal; readonly reason: string };
/** `reloading` and `lost-file` say nothing about the message; `before-id` and `after-id` are failures of the page itself. */
export type PageRefusal = 'no-chat' | 'no-quoted' | 'reloading' | 'lost-file' | 'before-id' | 'after-id';

/** Sends through the library's own page function, under the id that the bridge chose; an id that is there is not sent again. */
export async function sendInPage(order: PageSend): Promise<PageSendResult> {
  const helpers = window.WWebJS;
  const failed = (why: PageRefusal, reason: string): PageSendResult => ({
    sent: false,
    why,
    reason,
  });
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
    const { createWid } = window.require('WAWebWidFactory');
    const wid = createWid(order.chatId);
    let chat = window.wabridge.knownChat(wid);
    if (!chat) {
      if (wid.server === 'g.us') return failed('no-chat', 'this account is not in the group');
      // Without this question the page throws "No LID for user" for a number that it has not met.
      const found = await window.require('WAWebQueryExistsJob').queryWidExists(wid);
      if (!found?.wid) return failed('no-chat', 'no account has this number');
      chat = (await helpers.getChat(found.wid._serialized, { getAsModel: false })) ?? undefined;
    }
    if (!chat) return failed('no-chat', 'WhatsApp Web did not open the chat');
    const { id: chatId } = chat;
    let quotedId: string | null = null;
    if (order.quoted !== null) {
      const quoted =
        Msg.get(order.quoted) ??
        (await Msg.getMessagesById([order.quoted]))?.messages?.[0] ??
        // A chat that has moved from the number to the lid has taken its messages with it.
        Msg.getModelsArray().find(
          ({ id }) => id.id === order.quoted?.split('_')[2] && id.remote._serialized === chatId._serialized,
        );
      if (!quoted) return failed('no-quoted', 'WhatsApp Web does not have the message to quote');
      const reply = window.require('WAWebMsgReply');
      const allowed = reply ? reply.canReplyMsg(quoted.unsafe()) : quoted.canReply?.();
      if (!allowed) return failed('no-quoted', 'WhatsApp does not allow this message to be quoted');
      quotedId = quoted.id._serialized;
    }
    let { text } = order;
    const { getCurrentLid } = window.require('WAWebApiContact');
    const mentions = order.mentions.map((ids) => {
      const known = window.wabridge.knownForm(ids);
      const lid = chat.groupMetadata?.isLidAddressingMode ? getCurrentLid(createWid(known)) : undefined;
      const mentioned = lid?._serialized ?? known;
      // A mention whose number in the text is written otherwise than its id would be plain text.
      const inText = `@${mentioned.split('@')[0]}`;
      for (const id of ids) {
        const written = `@${id.split('@')[0]}`;
        text = text?.replaceAll(written, inText) ?? null;
      }
      return mentioned;
    });
    let media: { mimetype: string; filename: string; file: File } | null = null;
    if (order.media !== null) {
      const { token, mimetype, filename } = order.media;
      const parts = window.wabridge.files.get(token)?.parts;
      const { mediaInfoToFile } = helpers;
      if (!parts) return failed('lost-file', 'WhatsApp Web has lost the file');
      if (!mediaInfoToFile)
        return failed('before-id', 'this version of WhatsApp Web or of its library does not accept files');
      // The library makes a file of one long text; it gets the one that is here already.
      if (!mediaInfoToFile.wabridge)
        helpers.mediaInfoToFile = Object.assign((info: { file?: File }) => info.file ?? mediaInfoToFile(info), {
          wabridge: true as const,
        });
      media = { mimetype, filename, file: new File(parts, filename, { type: mimetype }) };
    }
    const options: Record<string, unknown> = {
      mentionedJidList: mentions,
      ignoreQuoteErrors: false,
      waitUntilMsgSent: false,
      ...(quotedId === null ? {} : { quotedMessageId: quotedId }),
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
