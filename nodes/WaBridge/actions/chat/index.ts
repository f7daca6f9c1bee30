import type { INodeProperties } from 'n8n-workflow';
import { shownFor } from '../operation';
import * as markAsRead from './markAsRead.operation';
import * as typing from './typing.operation';

export const operations = { markAsRead, typing };

export const description: INodeProperties[] = [
  {
    displayName: 'Operation',
    name: 'operation',
    type: 'options',
    noDataExpression: true,
    displayOptions: { show: { resource: ['chat'] } },
    options: [
      {
        name: 'Mark as Read',
        value: 'markAsRead',
        action: 'Mark a chat as read',
        description: 'Mark a chat as read, so that the senders see their messages as read',
      },
      {
        name: 'Send Typing',
        value: 'typing',
        action: 'Show typing in a chat',
        description: 'Show the other people in a chat that the account is typing or recording',
      },
    ],
    default: 'markAsRead',
  },
  ...shownFor('chat', ['markAsRead'], markAsRead.fields),
  ...shownFor('chat', ['typing'], typing.fields),
];
