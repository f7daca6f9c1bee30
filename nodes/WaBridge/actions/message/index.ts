import type { INodeProperties } from 'n8n-workflow';
import { shownFor } from '../operation';
import * as react from './react.operation';
import * as sendMedia from './sendMedia.operation';
import * as sendText from './sendText.operation';

export const operations = { react, sendMedia, sendText };

export const description: INodeProperties[] = [
  {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['message'] } },
    options: [
      {
        name: 'React',
        value: 'react',
        action: 'React to a message',
        description: 'React to a message with an emoji, or remove the reaction',
      },
      {
        name: 'Send Media',
        value: 'sendMedia',
        action: 'Send a file',
        description: 'Send an image, a video, an audio file or a document',
      },
      {
        name: 'Send Text',
        value: 'sendText',
        action: 'Send a text message',
        description: 'Send a text message, optionally as a reply or with mentions',
      },
    ],
    default: 'sendText',
  },
  ...shownFor('message', ['react'], react.fields),
  ...shownFor('message', ['sendText'], sendText.fields),
  ...shownFor('message', ['sendMedia'], sendMedia.fields),
];
