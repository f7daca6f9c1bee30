/** Messages of which something is still to come, oldest first: limited in number and age, asked for less and less often. */
import type { MessageId } from '../../../contract/ids.ts';
import type { Clock } from '../../../ops/clock.ts';
import type { ServerClock } from '../login/server-clock.ts';

/** As long as WhatsApp keeps a device linked whose phone is away, in seconds. */
const LONGEST_S = 14 * 24 * 3600;
/** A message is asked for again after this share of its age, so that old ones cost little. */
const SHARE_OF_AGE = 0.1;

export interface PendingMessage {
  readonly messageId: MessageId;
  /** When it was sent, in seconds. */
  readonly t: number;
}

export interface PendingMessagesOptions {
  /** The oldest are forgotten beyond that. */
  readonly most: number;
  /** No message is asked for more often, in milliseconds. */
  readonly everyMs: number;
  readonly clock: Clock;
  /** WhatsApp's, by which messages are dated. */
  readonly serverClock: Pick<ServerClock, 'seconds'>;
}

export class PendingMessages<Message extends PendingMessage> {
  readonly #options: PendingMessagesOptions;
  /** Each with when it is to be asked for, in milliseconds elapsed. */
  readonly #messages = new Map<MessageId, { message: Message; dueAt: number }>();

  /** @param remembered by earlier runs; they are due at once */
  constructor(options: PendingMessagesOptions, remembered: readonly Message[]) {
    this.#options = options;
    for (const message of remembered) this.#messages.set(message.messageId, { message, dueAt: -Infinity });
  }

  get all(): readonly Message[] {
    return [...this.#messages.values()].map(({ message }) => message);
  }

  get due(): readonly MessageId[] {
    const now = this.#options.clock.elapsed();
    return [...this.#messages].filter(([, { dueAt }]) => dueAt <= now).map(([messageId]) => messageId);
  }

  get(messageId: MessageId): Message | undefined {
    return this.#messages.get(messageId)?.message;
  }

  /** One that is known already stays as it is. */
  add(message: Message): void {
    if (this.#messages.has(message.messageId)) return;
    const { most, everyMs, clock, serverClock } = this.#options;
    this.#messages.set(message.messageId, { message, dueAt: clock.elapsed() + everyMs });
    const oldest = serverClock.seconds - LONGEST_S;
    for (const [id, { message: each }] of this.#messages)
      if (this.#messages.size > most || each.t < oldest) this.#messages.delete(id);
  }

  /** Something else is known of a message that is awaited. */
  replace(message: Message): void {
    const known = this.#messages.get(message.messageId);
    if (known) known.message = message;
  }

  delete(messageId: MessageId): void {
    this.#messages.delete(messageId);
  }

  /** Makes all of them due. */
  makeAllDue(): void {
    for (const each of this.#messages.values()) each.dueAt = -Infinity;
  }

  /** These were asked for just now. */
  asked(messageIds: readonly MessageId[]): void {
    const { clock, serverClock } = this.#options;
    const now = clock.elapsed();
    const { seconds } = serverClock;
    for (const messageId of messageIds) {
      const known = this.#messages.get(messageId);
      if (known) known.dueAt = now + Math.max(0, seconds - known.message.t) * 1000 * SHARE_OF_AGE;
    }
  }
}
