/** What rows say that a bridge before the catalogue of operations wrote. They are still sent, and read for as long as they are kept. */
import type { AnyInput } from '../contract/field-checks.ts';
import type { EngineOperationId } from '../contract/operations/by-carrier.ts';
import type { OutboxRow } from '../store/outbox-rows.ts';

/** As it was stored: the fields of the request, with its mentions as chat ids and its media type as found in the bytes. */
export interface OldContent {
  readonly type: keyof typeof OPERATION_OF_TYPE;
  readonly caption?: string;
  readonly mimeType?: string;
  /** The message that a reaction is about. */
  readonly targetMessageId?: string;
}

const OPERATION_OF_TYPE = {
  text: 'message.sendText',
  image: 'message.sendImage',
  video: 'message.sendVideo',
  audio: 'message.sendAudio',
  document: 'message.sendDocument',
  reaction: 'message.react',
} as const satisfies Record<string, EngineOperationId>;

/** The same in the words of the catalogue. */
export function upcast(
  { type, caption, mimeType, targetMessageId, ...fields }: OldContent,
  { session, chat_id: to }: Pick<OutboxRow, 'session' | 'chat_id'>,
): { readonly operation: EngineOperationId; readonly input: AnyInput; readonly mimeType?: string } {
  return {
    operation: OPERATION_OF_TYPE[type],
    input: {
      session,
      to,
      ...fields,
      // WhatsApp shows none below audio, and what is reported as sent is what was sent.
      ...(caption === undefined || type === 'audio' ? {} : { text: caption }),
      ...(targetMessageId === undefined ? {} : { messageId: targetMessageId }),
    },
    ...(mimeType === undefined ? {} : { mimeType }),
  };
}
