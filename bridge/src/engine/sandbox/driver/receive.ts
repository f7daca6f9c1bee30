import { WabError } from '../../../contract/errors.ts';
import { SessionField } from '../../../contract/fields.ts';
import type { ChatId, MessageId } from '../../../contract/ids.ts';
import { object } from '../../../contract/schema.ts';
import { addressOf, chatKindOf, messageIdOf, parseChatId } from '../../../contract/whatsapp-id.ts';
import { knownAddress, networkId } from '../address-book.ts';
import { SandboxInboundMessage } from '../sandbox-contract.ts';
import { newStanzaId } from '../stanza-id.ts';
import { contentOf } from '../written-content.ts';
import { driverOperation } from './driver-operation.ts';
import { BODY_LIMIT, MessageRef } from './fields.ts';

export const receive = driverOperation({
  id: 'sandbox.receive',
  summary: 'Someone writes to the account',
  http: {
    method: 'POST',
    path: '/sandbox/{session}/receive',
    status: 201,
    body: SandboxInboundMessage,
    bodyLimit: BODY_LIMIT,
  },
  input: object({ session: SessionField, ...SandboxInboundMessage.properties }),
  result: MessageRef,
  errors: ['WAB_INVALID_REQUEST', 'WAB_ADDRESS_INVALID', 'WAB_CHAT_UNKNOWN'],
  examples: [
    { session: 'demo', from: '+4915112345678', text: 'Is my order on its way?' },
    { session: 'demo', from: '+4915112345678', group: '120363000000000001@g.us', text: 'Hello everybody' },
  ],
  carryOut: async (account, message) => {
    const content = await contentOf(account.files, message);
    const from = parseChatId(message.from);
    const sender = knownAddress(account.memory, from);
    if (!sender || chatKindOf(from) !== 'direct') throw new WabError('WAB_CHAT_UNKNOWN');
    const chat = message.group === undefined ? sender : addressOf(parseChatId(message.group));
    if (message.group !== undefined && chatKindOf(chat.chatId as ChatId) !== 'group') {
      throw new WabError('WAB_ADDRESS_INVALID', { reason: 'the id of a group must end in @g.us' });
    }
    const participant = message.group === undefined ? undefined : (sender.chatId as ChatId);
    const messageId = messageIdOf(false, chat.chatId as ChatId, newStanzaId(), participant);
    const mentions = (message.mentions ?? []).map((each) => addressOf(networkId(parseChatId(each))));
    const quotedMessageId = (message.quotedMessageId ?? null) as MessageId | null;
    const sentAt = new Date().toISOString();
    await account.deliverMessage({
      ...content,
      messageId,
      chat,
      sender,
      fromMe: false,
      sentAt,
      mentions,
      quotedMessageId,
    });
    return { messageId };
  },
});
