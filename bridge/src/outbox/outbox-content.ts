/** What a stored outbox message says: between the request, the row, the engine and the client's view. */
import { createHash } from 'node:crypto';
import type { Address } from '../contract/address.ts';
import { type AnyInput, type GivenMedia, mediaOf } from '../contract/field-checks.ts';
import { WabError } from '../contract/errors.ts';
import { outboxOperation, type OutboxOperation } from '../contract/operations/by-carrier.ts';
import { type OutboxMessage } from '../contract/views/outbox-message.ts';
import type { OutboxRow } from '../store/outbox-rows.ts';
import { type OldContent, upcast } from './old-content.ts';

/** An operation and its input, as its definition has it. */
export interface OutboxContent {
  readonly operation: string;
  readonly input: AnyInput;
  /** Of the file that it brings along, as found in the bytes. */
  readonly mimeType?: string;
}

type StoredContent = Pick<OutboxRow, 'content' | 'session' | 'chat_id'>;

export function contentOfRow(row: StoredContent): OutboxContent {
  const content = JSON.parse(row.content) as OutboxContent | OldContent;
  return 'operation' in content ? content : upcast(content, row);
}

/** @throws WabError WAB_OPERATION_UNSUPPORTED for one that only another version of the bridge knows */
export function operationOf({ operation: id, input }: OutboxContent): OutboxOperation {
  const operation = outboxOperation(id);
  if (!operation)
    throw new WabError('WAB_OPERATION_UNSUPPORTED', {
      engine: 'this version of the bridge',
      session: String(input['session']),
      operation: id,
    });
  return operation;
}

/** Whether a message whose outcome is unknown is simply sent again. It then has no id under which WhatsApp could be asked for it. */
export const isRepeatable = (row: StoredContent): boolean =>
  outboxOperation(contentOfRow(row).operation)?.via.outbox === 'repeatable';

/** Whether this version of the bridge knows what a message asks for. Another one may have stored it. */
export const isKnown = (row: StoredContent): boolean => outboxOperation(contentOfRow(row).operation) !== undefined;

/** The file that a message brings along, or null. @throws WabError as `operationOf` */
export const mediaOfContent = (content: OutboxContent): GivenMedia | null =>
  mediaOf(operationOf(content), content.input);

/** What clients call the operation in the field `type`. */
export const typeOf = ({
  id,
  http: { type = id },
}: Pick<OutboxOperation, 'id'> & { http: { type?: string } }): string => type;

/**
 * sha256 over the request with its keys in order, base64url: the same request always has the same digest. Digests are
 * remembered, so the words are those of the first version, in which the text of a file was its `caption`.
 */
export function digestOf(operation: OutboxOperation, input: AnyInput): string {
  const { text, ...others } = input;
  const words = mediaOf(operation, input) ? { ...others, caption: text } : input;
  const ordered = Object.entries({ ...words, type: typeOf(operation) })
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
