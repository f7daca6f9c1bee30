import type { INodeProperties } from 'n8n-workflow';
import { shownFor } from '../operation';
import * as sendMedia from './sendMedia.operation';
import * as sendText from './sendText.operation';

export const operations = { sendMedia, sendText };

export const description: INodeProperties[] = [
  {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['message'] } },
    options: [
      {
        name: 'Send Media',
        value: 'sendMedia',
        action: 'Send an image video audio or document',
        description: 'Send an image, a video, an audio file or a document',
      },
      {
        name: 'Send Text',
        value: 'sendText',
        action: 'Send a text message',
        description: 'Send a text message, also as a reply or with mentions',
      },
    ],
    default: 'sendText',
  },
  ...shownFor('message', ['sendText'], sendText.fields),
  ...shownFor('message', ['sendMedia'], sendMedia.fields),
];
