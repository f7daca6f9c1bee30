/** What the server tells this page about messages. */
import {
  addMessage,
  amend,
  Chat,
  chatFor,
  Msg,
  persist,
  persistChat,
  rememberContact,
  rememberGroup,
} from './collections.js';
import { messageFrom, specificsOf } from './messages.js';
import { moduleNamed } from './registry.js';
import { MsgKey } from './msg-key.js';
import { read, remove, write } from './storage.js';
import { createWid } from './wid.js';

const unread = (wire) => !wire.fromMe && !['e2e_notification', 'gp2'].includes(wire.type);

/**
 * A message arrived.
 *
 * @param live false for the backlog of an offline time, which the page adds before it has synced
 */
async function message({ message: wire }, live) {
  if (wire.sender) rememberContact(wire.sender);
  const chat = chatFor(wire.chat, wire.chatName);
  const model = messageFrom(wire, live);
  const become = {
    t: Math.max(chat.t, wire.t),
    unreadCount: unread(wire) ? Math.max(chat.unreadCount, 0) + 1 : chat.unreadCount,
  };
  const isNew = Msg.get(model.id) === undefined && (await persist(wire, chat, become));
  // The real page has been seen to announce a message again after a reconnect.
  if (!isNew) return void (window.STANDIN.repeats && Msg.trigger('add', model, Msg));
  addMessage(chat, model);
  chat.set(become);
}

/** What could not be decrypted is the message that it is. */
async function decrypted({ id, message: wire }) {
  await amend(id, () => wire);
  Msg.get(id)?.set(specificsOf(wire));
}

/** An acknowledgement of a message that this account sent: never goes down. */
async function ack({ id, ack: level }) {
  await amend(id, (wire) => (level > wire.ack || level < 0 ? { ack: level } : {}));
  const model = Msg.get(id);
  if (model && (level > model.ack || level < 0)) model.set({ ack: level });
}

/** The account read a chat, here or on its phone. */
async function seen({ chat: id }) {
  const chat = Chat.get(id);
  if (!chat) return;
  chat.set({ unreadCount: 0 });
  await persistChat(chat);
}

/** A key of something that belongs to another message: a reaction, a vote, an edit. */
function keyBeside(parent, stanza, { mine, by }) {
  return new MsgKey({
    from: parent.remote,
    to: parent.remote,
    id: stanza,
    participant: parent.remote.isGroup() ? createWid(by) : undefined,
    selfDir: mine ? 'out' : 'in',
  });
}

/** The key of a message, whether the page holds the message or not. */
async function keyNamed(id) {
  const wire = Msg.get(id) ? undefined : await read('messages', id);
  return Msg.get(id)?.id ?? (wire ? messageFrom(wire, false).id : undefined);
}

async function reaction({ id, stanza, by, mine, emoji, t }) {
  const parent = await keyNamed(id);
  if (!parent) return;
  const kept = await amend(id, (wire) => {
    const others = (wire.reactions ?? []).filter((each) => each.by !== by);
    const reactions = emoji === '' ? others : [...others, { by, mine, emoji, stanza, t }];
    return { reactions, state: { ...wire.state, hasReaction: reactions.length > 0 } };
  });
  const { reactionTableMode } = moduleNamed('WAWebAddonReactionTableMode');
  await reactionTableMode.bulkUpsert([
    {
      id: keyBeside(parent, stanza, { mine, by }),
      reactionParentKey: parent,
      reactionText: emoji,
      reactionTimestamp: t,
      author: createWid(by),
      from: createWid(by),
      read: mine,
      orphan: kept ? 0 : 1,
      ack: 1,
    },
  ]);
  if (emoji !== '') Msg.get(id)?.set({ hasReaction: true });
}

async function edit({ id, stanza, body, t }) {
  const parent = await keyNamed(id);
  const state = { latestEditSenderTimestampMs: t };
  const field = (type) => (type === 'chat' ? { body } : { caption: body });
  await amend(id, (wire) => ({ ...field(wire.type), state: { ...wire.state, ...state } }));
  const model = Msg.get(id);
  model?.set({
    ...field(model.type),
    ...state,
    latestEditMsgKey: keyBeside(parent, stanza, { mine: parent.fromMe, by: String(model.author ?? model.from) }),
  });
}

async function revoke({ id, by }) {
  const model = Msg.get(id);
  const empty = { type: 'revoked', body: undefined, caption: undefined };
  await amend(id, ({ media, quoted, extra, ...wire }) => ({ ...wire, ...empty, media: undefined, extra: undefined }));
  model?.set({
    ...empty,
    directPath: undefined,
    subtype: String(model.author ?? model.from) === by ? 'sender' : 'admin',
    revokeSender: createWid(by),
    protocolMessageKey: model.id,
  });
}

async function deleted({ id }) {
  const model = Msg.get(id);
  await remove('messages', id);
  if (!model) return;
  Chat.get(model.id.remote)?.msgs.drop(id);
  Msg.remove(id);
}

async function vote({ id, stanza, by, mine, options, t }) {
  const parent = await keyNamed(id);
  if (!parent) return;
  const author = createWid(by);
  await write('votes', `${id} ${by}`, { parent: id, by, mine, stanza, options, t });
  if (window.STANDIN.losesPolls) {
    Msg.drop(id);
    await remove('messages', id);
  }
  const { pollVoteTableMode } = moduleNamed('WAWebAddonPollVoteTableMode');
  const row = {
    id: keyBeside(parent, stanza, { mine, by }),
    pollUpdateParentKey: parent,
    selectedOptionLocalIds: options,
    senderTimestampMs: t,
    t,
    author,
    from: author,
    sender: author,
  };
  await pollVoteTableMode.bulkUpsert([row]);
  if (window.STANDIN.repeats) await pollVoteTableMode.bulkUpsert([{ ...row }]);
}

function group({ group: about }) {
  rememberGroup(about);
}

/** What to do with each kind of frame that the server keeps until the page has it: (frame, live). */
export const inbound = { message, decrypted, ack, seen, reaction, edit, revoke, deleted, vote, group };
