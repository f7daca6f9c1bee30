/** The page's collections, and what is kept of them between starts. */
import { define } from './registry.js';
import { Collection, Model } from './model.js';
import { MsgKey } from './msg-key.js';
import { readAll, write } from './storage.js';
import { createWid } from './wid.js';

export const Msg = new Collection();
export const Chat = new Collection();
export const Contact = new Collection();
/** Of every account heard of: phone number id ↔ lid. */
const lidByPn = new Map();
const pnByLid = new Map();

export class MsgModel extends Model {
  constructor(attributes) {
    super(attributes);
    // Not enumerable: a serialised message carries no media state and no cycle.
    Object.defineProperty(this, 'mediaData', { value: { mediaStage: 'INIT' } });
  }

  canReply() {
    return true;
  }

  async downloadMedia() {
    this.mediaData.mediaStage = 'RESOLVED';
  }

  /** What a reply to this message carries. */
  msgContextInfo() {
    return {
      quotedMsg: { type: this.type, body: this.body },
      quotedStanzaID: this.id.id,
      quotedParticipant: this.author ?? this.from,
      ...(this.id.remote.isGroup() ? { quotedRemoteJid: this.id.remote } : {}),
    };
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
  return Contact.get(id) ?? Contact.add(new Model({ id, pushname: contact.name, name: undefined, isBusiness: false }));
}

export function chatFor(id, name) {
  const wid = createWid(id);
  const existing = Chat.get(wid);
  if (existing) return existing;
  const chat = new Model({
    id: wid,
    name,
    formattedTitle: name,
    unreadCount: 0,
    t: 0,
    archive: false,
    mute: { expiration: 0 },
  });
  Object.defineProperty(chat, 'msgs', { value: new Collection() });
  if (wid.isGroup()) Object.defineProperty(chat, 'groupMetadata', { value: new Model({ id: wid, participants: [] }) });
  return Chat.add(chat);
}

/** The message that a wire frame describes, as this device sees it. */
export function messageFrom(wire, isNewMsg) {
  const group = wire.chat.endsWith('@g.us');
  const chat = createWid(wire.chat);
  const id = new MsgKey({
    from: chat,
    to: chat,
    id: wire.stanza,
    participant: group ? createWid(wire.author) : undefined,
    selfDir: wire.fromMe ? 'out' : 'in',
  });
  const { stanza, chat: _chat, fromMe, author, from, to, mentions, quoted, media, thumbnail, name, ...rest } = wire;
  return new MsgModel({
    ...rest,
    id,
    from: createWid(from),
    to: createWid(to),
    ...(group ? { author: createWid(author) } : {}),
    notifyName: name,
    mentionedJidList: (mentions ?? []).map(createWid),
    ...(quoted
      ? {
          quotedMsg: { type: quoted.type, body: quoted.body },
          quotedStanzaID: quoted.stanza,
          quotedParticipant: createWid(quoted.participant),
        }
      : {}),
    ...(media ?? {}),
    isNewMsg,
  });
}

export const persist = (wire) => write('messages', String(messageFrom(wire, false).id), wire);
export const persistChat = (chat) =>
  write('chats', String(chat.id), { id: String(chat.id), name: chat.name, unreadCount: chat.unreadCount, t: chat.t });

/** Restores chats with their last message; earlier ones are read when somebody asks for them. */
export async function restore() {
  const wires = (await readAll('messages')).sort((a, b) => a.t - b.t);
  for (const { id, name, ...rest } of await readAll('chats')) {
    const chat = chatFor(id, name).set(rest);
    const last = wires.filter((wire) => wire.chat === id).at(-1);
    if (last) chat.msgs.add(Msg.add(messageFrom(last, false)));
  }
}

/** All stored messages of a chat or with given keys, oldest first. */
export async function stored(predicate) {
  const wires = (await readAll('messages')).sort((a, b) => a.t - b.t);
  return wires.map((wire) => messageFrom(wire, false)).filter(predicate);
}

Msg.modelClass = MsgModel;
Msg.getMessagesById = async (ids) => ({ messages: await stored((message) => ids.includes(String(message.id))) });
Contact.find = async (id) => rememberContact({ id: String(id) });
Chat.find = async (id) => chatFor(String(id));

define('WAWebCollections', {
  Msg,
  Chat,
  Contact,
  GroupMetadata: { update: async () => undefined },
  Blocklist: { get: () => undefined, getModelsArray: () => [] },
  BusinessProfile: { find: async () => ({}) },
});
define('WAWebChatLoadMessages', {
  /** Earlier messages of a chat than those in memory; an empty list when there are none. */
  loadEarlierMsgs: async ({ chat }) => {
    const known = (message) => chat.msgs.get(message.id) !== undefined;
    const earlier = await stored((message) => message.id.remote.equals(chat.id) && !known(message));
    return earlier.slice(-20).map((message) => chat.msgs.add(Msg.add(message)));
  },
});
