/** Events that the checks of the event log append. */
import type { Address } from '../../../bridge/src/contract/address.ts';
import type { NewEvent } from '../../../bridge/src/contract/events.ts';
import type { ChatId, MessageId, SessionName } from '../../../bridge/src/contract/ids.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import { eventOf } from '../../../bridge/src/events/event-constructors.ts';
import { messageFact } from '../../bridge/events/message-fact.ts';

export const session = 'support' as SessionName;
export const alice = '4915112345678@c.us' as ChatId;
export const bob = '4915187654321@c.us' as ChatId;

export const message = (messageId: string, chat: ChatId = alice, fromMe = false): NewEvent =>
  eventOf(
    session,
    messageFact({
      messageId: messageId as MessageId,
      chat: addressOf(chat),
      sender: addressOf(chat, 'Alice'),
      fromMe,
      sentAt: new Date('2026-01-02T03:04:05Z'),
      kind: 'text',
      text: `text of ${messageId}`,
      mentions: [],
      quotedMessageId: null,
    }),
  );

export const acknowledged = (messageId: string, chat: ChatId = alice): NewEvent =>
  eventOf(session, {
    type: 'message.acknowledged',
    at: new Date(0),
    chat: addressOf(chat),
    data: { messageId: messageId, ack: 'read' },
  });

const ALICE_LID = '98765@lid' as ChatId;
/** Alice under her phone number, by a page that knows her other name too. */
export const known: Address = { ...addressOf(alice), lid: ALICE_LID };
/** The same chat once it has moved to her lid. */
export const moved: Address = { ...addressOf(ALICE_LID), phone: '+4915112345678' };

/** A message of Alice's under one of her names. */
export const fromAlice = (chat: Address, stanza: string): NewEvent =>
  eventOf(
    session,
    messageFact({
      messageId: `false_${chat.chatId}_${stanza}` as MessageId,
      ...{ chat, sender: chat, fromMe: false, sentAt: new Date(0), kind: 'text' as const, text: 'hi' },
      ...{ mentions: [], quotedMessageId: null },
    }),
  );
