import type { INodeProperties } from 'n8n-workflow';
import { INVISIBLE_MARKS } from './addresses';
import { optionalLocator } from './optional-locator';

/** Before and after what a person copied. */
const AROUND = `[\\s${INVISIBLE_MARKS}]*`;

/** The picker of a chat. */
export const requiredChatField: INodeProperties = {
  displayName: 'Chat',
  name: 'chat',
  type: 'resourceLocator',
  default: { mode: 'phone', value: '' },
  required: true,
  description: 'A person or a group',
  modes: [
    {
      displayName: 'By Phone Number',
      name: 'phone',
      type: 'string',
      placeholder: 'e.g. +49 151 12345678',
      hint: 'With country code',
      validation: [
        {
          type: 'regex',
          properties: {
            regex: `^${AROUND}(\\+|00)?[0-9][0-9\\s().\\-\\u2010-\\u2015/${INVISIBLE_MARKS}]{4,30}$`,
            errorMessage: 'Enter a phone number with its country code',
          },
        },
      ],
    },
    {
      displayName: 'By Chat ID',
      name: 'id',
      type: 'string',
      placeholder: 'e.g. 4915112345678@c.us',
      hint: 'From the trigger: {{ $json.chat.chatId }}',
      validation: [
        {
          type: 'regex',
          properties: {
            regex: `^${AROUND}[^\\s@]+@[a-z.]+${AROUND}$`,
            errorMessage: 'A chat ID looks like 4915112345678@c.us or 1203630@g.us',
          },
        },
      ],
    },
  ],
};

/** The chat that an operation is about, in any form of an address; left empty, that of the event that started the workflow. */
export const chatField = optionalLocator(requiredChatField, "If empty: the chat of the trigger's event");
