/** What commands have in common whose operation goes through the outbox: they name what they ask for, and wait for the outcome. */
import { randomUUID } from 'node:crypto';
import { Option } from 'commander';
import { DEFAULT_SEND_WAIT_SECONDS, MAX_WAIT_MS } from '../contract/defaults.ts';
import type { OutboxMessage } from '../contract/views/outbox-message.ts';
import type { CallOptions } from './client.ts';
import { wholeNumber } from './command.ts';
import { localTime } from './output.ts';
import { asMembers, type Show } from './show.ts';

export const OUTBOX_OPTIONS: readonly Option[] = [
  wholeNumber(
    '--wait <seconds>',
    `how many seconds to wait at most for WhatsApp to accept it (default ${DEFAULT_SEND_WAIT_SECONDS})`,
    0,
    MAX_WAIT_MS / 1000,
  ),
  new Option('--idempotency-key <key>', 'requests with the same key send only once'),
];

/** What the options say of a request. @param given as they were written */
export function callOf(given: Readonly<Record<string, unknown>>): CallOptions {
  const { wait = DEFAULT_SEND_WAIT_SECONDS, idempotencyKey = randomUUID() } = given;
  return { waitMs: (wait as number) * 1000, idempotencyKey: idempotencyKey as string };
}

/** Shows one outbox message. */
export const showMessage = asMembers((message: OutboxMessage) => [
  ['id', message.id],
  ['session', message.session],
  ['to', message.chat.chatId],
  ['type', message.type],
  [
    'state',
    message.replayed ? `${message.state} (answered from an earlier request with this idempotency key)` : message.state,
  ],
  ['message id', message.messageId],
  ['attempts', message.attempts],
  ['created', localTime(message.createdAt)],
  ['next attempt', localTime(message.nextAttemptAt)],
  ['not after', message.state === 'queued' ? localTime(message.expiresAt) : null],
  ['error', message.error && `${message.error.message} (${message.error.code})`],
]);

/** The same after a send; a failed one is the failure of the command. */
export const showSent: Show<OutboxMessage, unknown> = (message, shown) => {
  showMessage(message, shown);
  if (message.state === 'failed') process.exitCode = 1;
};
