/** What this account does to messages that are there, and to chats, besides sending. */
import { amend, Chat, Msg, persistChat } from './collections.js';
import { link } from './connection.js';
import { Cmd } from './identity.js';
import { inbound } from './inbound.js';
import { messageFrom } from './messages.js';
import { MsgKey } from './msg-key.js';
import { define } from './registry.js';
import { readAll } from './storage.js';
import { createWid } from './wid.js';

const QUARTER_OF_AN_HOUR = 15 * 60;
const isRecent = (message) => Date.now() / 1000 - message.t < QUARTER_OF_AN_HOUR;
const stanzaOf = (message) => message.id.id;

define('WAWebMsgActionCapability', {
  canEditText: (message) => message.id.fromMe && message.type === 'chat' && isRecent(message),
  canEditCaption: (message) => message.id.fromMe && Boolean(message.caption) && isRecent(message),
  canSenderRevokeMsg: (message) => message.id.fromMe && message.type !== 'revoked',
  canAdminRevokeMsg: () => false,
  canStarMsg: (message) => message.type !== 'revoked',
});

define('WAWebSendReactionMsgAction', {
  /** The page hears of its own reaction through the table of reactions. */
  sendReactionToMsg: async (message, emoji) =>
    void (await link.insist({ type: 'react', stanza: stanzaOf(message), emoji })),
});
define('WAWebSendMessageEditAction', {
  sendMessageEdit: async (message, body) => {
    await link.insist({ type: 'edit', stanza: stanzaOf(message), body });
    await inbound.edit({ id: String(message.id), stanza: await MsgKey.newId(), body, t: Date.now() });
  },
});
define('WAWebPollsSendVoteMsgAction', {
  sendVote: async (message, localIds) =>
    void (await link.insist({ type: 'vote', stanza: stanzaOf(message), options: [...localIds] })),
});
define('WAWebPollsVotesSchema', {
  getTable: () => ({
    equals: async (_columns, parent) => {
      const votes = (await readAll('votes')).filter((vote) => vote.parent === parent);
      return votes.map(({ by, options, t }) => ({
        parentMsgKey: MsgKey.fromString(parent),
        selectedOptionLocalIds: options,
        sender: createWid(by),
        senderTimestampMs: t,
      }));
    },
  }),
});

/** For everyone. */
Cmd.sendRevokeMsgs = async (_chat, { list }) => {
  for (const message of list) {
    await link.insist({ type: 'revoke', stanza: stanzaOf(message) });
    await inbound.revoke({ id: String(message.id), by: String(message.author ?? message.from) });
  }
};
/** On this account's devices. */
Cmd.sendDeleteMsgs = async (_chat, { list }) => {
  for (const message of list) {
    link.send({ type: 'delete', stanza: stanzaOf(message) });
    await inbound.deleted({ id: String(message.id) });
  }
};
for (const [name, star] of [
  ['sendStarMsgs', true],
  ['sendUnstarMsgs', false],
])
  Cmd[name] = async (_chat, messages) => {
    for (const message of messages) {
      await amend(String(message.id), (wire) => ({ state: { ...wire.state, star } }));
      message.set({ star });
    }
  };
Cmd.archiveChat = async (chat, archive) => void chat.set({ archive });
Cmd.markChatUnread = async (chat, isUnread) => void chat.set({ unreadCount: isUnread ? -1 : 0 });

const chatstate = (state) => async (wid) => void link.send({ type: 'chatstate', chat: String(wid), state });
define('WAWebChatStateBridge', {
  sendChatStateComposing: chatstate('composing'),
  sendChatStateRecording: chatstate('recording'),
  sendChatStatePaused: chatstate('paused'),
});
define('WAWebPresenceChatAction', {
  sendPresenceAvailable: () => link.send({ type: 'presence', available: true }),
  sendPresenceUnavailable: () => link.send({ type: 'presence', available: false }),
});
define('WAWebUpdateUnreadChatAction', {
  sendSeen: async ({ chat }) => {
    link.send({ type: 'seen', chat: String(chat.id) });
    Chat.get(chat.id)?.set({ unreadCount: 0 });
    await persistChat(chat);
  },
});
define('WAWebNonMessageDataRequestPlaceholderMessageResendUtils', {
  /** Asks the phone for messages that could not be decrypted here. */
  handlePlaceholderMsgsSeen: (messages) => link.send({ type: 'resend', stanzas: messages.map(stanzaOf) }),
});

define('WAWebExitGroupAction', {
  sendExitGroup: async (chat) => void link.send({ type: 'leave', chat: String(chat.id) }),
});
define('WAWebGroupModifyInfoJob', {
  setGroupSubject: async (wid, subject) => void link.send({ type: 'rename', chat: String(wid), subject }),
});

define('WAWebQuotedMsgModelUtils', {
  getQuotedMsgObj: (message) => quotedOf(message),
});

/** The quoted message: the one in the store, or what the reply carried of it. */
function quotedOf(message) {
  const { quotedStanzaID: stanza, quotedParticipant } = message;
  const found = Msg.getModelsArray().find((each) => each.id.id === stanza && each.id.remote.equals(message.id.remote));
  if (found || !stanza) return found;
  return messageFrom(
    {
      stanza,
      chat: String(message.id.remote),
      fromMe: false,
      from: String(quotedParticipant),
      to: String(message.to),
      t: message.t,
      ack: 1,
      mentions: [],
      ...message.quotedMsg,
    },
    false,
  );
}
