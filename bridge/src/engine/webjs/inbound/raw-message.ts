/** A message as WhatsApp Web's page gives it. */
import type { ChatId } from '../../../contract/ids.ts';

/** An id as the page gives it: text from its events, an object from calls into it. */
export type RawId = string | { readonly _serialized: string } | null | undefined;

/** What is read of a message as the page serialises it. */
export interface RawMessage {
  readonly id: {
    readonly fromMe: boolean;
    readonly remote: RawId;
    readonly id: string;
    readonly _serialized?: string;
    readonly participant?: RawId;
  };
  readonly from?: RawId;
  readonly to?: RawId;
  readonly author?: RawId;
  readonly t: number;
  readonly type: string;
  /** The page could not serialise it: there is no more of it than this. */
  readonly unreadable?: boolean;
  readonly subtype?: string | null;
  readonly ack?: number;
  readonly body?: string | null;
  readonly caption?: string | null;
  readonly notifyName?: string;
  readonly mentionedJidList?: readonly RawId[];
  readonly quotedStanzaID?: string;
  readonly quotedParticipant?: RawId;
  readonly mimetype?: string;
  readonly size?: number;
  readonly filename?: string;
}

/** An id of the page as text; undefined if it has none. */
export const idText = (id: RawId): ChatId | undefined =>
  (typeof id === 'object' && id !== null ? id._serialized : (id ?? undefined))?.replace('@s.whatsapp.net', '@c.us') as
    ChatId | undefined;
