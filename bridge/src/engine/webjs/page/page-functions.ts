/**
 * Functions that run in the page. Each is sent to the browser as text, so it refers to nothing outside itself but what
 * `page-shims.ts` has put into the page, and it catches what the page throws: a call that rejects means that the way to
 * the page is broken, not that the page refused.
 */
import type { PageMessage, PageWindow } from './page-window.ts';

declare const window: PageWindow;

export interface PageState {
  readonly document: string;
  readonly state: string | null;
  readonly hasSynced: boolean;
  /** The library has put its helpers into this document. */
  readonly injected: boolean;
  /** Whether the page has an account, synced or not; null while that is open. */
  readonly linked: boolean | null;
  /** How far a sync that is not over has come; null if there is none. */
  readonly sync: SyncFigures | null;
}

/** The page's own figures; each is null if the page does not tell it. */
export interface SyncFigures {
  /** Of what came while the page was closed, in percent. */
  readonly offline: number | null;
  /** Of the history that the phone sends to a newly linked device, in percent. */
  readonly history: number | null;
  readonly chats: number | null;
}

export function readState(): PageState {
  const document = window.wabridge.document;
  const figure = (read: () => unknown): number | null => {
    try {
      const value = read();
      return typeof value === 'number' && Number.isFinite(value) ? value : null;
    } catch {
      // Some of them throw until their part of the sync begins, and a version may lack them.
      return null;
    }
  };
  // A page goes through PAIRING before its first code as well as after one was taken.
  const isLinked = (state: string): boolean | null => {
    if (state === 'CONNECTED') return true;
    if (state === 'UNPAIRED' || state === 'UNPAIRED_IDLE') return false;
    if (state !== 'PAIRING') return null;
    const { getMaybeMePnUser, getMaybeMeLidUser } = window.require('WAWebUserPrefsMeUser');
    return getMaybeMePnUser() || getMaybeMeLidUser() ? true : null;
  };
  try {
    const { Socket } = window.require('WAWebSocketModel');
    const hasSynced = Boolean(Socket.hasSynced);
    const syncs = Socket.state === 'CONNECTED' && !hasSynced;
    const offline = (): unknown =>
      window.require('WAWebOfflineHandler').OfflineMessageHandler.getOfflineDeliveryProgress();
    const history = (): unknown =>
      window.require('WAWebHistorySyncProgressModel').getHistorySyncProgressModel().realProgress;
    const chats = (): unknown => window.require('WAWebCollections').Chat.getModelsArray().length;
    return {
      document,
      state: Socket.state,
      hasSynced,
      injected: window.WWebJS !== undefined,
      linked: isLinked(Socket.state),
      sync: syncs ? { offline: figure(offline), history: figure(history), chats: figure(chats) } : null,
    };
  } catch {
    return { document, state: null, hasSynced: false, injected: false, linked: null, sync: null };
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
  const other = window.wabridge.otherName(wid);
  const [lid, phone] = wid.server === 'lid' ? [wid, other] : [other, wid];
  if (lid) found.lid = lid._serialized;
  if (phone) found.phoneId = phone._serialized;
  return found;
}

/** The phone id behind a lid, asking WhatsApp where the page does not know it; null if WhatsApp does not tell. */
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

/** `failed` where the page could not tell: it `threw`, or is `reloading`. */
export interface FoundChat {
  readonly found: string | null;
  readonly failed?: 'threw' | 'reloading';
  readonly reason?: string;
}

/**
 * The id of the chat that a message to this id goes to; null if WhatsApp knows no such account or group. An account has
 * a chat under its phone number or under its lid, whichever the page decides, so the page is made to open it.
 */
export async function findChat(id: string): Promise<FoundChat> {
  if (!window.WWebJS) return { found: null, failed: 'reloading', reason: 'WhatsApp Web is reloading' };
  try {
    const wid = window.require('WAWebWidFactory').createWid(id);
    const known = window.wabridge.knownChat(wid);
    if (known) return { found: known.id._serialized };
    if (wid.server !== 'c.us' && wid.server !== 'lid') return { found: null };
    const opened = await window.wabridge.openChat(wid);
    return { found: opened === null || opened === 'no-account' ? null : opened.id._serialized };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return reason.includes('No LID') ? { found: null } : { found: null, failed: 'threw', reason };
  }
}

/** Ids of the groups whose members are named by lid. */
export function groupsWithLids(): string[] {
  try {
    const chats = window.require('WAWebCollections').Chat.getModelsArray();
    return chats.filter((chat) => chat.groupMetadata?.isLidAddressingMode).map((chat) => chat.id._serialized);
  } catch {
    return [];
  }
}

/** Chats in which something happened since a time (seconds), oldest activity first, each with its other id if it has one. */
export function chatsActiveSince(since: number): { id: string; otherId: string | null }[] {
  const chats = window.require('WAWebCollections').Chat.getModelsArray();
  const active = chats.filter((chat) => (chat.t ?? 0) >= since);
  active.sort((a, b) => (a.t ?? 0) - (b.t ?? 0));
  return active.map((chat) => {
    let otherId: string | null = null;
    try {
      otherId = window.wabridge.otherName(chat.id)?._serialized ?? null;
    } catch {
      // One name will do.
    }
    return { id: chat.id._serialized, otherId };
  });
}

export interface ChatHistory {
  /**
   * `read`: these are all. `cut`: older ones are missing, because the limit was reached. `more`: the page has loaded some
   * and is to be asked again. `failed`: it did not load what is missing; these are the ones that it holds.
   */
  readonly state: 'read' | 'cut' | 'more' | 'failed';
  /** Oldest first; none with `more`. */
  readonly messages: readonly Record<string, unknown>[];
  /** Of a failure, in the page's words. */
  readonly reason?: string;
}

/**
 * The messages of a chat since a time (seconds). A chat that is gone has none.
 *
 * @param ms how long the page may take for it; one that has loaded something by then is asked again
 */
export async function messagesSince(chatId: string, since: number, limit: number, ms: number): Promise<ChatHistory> {
  const helpers = window.WWebJS;
  if (!helpers) return { state: 'failed', messages: [], reason: 'the library is not in the page' };
  window.wabridge.guardModels();
  const chat = window.wabridge.knownChat(window.require('WAWebWidFactory').createWid(chatId));
  if (!chat) return { state: 'read', messages: [] };
  // Messages of one second are told apart only by the order in which they came, and earlier ones come in batches: it is
  // kept between questions, and what was loaded too late for one counts for the next.
  const { histories } = window.wabridge;
  const history = histories.get(chatId) ?? { ordered: [...chat.msgs.getModelsArray()], loading: null };
  histories.set(chatId, history);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  let outcome: Pick<ChatHistory, 'state' | 'reason'> = { state: 'read' };
  try {
    // A message without a time is not older than anything.
    for (let batches = 0; !history.ordered.some((message) => message.t < since); batches += 1) {
      if (history.ordered.length >= limit) {
        outcome = { state: 'cut' };
        break;
      }
      const loaded = await Promise.race([window.wabridge.loadEarlier(chat, history), late]);
      if (loaded === 0) break;
      if (loaded !== null) continue;
      if (batches > 0) return { state: 'more', messages: [] };
      history.loading = null;
      outcome = { state: 'failed', reason: `the page did not load earlier messages in ${ms} ms` };
      break;
    }
  } catch (error) {
    outcome = { state: 'failed', reason: String(error) };
  } finally {
    clearTimeout(timer);
  }
  if (outcome.state !== 'failed') histories.delete(chatId);
  const known = new Set(history.ordered);
  const all = [...history.ordered, ...chat.msgs.getModelsArray().filter((message) => !known.has(message))];
  const recent = all.filter((message) => message.t >= since);
  const place = new Map(recent.map((message, index) => [message, index]));
  recent.sort((a, b) => a.t - b.t || (place.get(a) ?? 0) - (place.get(b) ?? 0));
  return { ...outcome, messages: recent.map((message) => helpers.getMessageModel(message)) };
}

/** Of messages that could not be read those that can be now, in the order asked for. */
export async function readDecrypted(
  messageIds: readonly string[],
): Promise<{ messageId: string; message: Record<string, unknown> }[]> {
  const helpers = window.WWebJS;
  if (!helpers) return [];
  window.wabridge.guardModels();
  const { Msg } = window.require('WAWebCollections');
  const loaded = new Map<string, PageMessage>();
  for (const messageId of messageIds) {
    const message = Msg.get(messageId);
    if (message) loaded.set(messageId, message);
  }
  try {
    const unloaded = messageIds.filter((messageId) => !loaded.has(messageId));
    const stored = unloaded.length > 0 ? ((await Msg.getMessagesById(unloaded))?.messages ?? []) : [];
    for (const message of stored) loaded.set(message.id._serialized, message);
  } catch {
    // Those that the page holds are told all the same.
  }
  const found: { messageId: string; message: Record<string, unknown> }[] = [];
  for (const messageId of messageIds) {
    const message = loaded.get(messageId);
    if (message && message.type !== 'ciphertext') found.push({ messageId, message: helpers.getMessageModel(message) });
  }
  return found;
}
