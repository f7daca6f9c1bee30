/** The page's collections, and what is kept of them between starts. */
import { messageFrom, MsgModel } from './messages.js';
import { Collection, Model } from './model.js';
import { reactionsTo } from './reactions.js';
import { define } from './registry.js';
import { keep, read, readAll, readChat, update, write } from './storage.js';
import { createWid } from './wid.js';

export let Msg = new Collection();
export let Chat = new Collection();
export const Contact = new Collection();
/** Of every account heard of: phone number id ↔ lid. */
const lidByPn = new Map();
const pnByLid = new Map();

/** A chat has its messages, and serialises with them. */
class ChatModel extends Model {
  constructor(attributes) {
    super(attributes);
    // Not enumerable: a chat that is handed to the library is turned to JSON.
    Object.defineProperty(this, 'msgs', { value: new Collection() });
  }

  serialize() {
    return { ...this, msgs: { length: this.msgs.length } };
  }
}

export function learn({ pn, lid }) {
  if (!pn || !lid) return;
  lidByPn.set(pn, lid);
  pnByLid.set(lid, pn);
}
export const lidOf = (wid) => (lidByPn.has(String(wid)) ? createWid(lidByPn.get(String(wid))) : undefined);
export const phoneOf = (wid) => (pnByLid.has(String(wid)) ? createWid(pnByLid.get(String(wid))) : undefined);

export function rememberContact(contact) {
  learn(contact);
  const id = createWid(contact.id ?? contact.pn);
  const known = Contact.get(id);
  if (known) return contact.name && !known.pushname ? known.set({ pushname: contact.name }) : known;
  return Contact.add(new Model({ id, pushname: contact.name, name: undefined, isBusiness: false }));
}

export function chatFor(id, name) {
  const wid = createWid(id);
  const existing = Chat.get(wid);
  if (existing) return existing;
  const chat = new ChatModel({
    id: wid,
    name,
    formattedTitle: name,
    unreadCount: 0,
    t: 0,
    archive: false,
    mute: { expiration: 0 },
  });
  if (wid.isGroup()) Object.defineProperty(chat, 'groupMetadata', { value: new Model({ id: wid, participants: [] }) });
  return Chat.add(chat);
}

/** What the server says about a group that this account is in. */
export function rememberGroup({ id, name, lidAddressing, participants }) {
  const chat = chatFor(id, name);
  chat.set({ name, formattedTitle: name });
  chat.groupMetadata.set({
    subject: name,
    isLidAddressingMode: lidAddressing,
    participants: participants.map((each) => ({ id: createWid(each.id), isAdmin: each.isAdmin, isSuperAdmin: false })),
  });
}

/** Puts a message into the store and into its chat. */
export function addMessage(chat, message) {
  chat.msgs.add(message);
  const added = Msg.add(message);
  if (!(chat.t > message.t)) chat.set({ t: message.t, lastReceivedKey: message.id });
  return added;
}

export const keyOf = (wire) => String(messageFrom(wire, false).id);
const recordOf = (chat) => ({ id: String(chat.id), name: chat.name, unreadCount: chat.unreadCount, t: chat.t });
/** Messages of one second are told apart by the order in which they were kept. */
let place = Date.now() * 1_000;
/** Keeps a message with what its chat has become by it. Says whether the message was new. */
export const persist = (wire, chat, change) =>
  keep(keyOf(wire), { place: (place += 1), ...wire }, { ...recordOf(chat), ...change });
export const persistChat = (chat) => write('chats', String(chat.id), recordOf(chat));
/** Changes what is kept of a message. Resolves with what it was, undefined where there is no such message. */
export const amend = (id, change) => update('messages', id, (wire) => ({ ...wire, ...change(wire) }));

/** Restores chats with their last message; earlier ones are read when somebody asks for them. */
export async function restore() {
  for (const { id, name, ...rest } of await readAll('chats')) {
    const chat = chatFor(id, name).set(rest);
    const last = (await readChat(id)).at(-1);
    if (last) addMessage(chat, messageFrom(last, false));
  }
}

/** Modules of the page that have been made anew: who listened to the old collections hears nothing any more. */
export function renewCollections() {
  Msg = copyOf(Msg);
  Chat = copyOf(Chat);
  Object.assign(collections, { Msg, Chat });
}

function copyOf(old) {
  const copy = Object.assign(new Collection(), old);
  for (const model of old.getModelsArray()) {
    model.left(old);
    copy.add(model);
  }
  return copy;
}

Msg.modelClass = MsgModel;
Msg.getMessagesById = async (ids) => {
  if (ids.some((id) => typeof id !== 'string')) throw new Error('getMessagesById: invalid message key');
  const wires = await Promise.all(ids.map((id) => read('messages', id)));
  return { messages: wires.filter(Boolean).map((wire) => Msg.get(keyOf(wire)) ?? messageFrom(wire, false)) };
};
Contact.find = async (id) => rememberContact({ id: String(id) });
Chat.find = async (id) => chatFor(String(id));

const collections = define('WAWebCollections', {
  Msg,
  Chat,
  Contact,
  GroupMetadata: { update: async () => undefined },
  Blocklist: { get: () => undefined, getModelsArray: () => [] },
  BusinessProfile: { find: async () => ({}) },
  Reactions: { find: reactionsTo },
});
define('WAWebChatLoadMessages', {
  /** Earlier messages of a chat than those in memory; an empty list when there are none. */
  loadEarlierMsgs: async ({ chat }) => {
    const wires = await readChat(String(chat.id));
    const isHeld = (wire) => chat.msgs.get(keyOf(wire)) !== undefined;
    // Not what comes after everything that the page holds: that has just been stored, and is about to be announced.
    const last = wires.findLastIndex(isHeld);
    const earlier = (last < 0 ? wires : wires.slice(0, last)).filter((wire) => !isHeld(wire));
    return earlier.slice(-20).map((wire) => addMessage(chat, messageFrom(wire, false)));
  },
});
