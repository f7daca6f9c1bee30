import { DEFAULT_TYPING_STATE } from '../../shared/contract.generated';
import type { Overlays } from '../operations/overlay';

export const chatOverlays = {
  'chat.markRead': {
    value: 'markAsRead',
    name: 'Mark as Read',
    action: 'Mark a chat as read',
    description: 'Mark a chat as read, so that the senders see their messages as read',
    fields: {
      session: { description: 'The linked WhatsApp account that marks the chat as read' },
      chatId: { description: 'The chat to mark as read: a person or a group' },
    },
  },
  'chat.setTyping': {
    value: 'typing',
    name: 'Send Typing',
    action: 'Show typing in a chat',
    description: 'Show the other people in a chat that the account is typing or recording',
    fields: {
      session: { description: 'The linked WhatsApp account that is shown as typing' },
      chatId: { description: 'Where to show it: a person or a group' },
      state: {
        default: DEFAULT_TYPING_STATE,
        description: 'What the other people see. WhatsApp clears it after a while, or when a message is sent.',
        choices: {
          composing: { name: 'Typing', description: 'Show "typing" in the chat' },
          paused: { name: 'Stopped', description: 'Stop showing anything' },
          recording: { name: 'Recording', description: 'Show "recording audio" in the chat' },
        },
      },
    },
  },
} satisfies Overlays;
