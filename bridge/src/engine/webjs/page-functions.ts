/**
 * Functions that run in the page. Each is sent to the browser as text, so it refers to nothing outside itself, and it
 * catches what the page throws: a call that rejects means that the way to the page is broken, not that the page refused.
 */
import type { PageChat, PageMessage, PageWid, PageWindow } from './page-window.ts';

declare const window: PageWindow;

export interface PageState {
  readonly document: string;
  readonly state: string | null;
  readonly hasSynced: boolean;
  /** The library has put its helpers into this document. */
  readonly injected: boolean;
}

export function readState(): PageState {
  const document = window.wabridge.document;
  try {
    const { Socket } = window.require('WAWebSocketModel');
    return {
      document,
      state: Socket.state,
      hasSynced: Boolean(Socket.hasSynced),
      injected: window.WWebJS !== undefined,
    };
  } catch {
    return { document, state: null, hasSynced: false, injected: false };
  }
}

/** Asks the library to take note of a sync that finished before it listened. */
export function announceSynced(): void {
  void window.onAppStateHasSyncedEvent?.();
}

export async function logOut(): Promise<void> {
  await window.require('WAWebSocketModel').Socket.logout();
}

export interface PageAddress {
  readonly id: string;
  readonly lid?: string;
  readonly phoneId?: string;
  readonly name?: string;
  /** Groups only: their members are named by lid. */
  readonly lidAddressing?: boolean;
}

/** What the page knows of an id by itself, without asking WhatsApp. */
export function lookUp(id: string): PageAddress {
  const wid = window.require('WAWebWidFactory').createWid(id);
  const { Chat, Contact } = window.require('WAWebCollections');
  const chat = Chat.get(wid);
  const contact = Contact.get(wid);
  const name = contact?.name ?? contact?.pushname ?? chat?.formattedTitle;
  const found: { -readonly [Key in keyof PageAddress]: PageAddress[Key] } = { id: wid._serialized };
  if (typeof name === 'string' && name !== '') found.name = name;
  if (wid.server === 'g.us') {
    found.lidAddressing = Boolean(chat?.groupMetadata?.isLidAddressingMode);
    return found;
  }
  if (wid.server !== 'c.us' && wid.server !== 'lid') return found;
  const { getCurrentLid, getPhoneNumber } = window.require('WAWebApiContact');
  const lid = wid.server === 'lid' ? wid : getCurrentLid(wid);
  const phone = wid.server === 'lid' ? getPhoneNumber(wid) : wid;
  if (lid) found.lid = lid._serialized;
  if (phone) found.phoneId = phone._serialized;
  return found;
}

/** The phone id behind a lid, asking WhatsApp where the page does not know it; null where WhatsApp does not tell. */
export async function askPhoneId(lid: string): Promise<string | null> {
  try {
    const { phone } = (await window.WWebJS?.enforceLidAndPnRetrieval(lid)) ?? {};
    return phone?._serialized ?? null;
  } catch {
    return null;
  }
}

export interface Self {
  readonly phoneId: string | null;
  readonly lid: string | null;
  readonly name: string | null;
}

export function readSelf(): Self {
  const { getMaybeMePnUser, getMaybeMeLidUser } = window.require('WAWebUserPrefsMeUser');
  return {
    phoneId: getMaybeMePnUser()?._serialized ?? null,
    lid: getMaybeMeLidUser()?._serialized ?? null,
    name: window.require('WAWebConnModel').Conn.pushname ?? null,
  };
}

/** The id of the chat that a message to this id goes to; null where WhatsApp knows no such account or group. */
export async function findChat(id: string): Promise<string | null> {
  const wid = window.require('WAWebWidFactory').createWid(id);
  const { Chat } = window.require('WAWebCollections');
  if (Chat.get(wid)) return wid._serialized;
  if (wid.server !== 'c.us' && wid.server !== 'lid') return null;
  const found = await window.require('WAWebQueryExistsJob').queryWidExists(wid);
  return found?.wid ? found.wid._serialized : null;
}

export interface PageSend {
  readonly chatId: string;
  readonly stanzaId: string;
  readonly content: string;
  readonly mentions: readonly string[];
  readonly quoted: string | null;
  /** The file that the page holds under this token. */
  readonly media: { readonly token: string; readonly mimetype: string; readonly filename: string } | null;
  readonly asDocument: boolean;
  readonly caption: string | null;
}
export type PageSendResult =
  | { readonly sent: true; readonly wireId: string; readonly sentAt: number; readonly ack: number }
  | { readonly sent: false; readonly why: 'no-chat' | 'no-quoted' | 'before-id' | 'after-id'; readonly reason: string };

/** Sends through the library's own page function, under the id that the bridge chose; an id that is there is not sent again. */
export async function sendInPage(order: PageSend): Promise<PageSendResult> {
  const helpers = window.WWebJS;
  const failed = (why: 'no-chat' | 'no-quoted' | 'before-id' | 'after-id', reason: string): PageSendResult => ({
    sent: false,
    why,
    reason,
  });
  if (!helpers) return failed('before-id', 'the page is reloading');
  if (!window.wabridge.apply())
    return failed('before-id', 'this version of WhatsApp Web does not let the id of a message be chosen');
  const { underWay } = window.wabridge;
  if (underWay.has(order.stanzaId)) return failed('after-id', 'the page is still at work on this message');
  underWay.add(order.stanzaId);
  try {
    const { Msg, Chat } = window.require('WAWebCollections');
    const earlier =
      Msg.get(`true_${order.chatId}_${order.stanzaId}`) ??
      Msg.getModelsArray().find((each) => each.id.fromMe && each.id.id === order.stanzaId);
    if (earlier) return { sent: true, wireId: earlier.id._serialized, sentAt: earlier.t, ack: earlier.ack };
    const wid = window.require('WAWebWidFactory').createWid(order.chatId);
    if (wid.server === 'c.us' && !Chat.get(wid)) {
      // Without it the page throws "No LID for user" for a number it has not met.
      const known = await window.require('WAWebQueryExistsJob').queryWidExists(wid);
      if (!known?.wid) return failed('no-chat', 'no account has this number');
    }
    if (wid.server === 'g.us' && !Chat.get(wid)) return failed('no-chat', 'this account is not in the group');
    const chat = await helpers.getChat(order.chatId, { getAsModel: false });
    if (!chat) return failed('no-chat', 'the page opened no chat');
    if (order.quoted !== null) {
      const quoted = Msg.get(order.quoted) ?? (await Msg.getMessagesById([order.quoted]))?.messages?.[0];
      if (!quoted) return failed('no-quoted', 'the page does not have the message to quote');
      const reply = window.require('WAWebMsgReply');
      const allowed = reply ? reply.canReplyMsg(quoted.unsafe()) : quoted.canReply?.();
      if (!allowed) return failed('no-quoted', 'WhatsApp does not let this message be quoted');
    }
    let media: { mimetype: string; filename: string; file: File } | null = null;
    if (order.media !== null) {
      const { token, mimetype, filename } = order.media;
      const parts = window.wabridge.files.get(token)?.parts;
      const { mediaInfoToFile } = helpers;
      if (!parts || !mediaInfoToFile) return failed('before-id', 'the page has lost the file');
      // The library makes a file of one long text; it gets the one that is here already.
      if (!mediaInfoToFile.wabridge)
        helpers.mediaInfoToFile = Object.assign((info: { file?: File }) => info.file ?? mediaInfoToFile(info), {
          wabridge: true as const,
        });
      media = { mimetype, filename, file: new File(parts, filename, { type: mimetype }) };
    }
    const options: Record<string, unknown> = {
      mentionedJidList: [...order.mentions],
      ignoreQuoteErrors: false,
      waitUntilMsgSent: false,
      ...(order.quoted === null ? {} : { quotedMessageId: order.quoted }),
      ...(media === null
        ? {}
        : {
            media,
            sendMediaAsDocument: order.asDocument,
            ...(order.caption === null ? {} : { caption: order.caption, isCaptionByUser: true }),
          }),
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
    const message = await helpers.sendMessage(chat, order.content, options);
    // The store is asked by our own id: an answer of `undefined` does not mean that nothing was sent.
    const stored = message ?? Msg.getModelsArray().find((each) => each.id.id === order.stanzaId);
    if (!stored)
      return failed(window.wabridge.wasUsed(order.stanzaId) ? 'after-id' : 'before-id', 'the page shows no message');
    return { sent: true, wireId: stored.id._serialized, sentAt: stored.t, ack: stored.ack };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failed(window.wabridge.wasUsed(order.stanzaId) ? 'after-id' : 'before-id', reason);
  } finally {
    underWay.delete(order.stanzaId);
  }
}

/** Ids of the chats in which something happened since a time (seconds), oldest activity first. */
export function chatsActiveSince(since: number): string[] {
  const chats = window.require('WAWebCollections').Chat.getModelsArray();
  const active = chats.filter((chat) => (chat.t ?? 0) >= since);
  return active.sort((a, b) => (a.t ?? 0) - (b.t ?? 0)).map((chat) => chat.id._serialized);
}

/**
 * The messages of a chat since a time (seconds), oldest first; `complete` is false where the limit cut them off. A chat that
 * is gone has none.
 */
export async function messagesSince(
  chatId: string,
  since: number,
  limit: number,
): Promise<{ messages: Record<string, unknown>[]; complete: boolean }> {
  const helpers = window.WWebJS;
  const wid: PageWid = window.require('WAWebWidFactory').createWid(chatId);
  const chat: PageChat | undefined = window.require('WAWebCollections').Chat.get(wid);
  if (!chat) return { messages: [], complete: true };
  if (!helpers) return { messages: [], complete: false };
  const { loadEarlierMsgs } = window.require('WAWebChatLoadMessages');
  // Messages of one second are told apart only by the order in which the page holds them; earlier ones come in batches.
  let ordered: PageMessage[] = [...chat.msgs.getModelsArray()];
  let complete = true;
  while (ordered.every((message) => message.t >= since)) {
    if (ordered.length >= limit) {
      complete = false;
      break;
    }
    const held = new Set(ordered);
    // What it returns, not what is new in the page: that can be what was said meanwhile, which is announced by itself.
    const earlier = ((await loadEarlierMsgs({ chat })) ?? []).filter((message) => !held.has(message));
    if (earlier.length === 0) break;
    ordered = [...earlier, ...ordered];
  }
  const recent = ordered.filter((message) => message.t >= since);
  const place = new Map(recent.map((message, index) => [message, index]));
  recent.sort((a, b) => a.t - b.t || (place.get(a) ?? 0) - (place.get(b) ?? 0));
  return { messages: recent.map((message) => helpers.getMessageModel(message)), complete };
}

/** Of messages that could not be read those that can be now, in the order asked for. */
export async function readDecrypted(
  wireIds: readonly string[],
): Promise<{ wireId: string; message: Record<string, unknown> }[]> {
  const helpers = window.WWebJS;
  if (!helpers) return [];
  const { Msg } = window.require('WAWebCollections');
  const unloaded = wireIds.filter((wireId) => !Msg.get(wireId));
  const stored =
    unloaded.length > 0 ? ((await Msg.getMessagesById(unloaded).catch(() => undefined))?.messages ?? []) : [];
  const found: { wireId: string; message: Record<string, unknown> }[] = [];
  for (const wireId of wireIds) {
    const message = Msg.get(wireId) ?? stored.find((each) => each.id._serialized === wireId);
    if (message && message.type !== 'ciphertext') found.push({ wireId, message: helpers.getMessageModel(message) });
  }
  return found;
}
