/**
 * The durable steps in the life of an outbox message. Each is one transaction, with its event where it has one, and each
 * tells those who wait.
 */
import type { Address } from '../contract/address.ts';
import { WabError, type ErrorCode } from '../contract/errors.ts';
import type { NewEvent } from '../contract/events.ts';
import type { ChatId, OutboxId, SessionName, MessageId } from '../contract/ids.ts';
import type { SendReceipt } from '../engine/engine-operations.ts';
import { eventOf } from '../events/event-constructors.ts';
import type { Appended } from '../events/event-log.ts';
import type { Clock } from '../ops/clock.ts';
import type { Database } from '../store/database.ts';
import type { Call } from '../store/operation.ts';
import type { OutboxRow } from '../store/outbox-rows.ts';
import { addressMessage, claimMessages, makeMessagesDue, moveMessage, type Move } from '../store/outbox.repository.ts';
import type { OutboxChanges } from './outbox-changes.ts';
import { sentEventOf } from './sent-message.ts';
import { TRANSITIONS, type Transition } from './outbox-state.ts';
import type { Verdict } from './retry-policy.ts';

export interface OutboxRecorder {
  /** Stores an event and its effects in one transaction. */
  recordEvent(event: NewEvent, effects: readonly Call<unknown>[]): Promise<Appended>;
}

type Patch = Pick<
  Move,
  'messageId' | 'attempts' | 'dueAt' | 'sender' | 'expiresAt' | 'resentAt' | 'error' | 'headOnly' | 'required'
>;

/** Catalogue sentence of a code, with what a message can tell about itself. */
export function errorOf(code: ErrorCode, row: OutboxRow, reason: string): { code: ErrorCode; message: string } {
  const details = {
    reason,
    id: row.id,
    session: row.session,
    state: 'not connected',
    hint: 'The message waits and is sent once the session is ready.',
    attempts: row.attempts,
    mediaId: row.media_id ?? '',
    what: reason,
  };
  // Errors with details of their own bring their sentence along.
  const isWhole = code.startsWith('WAB_MEDIA_') || code === 'WAB_OPERATION_UNSUPPORTED';
  const message = isWhole ? reason : new WabError(code, details).message;
  return { code, message };
}

const WAITED = 'its session was not ready in time, or earlier messages in its chat were not sent';
/** A sentence as part of another one. */
const unended = (sentence: string): string => sentence.replace(/\.$/, '');

export class OutboxTransitions {
  readonly #database: Pick<Database, 'write'>;
  readonly #recorder: OutboxRecorder;
  readonly #changes: OutboxChanges;
  readonly #clock: Clock;

  constructor(database: Pick<Database, 'write'>, recorder: OutboxRecorder, changes: OutboxChanges, clock: Clock) {
    this.#database = database;
    this.#recorder = recorder;
    this.#changes = changes;
    this.#clock = clock;
  }

  /** @returns the message as it is now, or null if the move was not legal any more */
  async move(row: OutboxRow, transition: Transition, patch: Patch = {}): Promise<OutboxRow | null> {
    const moved = await this.#database.write(this.#move(row, transition, patch));
    if (moved) this.#notify(row);
    return moved;
  }

  /** The intent: on disk before the engine is called. */
  begin(row: OutboxRow, messageId: MessageId | null, sender: NonNullable<Move['sender']>): Promise<OutboxRow | null> {
    const attempts = row.attempts + 1;
    const patch = { attempts, sender, error: null, headOnly: true };
    return this.move(row, 'started', messageId === null ? patch : { ...patch, messageId });
  }

  /** WhatsApp's own address of the recipient. @returns the message, or null if it does not wait any more */
  setAddress(row: OutboxRow, chat: Address): Promise<OutboxRow | null> {
    return this.#database.write(
      addressMessage({
        id: row.id as OutboxId,
        chatId: chat.chatId as ChatId,
        chat: JSON.stringify(chat),
        now: this.#clock.now(),
      }),
    );
  }

  /** Messages that were put back because the session was not ready are due again. */
  makeDue(session: SessionName): Promise<void> {
    return this.#database.write(
      makeMessagesDue({ session, errorCode: 'WAB_SESSION_NOT_READY', now: this.#clock.now() }),
    );
  }

  /** WhatsApp took it: the event and the row in one transaction. What is no message has no event. */
  async accept(row: OutboxRow, receipt: SendReceipt, self: Address | null): Promise<void> {
    const event = sentEventOf(row.session as SessionName, row, { ...receipt, sender: self });
    if (event === null) {
      // Not under the receipt's id: acknowledgements of the message that it is about are not its own.
      await this.move(row, 'accepted', { error: null });
      return;
    }
    const move = this.#move(row, 'accepted', { messageId: receipt.messageId, error: null });
    const { duplicate } = await this.#recorder.recordEvent(event, [move]);
    // The engine reported the message before its own send returned; the row may still have to follow.
    if (duplicate) await this.#database.write(move);
    this.#notify(row);
  }

  /** Put back into the queue. */
  async defer(row: OutboxRow, verdict: Extract<Verdict, { kind: 'retry' }>): Promise<void> {
    const begun = row.state === 'sending';
    await this.move(row, 'deferred', {
      dueAt: this.#clock.now() + verdict.afterMs,
      attempts: row.attempts + (verdict.counts ? (begun ? 0 : 1) : begun ? -1 : 0),
      error: errorOf(verdict.code, row, verdict.reason),
    });
  }

  /** Given up: an event, so that nobody has to ask. */
  async fail(
    row: OutboxRow,
    code: ErrorCode,
    reason: string,
    transition: 'refused' | 'expired' = 'refused',
  ): Promise<void> {
    const error = errorOf(code, row, reason);
    const event = eventOf(row.session as SessionName, {
      type: 'outbox.failed',
      ...this.#placeOf(row),
      data: { outboxId: row.id, code, reason: error.message },
    });
    await this.#withEvent(row, event, transition, { error });
  }

  /** Not sent any more; one that was in doubt before is so again, since it may have left then. */
  async giveUp(row: OutboxRow, code: ErrorCode, reason: string): Promise<void> {
    const waits = row.state === 'queued';
    if (row.doubted === 1) await this.markInDoubt(row, reason, waits ? 'back_in_doubt' : 'outcome_unknown');
    else await this.fail(row, code, reason, waits ? 'expired' : 'refused');
  }

  /** Not sent before its deadline. */
  expire(row: OutboxRow): Promise<void> {
    const { error_code: code, error_message: said } = row;
    const reason = code === null || code === 'WAB_SESSION_NOT_READY' || said === null ? WAITED : unended(said);
    return this.giveUp(row, 'WAB_SEND_EXPIRED', reason);
  }

  /** Messages that have no account yet are from now on this account's. */
  assignAccount(session: SessionName, account: Address, login: number): Promise<void> {
    return this.#database.write(claimMessages({ session, account: JSON.stringify(account), login }));
  }

  /** Whether it left cannot be known. */
  async markInDoubt(
    row: OutboxRow,
    reason: string,
    transition: 'outcome_unknown' | 'back_in_doubt' = 'outcome_unknown',
  ): Promise<void> {
    const event = eventOf(row.session as SessionName, {
      type: 'outbox.in_doubt',
      ...this.#placeOf(row),
      data: {
        outboxId: row.id,
        attempt: row.attempts,
        // No attempt tells it apart from the doubt before; when it was requeued does.
        ...(transition === 'back_in_doubt' ? { waitedSince: row.updated_at } : {}),
        reason,
      },
    });
    await this.#withEvent(row, event, transition, {
      error: { code: 'WAB_SEND_IN_DOUBT', message: new WabError('WAB_SEND_IN_DOUBT', { id: row.id, reason }).message },
    });
  }

  /** The event is stored only if the message moves; where WhatsApp settled it meanwhile, neither happens. */
  async #withEvent(row: OutboxRow, event: NewEvent, transition: Transition, patch: Patch): Promise<void> {
    try {
      const { duplicate } = await this.#recorder.recordEvent(event, [
        this.#move(row, transition, { ...patch, required: true }),
      ]);
      if (duplicate) await this.#database.write(this.#move(row, transition, patch));
    } catch (error) {
      if (!(error instanceof WabError && error.code === 'WAB_OUTBOX_STATE')) throw error;
    }
    this.#notify(row);
  }

  #move(row: OutboxRow, transition: Transition, patch: Patch): Call<OutboxRow | null> {
    const { from, to } = TRANSITIONS[transition];
    return moveMessage({ of: { id: row.id as OutboxId }, from, to, now: this.#clock.now(), ...patch });
  }

  #placeOf(row: OutboxRow): { readonly at: Date; readonly chat: Address } {
    return { at: new Date(this.#clock.now()), chat: JSON.parse(row.chat) as Address };
  }

  #notify(row: OutboxRow): void {
    this.#changes.changed(row.id as OutboxId);
  }
}
