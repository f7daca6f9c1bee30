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
const waitUntilAccepted: OptionField = {
  displayName: 'Wait Until Accepted',
  name: 'waitUntilAccepted',
  type: 'boolean',
  default: false,
  description:
    'Whether to go on only once WhatsApp has taken the message, and to fail if it does not. Otherwise the workflow goes on as soon as the bridge has stored the message.',
};
const waitSeconds: OptionField = {
  displayName: 'Wait at Most (Seconds)',
  name: 'waitSeconds',
  type: 'number',
  typeOptions: { minValue: 1, maxValue: 3600 },
  default: 60,
  description:
    'How long to wait for WhatsApp to take the message. Afterwards the node fails, but the message is still sent when that becomes possible.',
  displayOptions: { show: { waitUntilAccepted: [true] } },
};

const collection = (options: OptionField[]): INodeProperties => ({
  displayName: 'Options',
  name: 'options',
  type: 'collection',
  placeholder: 'Add Option',
  default: {},
  options,
});

export const optionFields = collection([idempotencyKey, mentions, quotedMessageId, waitSeconds, waitUntilAccepted]);
/** What a reaction takes of them. */
export const reactionOptionFields = collection([idempotencyKey, waitSeconds, waitUntilAccepted]);

/** The options as they arrive. */
export interface SendOptions {
  readonly idempotencyKey?: string;
  readonly mentions?: string;
  readonly quotedMessageId?: string;
  readonly waitSeconds?: number;
  readonly waitUntilAccepted?: boolean;
}
