import { Option, type Command } from 'commander';
import { EVENT_TYPES } from '../../contract/events.ts';
import { knownList, sessionList } from '../arguments.ts';
import { addCommand } from '../command.ts';
import { localTime, printable } from '../output.ts';
import { tail, type TailedEvent } from '../tail.ts';

/** `events tail`: follows the log. */
export function tailCommand(events: Command): void {
  addCommand(
    events,
    'tail',
    'print events as they arrive, until Ctrl-C; creates no durable subscription',
    async (context, _args, { session, type, since = 'latest' }) => {
      const filter = {
        ...(session === undefined ? {} : { sessions: session as string[] }),
        ...(type === undefined ? {} : { types: type as string[] }),
      };
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort());
      process.once('SIGTERM', () => stop.abort());
      await tail(
        context.client(),
        { filter, from: since as string, signal: stop.signal, note: (text) => context.output.note(text) },
        (event) => context.output.result(event, line(event)),
      );
    },
    [
      sessionList('--session <list>', 'of these sessions, comma-separated'),
      knownList(
        '--type <list>',
        `of these types, comma-separated: ${EVENT_TYPES.join(', ')}`,
        'event type',
        EVENT_TYPES,
      ),
      new Option('--since <where>', '`latest` (default), `earliest` or a cursor'),
    ],
  );
}

function line(event: TailedEvent): string {
  const who = event.sender?.phone ?? event.sender?.chatId ?? event.chat?.chatId ?? '';
  const what =
    event.data === null
      ? `(withheld: ${event.withheld})`
      : typeof event.data['text'] === 'string'
        ? event.data['text']
        : JSON.stringify(event.data);
  return [localTime(event.occurredAt), event.session ?? '-', event.type, who, what].map(printable).join('  ');
}
