/** The parameters of the action node: which resource, which operation, and the fields of each operation. */
import type { INodeProperties } from 'n8n-workflow';
import * as chat from './actions/chat';
import * as message from './actions/message';
import * as session from './actions/session';

export const properties: INodeProperties[] = [
  {
    displayName: 'Resource',
    name: 'resource',
    type: 'options',
    noDataExpression: true,
    options: [
      { name: 'Chat', value: 'chat' },
      { name: 'Message', value: 'message' },
      { name: 'Session', value: 'session' },
    ],
    default: 'message',
  },
  ...chat.description,
  ...message.description,
  ...session.description,
];
