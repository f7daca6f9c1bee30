import { Option } from 'commander';
import { DEFAULT_TYPING_STATE, TYPING_STATES } from '../../contract/chats.ts';
import { markRead } from '../../contract/operations/chat/mark-read.ts';
import { setTyping } from '../../contract/operations/chat/set-typing.ts';
import { commandOf, type CommandGroup } from '../operations.ts';
import { asLine } from '../show.ts';

const read = commandOf(markRead, {
  name: 'read',
  show: asLine(
    () => 'Marked as read.',
    (_, { chatId }) => ({ read: chatId }),
  ),
});

const typing = commandOf(setTyping, {
  name: 'typing',
  description: 'show the other people in the chat that the account is typing',
  options: {
    state: new Option('--state <state>', 'what to show').choices(TYPING_STATES).default(DEFAULT_TYPING_STATE),
  },
  show: asLine(
    () => 'Shown.',
    (_, { chatId, state }) => ({ typing: chatId, state }),
  ),
});

export const chatGroup: CommandGroup = {
  name: 'chat',
  description: 'chat operations that run at once and are not queued',
  commands: [read, typing],
};
