import { Readable } from 'node:stream';
import { WabError } from '../../../contract/errors.ts';
import { SessionField } from '../../../contract/fields.ts';
import type { ChatId, MessageId } from '../../../contract/ids.ts';
import { KIND_CATALOGUE } from '../../../contract/kinds.ts';
import { object } from '../../../contract/schema.ts';
import { addressOf, chatKindOf, messageIdOf, parseChatId } from '../../../contract/whatsapp-id.ts';
import { knownAddress, networkId } from '../address-book.ts';
import type { PhoneAccount } from '../phone-account.ts';
import type { NetworkContent } from '../phone-network.ts';
import { SandboxInboundMessage } from '../sandbox-contract.ts';
import { newStanzaId } from '../stanza-id.ts';
import { driverOperation } from './driver-operation.ts';
import { MessageRef } from './fields.ts';

/** A file travels inside the JSON body here, since this is for trying out. */
const BODY_LIMIT = 24 * 1024 * 1024;

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
    const content = await contentOf(account, message);
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

/** @throws WabError WAB_INVALID_REQUEST if there is nothing in it, or a text with a file that has no caption */
async function contentOf(
  account: PhoneAccount,
  { text, media }: Pick<SandboxInboundMessage, 'text' | 'media'>,
): Promise<NetworkContent> {
  if (media !== undefined) {
    const { kind, base64, ...file } = media;
    if (text !== undefined && !('text' in KIND_CATALOGUE[kind].fields))
      throw new WabError('WAB_INVALID_REQUEST', { reason: `a message of the kind ${kind} has no text` });
    const stored = await account.files.store(Readable.from([Buffer.from(base64, 'base64')]));
    return { kind, text: text ?? null, media: { ...file, ...stored } };
  }
  if (text === undefined) throw new WabError('WAB_INVALID_REQUEST', { reason: 'text or media is missing' });
  return { kind: 'text', text };
}
