import { cancelOutboxMessage } from '../../contract/operations/outbox/cancel.ts';
import { getOutboxMessage } from '../../contract/operations/outbox/get.ts';
import { listOutboxMessages } from '../../contract/operations/outbox/list.ts';
import { resolveOutboxMessage } from '../../contract/operations/outbox/resolve.ts';
import { OUTBOX_STATES } from '../../contract/views/outbox-message.ts';
import { knownList } from '../arguments.ts';
import { commandOf, type CommandGroup } from '../operations.ts';
import { showMessage } from '../outbox-call.ts';
import { localTime } from '../output.ts';
import { asTable } from '../show.ts';

const list = commandOf(listOutboxMessages, {
  name: 'list',
  description: 'list outbox messages, newest first',
  options: {
    session: ['--session <name>', 'of this session'],
    state: knownList('--state <states>', `comma-separated: ${OUTBOX_STATES.join(', ')}`, 'state', OUTBOX_STATES),
  },
  show: asTable(({ messages }) => messages, {
    columns: {
      ID: (message) => message.id,
      SESSION: (message) => message.session,
      TO: (message) => message.chat.phone ?? message.chat.chatId,
      TYPE: (message) => message.type,
      STATE: (message) => message.state,
      CREATED: (message) => localTime(message.createdAt),
    },
    nothing: 'There are no such messages.',
    note: ({ error }) => error?.message,
  }),
});

const show = commandOf(getOutboxMessage, {
  name: 'show',
  description: 'show an outbox message',
  arguments: [{ field: 'id' }],
  show: showMessage,
});

const resolve = commandOf(resolveOutboxMessage, {
  name: 'resolve',
  description: 'settle a message that is in doubt',
  arguments: [{ field: 'id' }],
  options: { as: ['--as <outcome>', 'sent or failed: what happened to it; resend: send it again'] },
  show: showMessage,
});

const cancel = commandOf(cancelOutboxMessage, {
  name: 'cancel',
  description: 'cancel a queued message',
  arguments: [{ field: 'id' }],
  show: showMessage,
});

export const outboxGroup: CommandGroup = {
  name: 'outbox',
  description: 'messages that wabridge has accepted for sending',
  commands: [list, show, resolve, cancel],
};
