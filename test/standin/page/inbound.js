/** What the server tells this page about messages. */
import { Chat, chatFor, messageFrom, Msg, persist, persistChat, rememberContact } from './collections.js';
import { read, write } from './storage.js';

const unread = (wire) => !wire.fromMe && wire.type !== 'e2e_notification';

/**
 * A message arrived.
 *
 * @param live false for the backlog of an offline time, which the page adds before it has synced
 */
export async function receiveMessage(wire, live) {
  if (wire.sender) rememberContact(wire.sender);
  const chat = chatFor(wire.chat, wire.chatName);
  const message = messageFrom(wire, live);
  const known = Msg.get(message.id) !== undefined || (await read('messages', String(message.id))) !== undefined;
  if (!known) await persist(wire);
  // The real page has been seen to announce a message again after a reconnect.
  if (known) return void (window.STANDIN.repeats && Msg.trigger('add', message, Msg));
  chat.msgs.add(Msg.add(message));
  chat.set({ t: wire.t, unreadCount: chat.unreadCount + (unread(wire) ? 1 : 0) });
  await persistChat(chat);
}

/** An acknowledgement of a message that this account sent: never goes down. */
export async function receiveAck({ id, ack }) {
  const wire = await read('messages', id);
  if (wire && (ack > wire.ack || ack < 0)) await write('messages', id, { ...wire, ack });
  const message = Msg.get(id);
  if (message && (ack > message.ack || ack < 0)) message.set({ ack });
}

/** The account read a chat, here or on its phone. */
export async function receiveSeen({ chat: id }) {
  const chat = Chat.get(id);
  if (!chat) return;
  chat.set({ unreadCount: 0 });
  await persistChat(chat);
}
