/** What a stored outbox message says: between the request, the row, the engine and the client's view. */
import { createHash } from 'node:crypto';
import type { Address } from '../contract/address.ts';
import { fileNameField } from '../contract/file-name.ts';
import type { ChatId, MediaId, MessageId } from '../contract/ids.ts';
import { WabError } from '../contract/errors.ts';
import { isBlank, isEmoji, type SendRequest } from '../contract/messages.ts';
import { type OutboxMessage } from '../contract/views/outbox-message.ts';
import type { EngineSend, OutgoingFile } from '../engine/engine.ts';
import { parseChatId } from '../contract/whatsapp-id.ts';
import type { OutboxRow } from '../store/outbox-rows.ts';

interface CommonContent {
  readonly quotedMessageId?: MessageId;
  readonly mentions?: readonly ChatId[];
}
interface TextContent extends CommonContent {
  readonly type: 'text';
  readonly text: string;
}
interface MediaContent extends CommonContent {
  readonly type: 'image' | 'video' | 'audio' | 'document';
  readonly mediaId: MediaId;
  readonly caption?: string;
  readonly fileName?: string;
  /** Found in the bytes. */
  readonly mimeType?: string;
}
interface ReactionContent {
  readonly type: 'reaction';
  readonly targetMessageId: MessageId;
  readonly emoji: string;
}
export type OutboxContent = TextContent | MediaContent | ReactionContent;

/** What a person would read of a message, by the name that clients know it by, and whether it can be left out. */
const READABLE = { text: false, caption: true, fileName: true, quotedMessageId: true } as const;

/** @throws WabError WAB_TEXT_BLANK for what is there, but not to be seen */
function refuseBlanks(request: Partial<Record<keyof typeof READABLE, string>>): void {
  for (const [field, optional] of Object.entries(READABLE)) {
    const value = request[field as keyof typeof READABLE];
    // No caption is what an empty one says.
    if (field === 'caption' && value === '') continue;
    if (value !== undefined && isBlank(value))
      throw new WabError('WAB_TEXT_BLANK', {
        field,
        next: optional ? 'Write a text, or leave it out.' : 'Write a text.',
      });
  }
}

/** @throws WabError WAB_ADDRESS_INVALID for a mention that is not an address, WAB_EMOJI_INVALID, WAB_TEXT_BLANK */
export function contentOf(request: SendRequest): OutboxContent {
  if (request.type === 'reaction') {
    if (request.emoji !== '' && !isEmoji(request.emoji)) throw new WabError('WAB_EMOJI_INVALID');
    return { type: 'reaction', targetMessageId: request.messageId as MessageId, emoji: request.emoji };
  }
  refuseBlanks(request);
  const common: CommonContent = {
    ...(request.quotedMessageId === undefined ? {} : { quotedMessageId: request.quotedMessageId as MessageId }),
    ...(request.mentions?.length ? { mentions: request.mentions.map(parseChatId) } : {}),
  };
  if (request.type === 'text') return { ...common, type: 'text', text: request.text };
  return {
    ...common,
    type: request.type,
    mediaId: request.mediaId as MediaId,
    ...(request.caption === undefined ? {} : { caption: request.caption }),
    ...fileNameField(request.fileName),
  };
}

export const contentOfRow = (row: OutboxRow): OutboxContent => JSON.parse(row.content) as OutboxContent;

/**
 * Whether a send whose outcome is unknown is simply repeated. A reaction replaces the one before it and its chat keeps
 * its order, so a second time changes nothing; and it has no id under which WhatsApp could be asked for it.
 */
export const isRepeatable = ({ type }: Pick<OutboxRow, 'type'>): boolean => type === 'reaction';

/** The file that a message brings along, or null. */
export const mediaOf = (content: OutboxContent): MediaContent | null => ('mediaId' in content ? content : null);

/** The call to the engine. @param file for media, opened for this attempt */
export function engineSendOf(content: OutboxContent, chatId: ChatId, file: OutgoingFile | null): EngineSend {
  if (content.type === 'reaction') {
    return { type: 'reaction', chatId, targetMessageId: content.targetMessageId, emoji: content.emoji };
  }
  const common = {
    chatId,
    ...(content.quotedMessageId === undefined ? {} : { quotedMessageId: content.quotedMessageId }),
    ...(content.mentions === undefined ? {} : { mentions: content.mentions }),
  };
  if (content.type === 'text') return { ...common, type: 'text', text: content.text };
  if (!file) throw new Error('A media message needs its file');
  return {
    ...common,
    type: content.type,
    file,
    ...(content.caption === undefined ? {} : { caption: content.caption }),
  };
}

/** sha256 over the request with its keys in order, base64url: the same request always has the same digest. */
export function digestOf(request: SendRequest): string {
  const ordered = Object.entries(request)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(ordered)).digest('base64url');
}

/** The message as clients see it. */
export function viewOf(row: OutboxRow): OutboxMessage {
  const waits = row.state === 'queued' && row.error_code !== null;
  return {
    id: row.id,
    session: row.session,
    chat: JSON.parse(row.chat) as Address,
    type: row.type,
    state: row.state,
    messageId: row.wire_id !== null && row.state !== 'queued' ? row.wire_id : null,
    attempts: row.attempts,
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at).toISOString(),
    nextAttemptAt: waits ? new Date(row.due_at).toISOString() : null,
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? row.error_code },
  };
}
