/** "Send Media" is one operation for people: which operation of the catalogue it is can follow from the type of the file. */
import { NodeOperationError, type INodeProperties } from 'n8n-workflow';
import type { MediaEntry, OperationEntry } from '../../shared/operation-table';
import { OPERATIONS } from '../../shared/operations.generated';
import { titleOf } from '../../shared/words';
import { layoutOf, readInput, widgetsOf, type NodeOperation } from '../operations/node-operation';
import type { FieldOfAny, FieldWords, OperationId } from '../operations/overlay';
import { textValue } from '../operations/parameters';
import { readItemFile, sendFile, withFileName } from '../operations/send-file';
import type { Widget } from '../operations/widgets';
import { MESSAGE_FIELDS } from './message';

/** A file of a type that several of them take is sent by the first. */
export const MEDIA_SENDS = [
  'message.sendImage',
  'message.sendVideo',
  'message.sendAudio',
  'message.sendDocument',
] as const satisfies readonly OperationId[];

type Field = FieldOfAny<(typeof MEDIA_SENDS)[number]>;
type SentKind = (typeof OPERATIONS)[(typeof MEDIA_SENDS)[number]]['fields']['mediaId']['media']['kind'];
type Send = OperationEntry & { readonly media: MediaEntry };
/** By the kind of message that each sends. */
const BY_KIND: ReadonlyMap<string, Send> = new Map(
  MEDIA_SENDS.map((id) => {
    const { media } = OPERATIONS[id].fields.mediaId;
    return [media.kind, { ...OPERATIONS[id], media }];
  }),
);
const SENDS = [...BY_KIND.values()];

const KIND_DESCRIPTIONS: Readonly<Record<SentKind, string>> = {
  audio: 'Played in the chat',
  document: 'Any file, unchanged, with its name',
  image: 'Shown in the chat',
  video: 'Played in the chat',
};

const kindField: INodeProperties = {
  displayName: 'Send As',
  name: 'kind',
  type: 'options',
  options: [
    {
      name: 'Automatic',
      value: 'auto',
      description:
        'Depends on the type of the file; anything other than an image, video or audio file that WhatsApp takes as such is sent as a document',
    },
    ...Object.entries(KIND_DESCRIPTIONS).map(([value, description]) => ({ name: titleOf(value), value, description })),
  ].sort((a, b) => a.name.localeCompare(b.name)),
  default: 'auto',
  description: 'How the file appears in the chat',
};

const FIELDS: { readonly [Name in Field]?: FieldWords } = {
  ...MESSAGE_FIELDS,
  text: {
    parameter: 'caption',
    displayName: 'Caption',
    description: 'Text shown below the file; WhatsApp shows none below audio',
    place: 'visible',
  },
  fileName: {
    placeholder: 'e.g. invoice.pdf',
    description: 'The file name that the recipient sees. If empty, the name of the binary field is used.',
    place: 'visible',
  },
};
const widgets = new Map(SENDS.flatMap((entry) => [...widgetsOf(entry, { fields: FIELDS })]));

/** The fields in the order in which people fill them in. */
function fields(): INodeProperties[] {
  const order: readonly (Field | 'kind')[] = ['session', 'to', 'mediaId', 'kind', 'text', 'fileName'];
  const rank = (name: string): number => {
    const place = (order as readonly string[]).indexOf(name);
    return place === -1 ? order.length : place;
  };
  const kind: Widget = { property: kindField, place: 'visible', read: () => undefined };
  const ordered = [...widgets, ['kind', kind] as const].sort(([a], [b]) => rank(a) - rank(b));
  const withoutText = [...BY_KIND].filter(([, send]) => !('text' in send.fields)).map(([name]) => name);
  return layoutOf(SENDS[0] as Send, new Map(ordered)).map((field) =>
    field.name === 'caption' ? { ...field, displayOptions: { hide: { kind: withoutText } } } : field,
  );
}

/** Sent as documents unless another kind is chosen, as in the first version: the kind is part of keys that bridges remember. */
const DOCUMENTS_IF_AUTOMATIC: readonly string[] = ['image/gif', 'video/quicktime'];

/** What sends a file of this type, if that is left to the node. */
const automatic = (mimeType: string): Send | undefined =>
  DOCUMENTS_IF_AUTOMATIC.includes(mimeType) ? BY_KIND.get('document') : SENDS.find((each) => takes(each, mimeType));

const takes = ({ media: { mimeTypes } }: Send, mimeType: string): boolean =>
  mimeTypes === 'any' ||
  mimeTypes.some((each) => (each.endsWith('/*') ? mimeType.startsWith(each.slice(0, -1)) : mimeType === each));

export const sendMedia: NodeOperation = {
  resource: 'message',
  value: 'sendMedia',
  name: 'Send Media',
  action: 'Send a file',
  description: 'Send an image, a video, an audio file or a document',
  fields: fields(),
  async execute(context, itemIndex) {
    const given = readInput(context, itemIndex, widgets);
    const file = await readItemFile(context, itemIndex);
    const chosen = textValue(context, 'kind', itemIndex);
    const send = chosen === 'auto' ? automatic(file.mimeType) : BY_KIND.get(chosen);
    if (send === undefined) {
      throw new NodeOperationError(context.getNode(), `A file cannot be sent as ${chosen}`, { itemIndex });
    }
    const input = withFileName(send, given, file);
    const { text: caption, fileName, ...rest } = input;
    // The words and the order are part of keys that bridges remember, so they stay those of the first version.
    const content = {
      ...rest,
      type: send.media.kind,
      ...(caption === undefined ? {} : { caption }),
      ...(fileName === undefined ? {} : { fileName }),
    };
    // The kind may follow from the file of each item, and WhatsApp shows no caption below audio.
    const taken = Object.fromEntries(Object.entries(input).filter(([name]) => name in send.fields));
    return await sendFile(context, itemIndex, send, taken, file, content);
  },
};
