/** Fields that all kinds of messages share. */
import type { INodeProperties, INodePropertyCollection, INodePropertyOptions } from 'n8n-workflow';

type OptionField = INodeProperties | INodePropertyOptions | INodePropertyCollection;

const idempotencyKey: OptionField = {
  displayName: 'Idempotency Key',
  name: 'idempotencyKey',
  type: 'string',
  default: '',
  description:
    'Names the intended message: for 7 days the bridge sends at most one message under the same key. Left empty, it is made from the event that started the workflow, this node and the item, so that a second run of the same event sends nothing twice.',
};
const mentions: OptionField = {
  displayName: 'Mentions',
  name: 'mentions',
  type: 'string',
  default: '',
  placeholder: 'e.g. +49 151 12345678',
  description:
    'People to mention, separated by commas: phone numbers with country code, chat IDs or linked IDs. The text has an @ and the number for each.',
};
const quotedMessageId: OptionField = {
  displayName: 'Reply To Message ID',
  name: 'quotedMessageId',
  type: 'string',
  default: '',
  placeholder: 'e.g. {{ $json.messageId }}',
  description: 'The message to quote. It must belong to the same chat.',
};
/** When the workflow goes on; in the open, because green should mean sent. */
export const waitFields: INodeProperties[] = [
  {
    displayName: 'Wait',
    name: 'wait',
    type: 'options',
    options: [
      {
        name: 'Until WhatsApp Has Taken It',
        value: 'accepted',
        description:
          'If WhatsApp does not take it in time, the workflow goes on with the state queued, and the message is still sent later',
      },
      {
        name: 'Until WhatsApp Has Taken It, or Fail',
        value: 'acceptedOrFail',
        description:
          'If WhatsApp does not take it in time, the node fails, and the message is still sent later. Running the node again does not send it twice.',
      },
      {
        name: 'Not at All',
        value: 'stored',
        description: 'Go on as soon as the bridge has stored the message. A send that fails later fails no execution.',
      },
    ],
    default: 'accepted',
    description: 'What to wait for. A send that fails meanwhile is an error of this node.',
  },
  {
    displayName: 'Wait at Most (Seconds)',
    name: 'waitSeconds',
    type: 'number',
    typeOptions: { minValue: 1, maxValue: 3600 },
    default: 10,
    description: 'How long to wait for WhatsApp to take the message',
    displayOptions: { hide: { wait: ['stored'] } },
  },
  {
    displayName: 'Send Within (Minutes)',
    name: 'sendWithinMinutes',
    type: 'number',
    typeOptions: { minValue: 0, maxValue: 1440 },
    default: 60,
    description:
      'A message that could not be sent for so long, for example because the session was stopped, is not sent any more: it fails with WAB_SEND_EXPIRED. With 0 the time that is set in the bridge holds, a day unless changed.',
  },
];

const collection = (options: OptionField[]): INodeProperties => ({
  displayName: 'Options',
  name: 'options',
  type: 'collection',
  placeholder: 'Add Option',
  default: {},
  options,
});

export const optionFields = collection([idempotencyKey, mentions, quotedMessageId]);
/** What a reaction takes of them. */
export const reactionOptionFields = collection([idempotencyKey]);

/** The options as they arrive. */
export interface SendOptions {
  readonly idempotencyKey?: string;
  readonly mentions?: string;
  readonly quotedMessageId?: string;
}
