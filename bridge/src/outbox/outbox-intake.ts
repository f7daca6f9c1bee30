/** Takes a request durably, once per idempotency key. Everything that can be known to be wrong is said before. */
import type { Address } from '../contract/address.ts';
import { IDEMPOTENCY_DAYS, MAX_EXPIRY_SECONDS } from '../contract/defaults.ts';
import { WabError } from '../contract/errors.ts';
import {
  type AnyInput,
  checkFields,
  expiryOf,
  type GivenMedia,
  mediaOf,
  recipientOf,
} from '../contract/field-checks.ts';
import { newOutboxId, type ChatId, type SessionName } from '../contract/ids.ts';
import type { OutboxOperation } from '../contract/operations/by-carrier.ts';
import { EngineError, type Engine } from '../engine/engine.ts';
import { inAnyForm } from '../engine/number-forms.ts';
import { addressOf, currentChatId, parseChatId } from '../contract/whatsapp-id.ts';
import { mayUse, type MediaLibrary } from '../media/media-library.ts';
import type { Clock } from '../ops/clock.ts';
import type { SessionAccount } from '../sessions/session-account.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Database } from '../store/database.ts';
import type { OutboxReads } from '../store/outbox-reads.repository.ts';
import type { Claimed, IdempotencyClaim } from '../store/outbox-rows.ts';
import { acceptMessage } from '../store/outbox.repository.ts';
import { within } from '../ops/deadline.ts';
import { digestOf, typeOf, viewOf, type OutboxContent } from './outbox-content.ts';
import type { Acceptance, AcceptOptions } from './outbox.ts';

/** How long an idempotency key is remembered. */
export const IDEMPOTENCY_MS = IDEMPOTENCY_DAYS * 24 * 3_600_000;
/** How long an acceptance waits for WhatsApp to tell whether it knows the recipient. */
const RESOLVE_MS = 2_000;

export interface OutboxIntakeDependencies {
  readonly database: Pick<Database, 'write'>;
  readonly reads: Pick<OutboxReads, 'claimed'>;
  readonly sessions: Pick<Sessions, 'requireOperation'> & {
    readyEngine(session: SessionName): Engine | null;
    account(session: SessionName): SessionAccount | null;
  };
  readonly media: Pick<MediaLibrary, 'checkSendable' | 'info'>;
  readonly clock: Clock;
}

export class OutboxIntake {
  readonly #deps: OutboxIntakeDependencies;
  readonly #expiryMs: number;

  /** @param expiryMs how long a message may wait whose request does not say, in milliseconds */
  constructor(deps: OutboxIntakeDependencies, expiryMs = MAX_EXPIRY_SECONDS * 1000) {
    this.#deps = deps;
    this.#expiryMs = expiryMs;
  }

  /** @throws WabError as `Outbox.accept` says; nothing is stored then */
  async accept(operation: OutboxOperation, input: AnyInput, options: AcceptOptions): Promise<Acceptance> {
    const { database, reads, clock } = this.#deps;
    const now = clock.now();
    const claim: IdempotencyClaim = {
      keyId: options.keyId,
      key: options.idempotencyKey,
      digest: digestOf(operation, input),
      firstAnswer: options.firstAnswer,
      validSince: now - IDEMPOTENCY_MS,
    };
    // A repetition is answered as the first time, whatever has become of session or media since.
    const known = await reads.claimed(claim);
    if (known) return answer(known);

    const session = input['session'] as SessionName;
    this.#deps.sessions.requireOperation(session, operation);
    checkFields(operation, input);
    const media = mediaOf(operation, input);
    const file = media && (await this.#fileFor(session, media, options.sessions ?? null));
    const asked = parseChatId(recipientOf(operation, input));
    const found = await this.#resolve(session, asked);
    // Both forms of a number wait in one order until WhatsApp has told which of them it uses.
    const waiting = currentChatId(asked);
    const chat = found ?? addressOf(waiting);
    const account = this.#deps.sessions.account(session)?.account ?? null;
    const content: OutboxContent = { operation: operation.id, input, ...file };
    const expirySeconds = expiryOf(operation, input);
    const row = {
      id: newOutboxId(),
      session,
      chatId: chat.chatId as ChatId,
      alias: chat.chatId === waiting ? null : waiting,
      chat: JSON.stringify(chat),
      resolved: found !== null,
      type: typeOf(operation),
      content: JSON.stringify(content),
      mediaId: media?.mediaId ?? null,
      account: account && JSON.stringify(account),
      // From the request on: what it took to accept it is part of the wait.
      expiresAt: now + (expirySeconds === undefined ? this.#expiryMs : expirySeconds * 1000),
    };
    return answer(await database.write(acceptMessage({ row, claim, now: clock.now() })));
  }

  /** @param allowed the sessions that the key may use; null for all */
  async #fileFor(
    session: SessionName,
    { mediaId, kind }: GivenMedia,
    allowed: ReadonlySet<SessionName> | null,
  ): Promise<Pick<OutboxContent, 'mimeType'>> {
    const { media } = this.#deps;
    // A key may be barred from the session whose message carries the file.
    const found = await media.info(mediaId);
    const isElsewhere = found.session !== null && found.session !== session;
    if (isElsewhere || !mayUse(allowed, found)) throw new WabError('WAB_MEDIA_NOT_FOUND', { mediaId });
    return media.checkSendable(mediaId, kind);
  }

  /** WhatsApp's address of the recipient, or null if it cannot be known now. @throws WabError if there is none */
  async #resolve(session: SessionName, chatId: ChatId): Promise<Address | null> {
    const engine = this.#deps.sessions.readyEngine(session);
    if (!engine) return null;
    try {
      const asked = inAnyForm(chatId, (form) => engine.resolveChat(form));
      return await within(asked, RESOLVE_MS, 'resolving the recipient', this.#deps.clock);
    } catch (error) {
      if (error instanceof EngineError && error.outcome === 'fail') {
        throw new WabError(error.code, { session, reason: error.message }, { cause: error });
      }
      return null;
    }
  }
}

function answer(claimed: Claimed): Acceptance {
  if (claimed.kind === 'reused') throw new WabError('WAB_IDEMPOTENCY_KEY_REUSED');
  const replayed = claimed.kind === 'replayed';
  const message = viewOf(claimed.row);
  return { message: replayed ? { ...message, replayed } : message, replayed };
}
