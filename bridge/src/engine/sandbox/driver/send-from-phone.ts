import { WabError } from '../../../contract/errors.ts';
import { SessionField } from '../../../contract/fields.ts';
import type { ChatId } from '../../../contract/ids.ts';
import { object } from '../../../contract/schema.ts';
import { messageIdOf, parseChatId } from '../../../contract/whatsapp-id.ts';
import { knownAddress } from '../address-book.ts';
import { SandboxOwnMessage } from '../sandbox-contract.ts';
import { newStanzaId } from '../stanza-id.ts';
import { contentOf } from '../written-content.ts';
import { driverOperation } from './driver-operation.ts';
import { BODY_LIMIT, MessageRef } from './fields.ts';

export const sendFromPhone = driverOperation({
  id: 'sandbox.sendFromPhone',
  summary: 'The owner writes a message on the phone',
  http: {
    method: 'POST',
    path: '/sandbox/{session}/send-from-phone',
    status: 201,
    body: SandboxOwnMessage,
    bodyLimit: BODY_LIMIT,
  },
  input: object({ session: SessionField, ...SandboxOwnMessage.properties }),
  result: MessageRef,
  errors: ['WAB_INVALID_REQUEST', 'WAB_ADDRESS_INVALID', 'WAB_CHAT_UNKNOWN'],
  examples: [{ session: 'demo', to: '+4915112345678', text: 'I will call you back' }],
  carryOut: async (account, { to, ...written }) => {
    const content = await contentOf(account.files, written);
    const chat = knownAddress(account.memory, parseChatId(to));
    if (!chat) throw new WabError('WAB_CHAT_UNKNOWN');
    const chatId = chat.chatId as ChatId;
    const messageId = messageIdOf(true, chatId, newStanzaId());
    const message = { ...content, messageId, chatId, mentions: [], quotedMessageId: null };
    const sent = await account.router.transmit(message, 'phone');
    await account.deliverMessage(sent);
    return { messageId };
  },
});
