import { event } from '../../event.ts';
import { MessageData, messageDataOf } from '../../message-data.ts';
import { fromStoredMessage } from '../../stored-message.ts';

export const messageReceived = event({
  type: 'message.received',
  description: 'A message arrived.',
  content: true,
  reportedBy: 'engine',
  about: { kind: 'message', id: 'messageId', isNew: true, isFromOutbox: false },
  fromMe: false,
  identity: { by: 'message', fields: [] },
  movesOutbox: null,
  countedAs: null,
  data: MessageData,
  toData: messageDataOf,
  fromStored: fromStoredMessage,
  example: {
    messageId: 'false_4915112345678@c.us_3EB0C767D26A1D8E4F21',
    kind: 'text',
    text: 'Is my order on its way?',
    fromMe: false,
    mentions: [],
    quotedMessageId: null,
  },
});
