/** The call to the engine that a stored message asks for. */
import type { ChatId, MessageId } from '../contract/ids.ts';
import { parseChatId } from '../contract/whatsapp-id.ts';
import type { EngineSend, OutgoingFile } from '../engine/engine.ts';
import { operationOf, type OutboxContent } from './outbox-content.ts';

/** @param file for media, opened for this attempt */
export function engineSendOf(content: OutboxContent, chatId: ChatId, file: OutgoingFile | null): EngineSend {
  const { via } = operationOf(content);
  const { messageId, emoji, quotedMessageId, text } = content.input as Readonly<Record<string, string | undefined>>;
  const mentions = content.input['mentions'] as readonly string[] | undefined;
  if (via.outbox === 'repeatable')
    return { type: 'reaction', chatId, targetMessageId: messageId as MessageId, emoji: emoji ?? '' };
  const common = {
    chatId,
    ...(quotedMessageId === undefined ? {} : { quotedMessageId: quotedMessageId as MessageId }),
    ...(mentions?.length ? { mentions: mentions.map(parseChatId) } : {}),
  };
  if (via.kind === 'text') return { ...common, type: 'text', text: text ?? '' };
  if (!file) throw new Error('A media message needs its file');
  return { ...common, type: via.kind, file, ...(text === undefined ? {} : { caption: text }) };
}
