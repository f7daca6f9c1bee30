/** What a message of whatsapp-web.js says: one handler for each of WhatsApp Web's own types that there is a kind for. */
import type { ReportedContent } from '../../../contract/kinds.ts';
import type { ReportedMedia } from '../../../contract/message-media.ts';
import type { RawMessage } from './raw-message.ts';

interface RawPoll extends RawMessage {
  readonly pollName?: string;
  readonly pollOptions?: readonly { readonly name: string }[];
  /** 0 if a person may choose several. */
  readonly pollSelectableOptionsCount?: number;
}

interface RawLocation extends RawMessage {
  readonly lat?: number;
  readonly lng?: number;
  /** The name of the place on the first line, its address below. */
  readonly loc?: string;
}

/** Undefined for a message without what its kind is about. */
const CONTENT: Readonly<Record<string, (raw: RawMessage) => ReportedContent | undefined>> = {
  chat: ({ body }) => ({ kind: 'text', text: body ?? '' }),
  image: (raw) => ({ kind: 'image', ...captioned(raw) }),
  video: (raw) => ({ kind: 'video', ...captioned(raw) }),
  audio: (raw) => ({ kind: 'audio', media: mediaOf(raw) }),
  ptt: (raw) => ({ kind: 'audio', media: mediaOf(raw) }),
  document: (raw) => ({ kind: 'document', ...captioned(raw) }),
  poll_creation: (raw: RawPoll) => ({
    kind: 'poll',
    question: raw.pollName ?? '',
    options: (raw.pollOptions ?? []).map(({ name }) => name),
    allowMultipleAnswers: raw.pollSelectableOptionsCount === 0,
  }),
  location: ({ lat, lng, loc = '' }: RawLocation) => {
    if (typeof lat !== 'number' || typeof lng !== 'number') return undefined;
    const [name, ...address] = loc.split('\n');
    return {
      kind: 'location',
      latitude: lat,
      longitude: lng,
      name: name ? name : null,
      address: address.join('\n').trim() || null,
    };
  },
  sticker: (raw) => ({ kind: 'sticker', media: mediaOf(raw) }),
};

/** @param rawKind WhatsApp Web's type, for a message that is reported as unsupported */
export const contentOf = (raw: RawMessage, rawKind: string): ReportedContent =>
  (raw.unreadable ? undefined : CONTENT[raw.type])?.(raw) ?? { kind: 'unsupported', rawKind };

/** The body of media is a thumbnail. */
const captioned = (raw: RawMessage) => ({ text: raw.caption ? raw.caption : null, media: mediaOf(raw) });

/** A file that WhatsApp Web does not have, or not yet, is reported as well; its download says so. */
const mediaOf = (raw: RawMessage): ReportedMedia => ({
  mimeType: raw.mimetype ?? 'application/octet-stream',
  ...(typeof raw.size === 'number' ? { sizeBytes: raw.size } : {}),
  ...(raw.filename ? { fileName: raw.filename } : {}),
});
