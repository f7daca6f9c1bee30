/** Runs one attempt to send an outbox message: prepare, write down the intent, send, write down the outcome. */
import { isSameAccount, type Address } from '../contract/address.ts';
import type { ChatId, OutboxId, SessionName, MessageId } from '../contract/ids.ts';
import { type Engine, EngineError, type SendStatus } from '../engine/engine.ts';
import { type EngineInput, engineInputOf, type OutgoingFile, type SendReceipt } from '../engine/engine-operations.ts';
import { inAnyForm } from '../engine/number-forms.ts';
import type { MediaLibrary } from '../media/media-library.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import type { OutboxOperation } from '../contract/operations/by-carrier.ts';
import type { OutboxRow } from '../store/outbox-rows.ts';
import { DeadlineError, within } from '../ops/deadline.ts';
import { requireOperation } from '../sessions/engine-operations.ts';
import type { SessionAccount } from '../sessions/session-account.ts';
import { contentOfRow, isKnown, isRepeatable, mediaOfContent, operationOf } from './outbox-content.ts';
import type { OutboxTransitions } from './outbox-transitions.ts';
import {
  decide,
  failureOfPreparation,
  failureOfSend,
  repeated,
  type Failure,
  type RetryLimits,
  type Verdict,
} from './retry-policy.ts';

/** `open`: the message is still `sending`, and only the engine can tell what became of it. */
export type AttemptResult = 'done' | 'open';

export interface AttemptOptions {
  readonly limits: RetryLimits;
  /** What to do with a send whose outcome cannot be known. */
  readonly inDoubtPolicy: 'hold' | 'resend';
  /** For questions to the engine, in milliseconds. */
  readonly questionMs: number;
  /** For a send, in milliseconds; media get as much again for each started 10 MB. */
  readonly sendMs: number;
}
export const DEFAULT_QUESTION_MS = 15_000;
export const DEFAULT_SEND_MS = 60_000;
const TEN_MB = 10_000_000;
export const ANOTHER_ACCOUNT = 'another account is linked now';
const UNLINKED = 'the account was unlinked before WhatsApp answered, and unlinking deleted the data of WhatsApp Web';
export const NO_ACCOUNT: SessionAccount = { account: null, login: 0 };

/** Whether a message may be sent from an account. One that has none yet may be sent from any. */
export function isForAccount({ account }: Pick<OutboxRow, 'account'>, other: Address | null): boolean {
  return account === null || other === null || isSameAccount(JSON.parse(account) as Address, other);
}

/**
 * Whether nobody can tell from which account a message was being sent: it was not noted, and the login may have ended
 * since. It must not be sent again, as that might be from another account.
 */
export const isOfUnknownAccount = (
  row: Pick<OutboxRow, 'account' | 'login'>,
  { account, login }: SessionAccount,
): boolean => row.account === null && (account === null || row.login !== login);

/** What the engine is asked to do in an attempt. */
interface Prepared {
  readonly operation: OutboxOperation['id'];
  readonly input: EngineInput<OutboxOperation['id']>;
  readonly file: OutgoingFile | null;
}

/** What an attempt needs from the sessions. */
export interface AttemptSessions {
  readyEngine(session: SessionName): Engine | null;
  account(session: SessionName): SessionAccount | null;
}

export interface AttemptRunnerDependencies {
  readonly transitions: OutboxTransitions;
  readonly sessions: AttemptSessions;
  readonly media: Pick<MediaLibrary, 'forSend'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

export class AttemptRunner {
  readonly #deps: AttemptRunnerDependencies;
  readonly #options: AttemptOptions;
  /**
   * Messages of which a send outlived its deadline and has not come back: what is absent may still leave. With the
   * engine that is at work on a file.
   */
  readonly #late = new Map<string, Engine | null>();

  constructor(deps: AttemptRunnerDependencies, options: AttemptOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Whether an engine is still at work on a file whose send outlived its deadline: the next would only wait behind it. */
  hasLateFile(engine: Engine): boolean {
    return [...this.#late.values()].includes(engine);
  }

  /** Attempts the head of a chat. Rejects only if the database fails; every other outcome is written down. */
  async run(queued: OutboxRow, engine: Engine): Promise<AttemptResult> {
    const { transitions, log } = this.#deps;
    const { account, login } = this.#account(queued);
    if (!isForAccount(queued, account)) {
      await transitions.giveUp(queued, 'WAB_ACCOUNT_CHANGED', ANOTHER_ACCOUNT);
      return 'done';
    }
    if (this.#isExpired(queued)) return this.#expire(queued);
    let row = queued;
    let prepared: Prepared;
    let messageId: MessageId | null;
    try {
      const addressed = await this.#address(row, engine);
      if (!addressed) return 'done';
      row = addressed;
      prepared = await this.#prepare(row, engine);
      messageId = isRepeatable(row)
        ? null
        : ((row.wire_id as MessageId | null) ??
          (engine.capabilities.chosenMessageIds ? engine.chooseMessageId(row.chat_id as ChatId) : null));
    } catch (error) {
      return this.#applyVerdict(row, this.#decide(row, failureOfPreparation(error), row.attempts + 1));
    }
    if (this.#isExpired(row)) return this.#expire(row);
    const begun = await transitions.begin(row, messageId, { account: account && JSON.stringify(account), login });
    if (!begun) return 'done';
    log.debug({ session: row.session, outboxId: row.id, attempt: begun.attempts }, 'sending');
    return this.#send(begun, prepared, messageId, engine);
  }

  /** Settles a message whose send was interrupted. */
  async settle(row: OutboxRow, reason: string): Promise<AttemptResult> {
    const { transitions, sessions } = this.#deps;
    // What it would be recorded as is not known either.
    if (!isKnown(row)) return this.#markInDoubt(row, reason);
    if (isRepeatable(row) && isOfUnknownAccount(row, this.#account(row))) {
      await transitions.giveUp(row, 'WAB_ACCOUNT_UNKNOWN', reason);
      return 'done';
    }
    if (isRepeatable(row)) return this.#applyVerdict(row, this.#decide(row, repeated(reason), row.attempts));
    const messageId = row.wire_id as MessageId | null;
    if (messageId === null) return this.#markInDoubt(row, reason);
    if (this.#account(row).login !== row.login) return this.#markInDoubt(row, UNLINKED);
    const engine = sessions.readyEngine(row.session as SessionName);
    // Stays `sending`, which holds its chat, until the session is back and can be asked.
    if (!engine) return 'open';
    const status = await this.#sendStatusOf(engine, messageId, row.chat_id as ChatId);
    // An engine that lost its session while it was asked knows nothing, and may know more when it is back.
    const lost = status === 'unknown' && sessions.readyEngine(row.session as SessionName) !== engine;
    if (status === 'sent') {
      await transitions.accept(row, { messageId, sentAt: new Date(row.updated_at) }, this.#senderOf(row));
      return 'done';
    }
    // Unlinked while it was asked: what it does not have any more says nothing.
    if (this.#account(row).login !== row.login) return this.#markInDoubt(row, UNLINKED);
    if (status === 'ask_later' || lost) return 'open';
    // Only a plain "it is not there" lets it be sent again.
    if (status !== 'absent' || this.#late.has(row.id)) return this.#markInDoubt(row, reason);
    return this.#applyVerdict(
      row,
      this.#decide(row, { outcome: 'absent', code: 'WAB_SEND_LOST', reason }, row.attempts),
    );
  }

  /** Asks once more about a message that is in doubt: WhatsApp may know it by now. */
  async reconsider(row: OutboxRow, engine: Engine): Promise<void> {
    const messageId = row.wire_id as MessageId | null;
    if (messageId === null || !isKnown(row) || !isForAccount(row, this.#account(row).account)) return;
    if ((await this.#sendStatusOf(engine, messageId, row.chat_id as ChatId)) !== 'sent') return;
    await this.#deps.transitions.accept(row, { messageId, sentAt: new Date(row.updated_at) }, this.#senderOf(row));
  }

  /** @returns the message under WhatsApp's own address; null if it joined the order of another chat */
  async #address(row: OutboxRow, engine: Engine): Promise<OutboxRow | null> {
    if (row.resolved === 1) return row;
    const asked = inAnyForm(row.chat_id as ChatId, (form) => engine.resolveChat(form));
    const chat = await within(asked, this.#options.questionMs, 'resolving the recipient', this.#deps.clock);
    const addressed = await this.#deps.transitions.setAddress(row, chat);
    return addressed?.head === 1 && addressed.chat_id === row.chat_id ? addressed : null;
  }

  async #prepare(row: OutboxRow, { name, capabilities }: Engine): Promise<Prepared> {
    const content = contentOfRow(row);
    const operation = operationOf(content);
    // The session may have another engine than when the message was accepted.
    requireOperation({ name: row.session as SessionName, engine: name, supports: capabilities.operations }, operation);
    const media = mediaOfContent(content);
    const file = media && (await this.#deps.media.forSend(media.mediaId, media.kind, media.fileName));
    const input = engineInputOf(operation, content.input, { chatId: row.chat_id as ChatId, file });
    return { operation: operation.id, input, file };
  }

  async #send(
    row: OutboxRow,
    { operation, input, file }: Prepared,
    messageId: MessageId | null,
    engine: Engine,
  ): Promise<AttemptResult> {
    const { transitions, sessions, clock } = this.#deps;
    const session = row.session as SessionName;
    if (sessions.readyEngine(session) !== engine || this.#account(row).login !== row.login) {
      const failure = failureOfSend(
        new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the session stopped before the send'),
      );
      return this.#applyVerdict(row, this.#decide(row, failure, row.attempts));
    }
    const tens = file ? Math.ceil(file.sizeBytes / TEN_MB) : 0;
    // An engine that throws instead of rejecting is an engine that failed.
    const call = Promise.resolve().then(() => engine.perform(operation, input, messageId));
    let receipt;
    try {
      receipt = await within(call, this.#options.sendMs * (1 + tens), 'the send', clock);
    } catch (error) {
      const failure = failureOfSend(error);
      const verdict = this.#decide(row, failure, row.attempts);
      if (verdict.kind !== 'hold') return this.#applyVerdict(row, verdict);
      // One that is repeated is settled by its repetition.
      if (error instanceof DeadlineError && !isRepeatable(row)) this.#awaitLate(row, call, file ? engine : null);
      return this.settle(row, failure.reason);
    }
    await transitions.accept(row, receipt, this.#senderOf(row));
    return 'done';
  }

  /** An answer after the deadline still settles the message. */
  #awaitLate(row: OutboxRow, call: Promise<SendReceipt>, atWork: Engine | null): void {
    const { transitions, log } = this.#deps;
    this.#late.set(row.id, atWork);
    call
      .finally(() => this.#late.delete(row.id))
      .then(
        (receipt) => transitions.accept(row, receipt, this.#senderOf(row)),
        () => undefined,
      )
      .catch((error: unknown) =>
        log.error({ err: error, outboxId: row.id as OutboxId }, 'a late answer could not be recorded'),
      );
  }

  async #sendStatusOf(engine: Engine, messageId: MessageId, chatId: ChatId): Promise<SendStatus | 'ask_later'> {
    try {
      return await within(
        engine.sendStatusOf(messageId, chatId),
        this.#options.questionMs,
        'asking whether it was sent',
        this.#deps.clock,
      );
    } catch (error) {
      return error instanceof EngineError && error.outcome === 'defer' ? 'ask_later' : 'unknown';
    }
  }

  #isExpired({ expires_at: at }: OutboxRow): boolean {
    return at !== null && at <= this.#deps.clock.now();
  }

  async #expire(row: OutboxRow): Promise<AttemptResult> {
    await this.#deps.transitions.expire(row);
    return 'done';
  }

  #account({ session }: Pick<OutboxRow, 'session'>): SessionAccount {
    return this.#deps.sessions.account(session as SessionName) ?? NO_ACCOUNT;
  }

  /** The account that sent a message, as it is known now where it is still linked. */
  #senderOf(row: OutboxRow): Address | null {
    const { account } = this.#account(row);
    if (row.account === null || isForAccount(row, account)) return account;
    return JSON.parse(row.account) as Address;
  }

  #decide(row: OutboxRow, failure: Failure, attempts: number): Verdict {
    const { clock, random } = this.#deps;
    const ageMs = clock.now() - (row.resent_at ?? row.created_at);
    return decide(failure, { attempts, ageMs }, this.#options.limits, random());
  }

  async #applyVerdict(row: OutboxRow, verdict: Verdict): Promise<AttemptResult> {
    const { transitions, log } = this.#deps;
    log.info({ session: row.session, outboxId: row.id, verdict: verdict.kind }, 'a send did not succeed');
    if (verdict.kind === 'hold') return this.#markInDoubt(row, verdict.reason);
    if (verdict.kind === 'fail') await transitions.giveUp(row, verdict.code, verdict.reason);
    if (verdict.kind === 'give_up')
      await transitions.giveUp({ ...row, attempts: verdict.attempts }, 'WAB_SEND_GAVE_UP', verdict.reason);
    if (verdict.kind === 'retry') await transitions.defer(row, verdict);
    return 'done';
  }

  async #markInDoubt(row: OutboxRow, reason: string): Promise<AttemptResult> {
    const { transitions, clock } = this.#deps;
    await transitions.markInDoubt(row, reason);
    if (this.#options.inDoubtPolicy === 'hold' || this.#isExpired(row)) return 'done';
    if (isOfUnknownAccount(row, this.#account(row))) return 'done';
    const again = this.#decide(row, { outcome: 'absent', code: 'WAB_SEND_LOST', reason }, row.attempts);
    // What was tried often enough stays in doubt: a person decides.
    if (again.kind === 'retry') await transitions.move(row, 'resolved_resend', { dueAt: clock.now() + again.afterMs });
    return 'done';
  }
}
