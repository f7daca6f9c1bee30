/** Sending, and the questions that come before it. */
import { addMessage, chatFor, learn, lidOf, persist, phoneOf, rememberContact } from './collections.js';
import { link } from './connection.js';
import { me } from './identity.js';
import { MsgModel, wireOf } from './messages.js';
import { MsgKey } from './msg-key.js';
import { define } from './registry.js';
import { readAll } from './storage.js';
import { createWid } from './wid.js';

/** Adds the message to the store at once; the second promise follows the server. */
function addAndSendMsgToChat(chat, message) {
  const wire = wireOf(chat, message);
  const model = new MsgModel({ ...message, ...(message.id.participant ? { author: message.id.participant } : {}) });
  const added = (async () => {
    await persist(wire, chat, { t: message.t });
    addMessage(chat, model);
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
  rememberContact(found);
  return { wid: createWid(found.id) };
}

async function findOrCreateLatestChat(wid) {
  if (wid.server === 'c.us' && !lidOf(wid)) throw new Error('No LID for user');
  return { chat: chatFor(String(wid)), created: true };
}

async function forwardMessages({ chat, msgs }) {
  for (const message of msgs) {
    const own = chat.groupMetadata?.isLidAddressingMode || chat.id.isLid() ? me.lid : me.pn;
    const id = new MsgKey({
      from: own,
      to: chat.id,
      id: await MsgKey.newId(),
      participant: chat.id.isGroup() ? own : undefined,
      selfDir: 'out',
    });
    const t = Math.floor(Date.now() / 1000);
    const [added] = addAndSendMsgToChat(chat, {
      ...message.serialize(),
      ...{ id, from: own, to: chat.id, author: undefined, ack: 0, t, isNewMsg: true, isForwarded: true },
      forwardingScore: (message.forwardingScore ?? 0) + 1,
    });
    await added;
  }
}

/** Sends again what the server has not taken yet: the real page does so by itself, also after a reload. */
export async function resendPending() {
  if (!window.STANDIN.resendsPending) return;
  for (const wire of await readAll('messages'))
    if (wire.fromMe && wire.ack === 0) link.send({ type: 'send', message: wire });
}

define('WAWebSendMsgChatAction', { addAndSendMsgToChat });
define('WAWebChatForwardMessage', { forwardMessages });
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
