import { react } from '../../contract/operations/message/react.ts';
import { sendText } from '../../contract/operations/message/send-text.ts';
import { commandOf, type CommandGroup } from '../operations.ts';

/** The two that are used most stand by themselves. */
export const sendCommand = commandOf(sendText, { name: 'send' });

export const reactCommand = commandOf(react, {
  name: 'react',
  description: 'react to a message; "" removes the reaction',
});

export const messageGroup: CommandGroup = {
  name: 'message',
  description: 'send messages other than plain text',
  commands: [],
};
