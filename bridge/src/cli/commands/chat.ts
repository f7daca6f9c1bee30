import { Option, type Command } from 'commander';
import { DEFAULT_TYPING_STATE, TYPING_STATES } from '../../contract/chats.ts';
import { sessionName } from '../arguments.ts';
import { addCommand } from '../command.ts';

const path = (session: string, chat: string, operation: string): string =>
  `/v1/sessions/${sessionName(session)}/chats/${encodeURIComponent(chat)}/${operation}`;

export function chatCommands(program: Command): void {
  const chat = program.command('chat').description('chat operations that run at once and are not queued');

  addCommand(chat, 'read <session> <chat>', 'mark a chat as read', async (context, [session, to]) => {
    await context.client().request('POST', path(session!, to!, 'read'));
    context.output.result({ read: to }, 'Marked as read.');
  });

  addCommand(
    chat,
    'typing <session> <chat>',
    'show the other people in the chat that the account is typing',
    async (context, [session, to], { state }) => {
      await context.client().request('POST', path(session!, to!, 'typing'), { body: { state } });
      context.output.result({ typing: to, state }, 'Shown.');
    },
    [new Option('--state <state>', 'what to show').choices(TYPING_STATES).default(DEFAULT_TYPING_STATE)],
  );
}
