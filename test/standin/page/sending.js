/** Sending, and the questions that come before it. */
import {
  Chat,
  chatFor,
  lidOf,
  learn,
  Msg,
  MsgModel,
  persist,
  persistChat,
  phoneOf,
  rememberContact,
} from './collections.js';
import { link } from './connection.js';
import { define } from './registry.js';
import { readAll } from './storage.js';
import { createWid } from './wid.js';

const text = (value) => (value === undefined || value === null ? undefined : String(value));

/** What of a message travels and is kept. */
function wireOf(chat, message) {
  const media = message.directPath
    ? Object.fromEntries(
        ['directPath', 'mimetype', 'size', 'filename', 'filehash', 'encFilehash', 'mediaKey', 'mediaKeyTimestamp'].map(
          (name) => [name, message[name]],
        ),
      )
    : undefined;
  return {
    stanza: message.id.id,
    chat: String(chat.id),
    fromMe: true,
    from: text(message.from),
    to: text(message.to),
    author: text(message.id.participant),
    t: message.t,
    type: message.type,
    body: message.body,
    caption: message.caption,
    ack: 0,
    mentions: (message.mentionedJidList ?? []).map(String),
    ...(message.quotedStanzaID
      ? {
          quoted: {
            stanza: message.quotedStanzaID,
            participant: text(message.quotedParticipant),
            ...message.quotedMsg,
          },
        }
      : {}),
    ...(media ? { media } : {}),
  };
}

/** Adds the message to the store at once; the second promise follows the server. */
function addAndSendMsgToChat(chat, message) {
  const wire = wireOf(chat, message);
  const model = new MsgModel(message);
  const added = (async () => {
    await persist(wire);
    chat.msgs.add(Msg.add(model));
    chat.set({ t: message.t });
    await persistChat(chat);
    return model;
  })();
  const sent = added.then(async () => {
    // Without a connection it stays pending, and goes out with the others once there is one.
    link.send({ type: 'send', message: wire });
    await new Promise((resolve) => model.on('change:ack', (_model, ack) => ack !== 0 && resolve()));
    return { messageSendResult: model.ack > 0 ? 'OK' : 'ERROR', t: model.t };
  });
  return [added, sent];
}

/** Asks the server who has a number; undefined where nobody has. */
async function queryWidExists(wid) {
  const found = await link.request({ type: 'exists', wid: String(wid) });
  if (!found) return undefined;
  learn(found);
  rememberContact({ id: found.id, ...found });
  return { wid: createWid(found.id) };
}

async function findOrCreateLatestChat(wid) {
  await window.STANDIN.hang?.findOrCreateLatestChat;
  if (wid.server === 'c.us' && !lidOf(wid)) throw new Error('No LID for user');
  return { chat: chatFor(String(wid)), created: true };
}

/** Sends again what the server has not taken yet: the real page does so by itself, also after a reload. */
export async function resendPending() {
  for (const wire of await readAll('messages'))
    if (wire.fromMe && wire.ack === 0) link.send({ type: 'send', message: wire });
}

define('WAWebSendMsgChatAction', { addAndSendMsgToChat });
define('WAWebQueryExistsJob', { queryWidExists });
define('WAWebFindChatAction', { findOrCreateLatestChat });
define('WAWebApiContact', {
  getCurrentLid: lidOf,
  getPhoneNumber: phoneOf,
  getAlternateUserWid: (wid) => (wid.isLid() ? phoneOf(wid) : lidOf(wid)),
});
define('WAWebLidMigrationUtils', { toPn: phoneOf });
define('WAWebMsgReply', { canReplyMsg: (message) => message.canReply() });
define('WAWebGetEphemeralFieldsMsgActionsUtils', { getEphemeralFields: () => ({}) });
define('WAWebUpdateUnreadChatAction', {
  sendSeen: async ({ chat }) => {
    link.send({ type: 'seen', chat: String(chat.id) });
    Chat.get(chat.id)?.set({ unreadCount: 0 });
    await persistChat(chat);
  },
});
