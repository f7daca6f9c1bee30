/**
 * The engine port: the code that speaks to WhatsApp for one session. An engine knows nothing of logs, outboxes or HTTP;
 * it reports facts to its listener and carries out operations. Every engine passes `test/conformance/engine.suite.ts`.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { TObject } from 'typebox';
import type { Address } from '../contract/address.ts';
import type { EngineName, LinkingMethod } from '../contract/engines.ts';
import type { EngineEventType, EventReport } from '../contract/events.ts';
import type { ReportedContent } from '../contract/kinds.ts';
import type { ChatId, SessionName, MessageId } from '../contract/ids.ts';
import type { EngineOperationId } from '../contract/operations/by-carrier.ts';
import type { HealthCheck } from '../contract/views/session.ts';
import type { EngineInput, EngineResult } from './engine-operations.ts';

export interface EngineCapabilities {
  /** The message id can be fixed before the send, so that it is on disk before WhatsApp learns of it. */
  readonly chosenMessageIds: boolean;
  /** How a person links an account; empty if there is nothing that a person could scan or type. */
  readonly linking: readonly LinkingMethod[];
  /**
   * It works on several files at the same time. Others are given one after another, since a file that waited inside the
   * engine would outlive the deadline of its send, and be in doubt, without having begun.
   */
  readonly parallelFiles: boolean;
  /** It does not connect to WhatsApp. */
  readonly simulated: boolean;
  /** Ids of the operations that it can carry out. */
  readonly operations: readonly EngineOperationId[];
  /** Types of events that it can report. */
  readonly events: readonly EngineEventType[];
}

/** Connection state as the engine sees it; the session's state machine turns it into session states. */
export type EngineSignal =
  | { readonly kind: 'qr'; readonly code: string; readonly expiresAt: Date }
  /** The QR code holds no longer: it was scanned, or another one follows. */
  | { readonly kind: 'qr_withdrawn' }
  /** The code to type on the phone, after `requestPairingCode` and again each time it was renewed. */
  | { readonly kind: 'pairing_code'; readonly code: string; readonly expiresAt: Date }
  /** The code was taken, or the account was linked before; its data is still to be loaded. */
  | { readonly kind: 'authenticated' }
  /** It is not ready yet and gets on: the time it has for that begins again. `reason` says how far it is, for a person. */
  | { readonly kind: 'progress'; readonly reason: string }
  | { readonly kind: 'ready'; readonly self: Address }
  /** The line is lost. An engine that gets it back signals `ready` again; one that does not is replaced after a while. */
  | { readonly kind: 'interrupted'; readonly reason: string }
  /** It does not work as it should. The engine, or the next one, says `recovered` once it does. */
  | { readonly kind: 'degraded'; readonly reason: string }
  /** It works as it should. Means nothing to a session that was not degraded. */
  | { readonly kind: 'recovered' }
  /** The account was unlinked: login state is void, only a new scan helps. */
  | { readonly kind: 'logged_out'; readonly reason: string }
  /** WhatsApp refuses this account or this program (banned, restricted, too old): only a person can change that. */
  | { readonly kind: 'refused'; readonly reason: string }
  /**
   * The engine cannot go on by itself (browser died, start failed); the supervisor restarts it with backoff. With
   * `retryAfterMs` all healing was in vain: not before that many milliseconds, and a person should look.
   */
  | { readonly kind: 'crashed'; readonly reason: string; readonly retryAfterMs?: number };

/** What an engine knows of its own parts. `detail` is for a person and names no people. */
export interface EngineHealth {
  readonly checks: readonly HealthCheck[];
}

/** A message as an engine knows it: what its event says, who and where. */
export type EngineMessage = ReportedContent & {
  readonly messageId: MessageId;
  readonly chat: Address;
  readonly sender: Address;
  readonly fromMe: boolean;
  readonly sentAt: Date;
  readonly mentions: readonly Address[];
  readonly quotedMessageId: MessageId | null;
};

/** What happened on WhatsApp. Reported at least once: after a reconnect an engine may repeat itself. */
export type EngineFact<T extends EngineEventType = EngineEventType> = EventReport<T>;

export interface EngineListener {
  signal(signal: EngineSignal): void;
  /** Resolves once the fact is durable; an engine that can ask WhatsApp again may wait for it. */
  fact(fact: EngineFact): Promise<void>;
}

/** Eight characters, as WhatsApp gives them, to be typed on the phone of the account. */
export interface PairingCode {
  readonly code: string;
  readonly expiresAt: Date;
}

/** Whether WhatsApp has a message. An engine says `absent` only when it knows that the message never left and never will. */
export type SendStatus = 'sent' | 'absent' | 'unknown';

export interface Engine {
  readonly name: EngineName;
  readonly capabilities: EngineCapabilities;
  /** Begins to connect. Resolves once the engine has begun; progress is reported by signals. Rejects with a reason. */
  start(): Promise<void>;
  /** Ends the connection and every process it needed, within a deadline; keeps the login state. Never rejects. */
  stop(): Promise<void>;
  /** Unlinks the account and removes the login state. */
  logout(): Promise<void>;
  /**
   * Asks for a code that links the account of a phone number, while QR codes are shown; they stay usable beside it. A
   * new request voids the code before. A code that nobody has used is renewed a few times, with the signal
   * `pairing_code`. Only with `linking` by pairing code.
   *
   * @param phone international, digits only after the plus (`+4915123456789`)
   * @throws EngineError: `fail` WAB_SESSION_STATE where an account is linked, WAB_PAIRING_REFUSED where WhatsApp gives
   *   none for this number; `defer` WAB_PAIRING_LIMITED after too many requests, WAB_SESSION_NOT_READY where no QR code
   *   is shown (yet) or no answer came
   */
  requestPairingCode(phone: string): Promise<PairingCode>;
  /** The address under which WhatsApp knows a recipient. Throws `EngineError` (`fail`) if there is none. */
  resolveChat(chatId: ChatId): Promise<Address>;
  /** An id for the next message of a chat (only with `chosenMessageIds`). */
  chooseMessageId(chatId: ChatId): MessageId;
  /**
   * Carries out an operation that the capabilities name, once.
   *
   * @param messageId the id to send under, from `chooseMessageId`; null if the engine cannot choose, and for what
   *   sends no message
   * @throws EngineError whose `outcome` says what is known of it: `fail` if it was not done and never will be, `defer` while
   *   not connected, `unknown` if no answer came
   */
  perform<Id extends EngineOperationId>(
    id: Id,
    input: EngineInput<Id>,
    messageId?: MessageId | null,
  ): Promise<EngineResult<Id>>;
  /**
   * What became of a message whose send was interrupted, as far as the present login knows: of one that was sent before
   * the account was linked again it means nothing. Throws `EngineError` (`defer`) if it cannot be told yet.
   */
  sendStatusOf(messageId: MessageId, chatId: ChatId): Promise<SendStatus>;
  /** What is known of the engine's parts, from its own regular probes. Answers at once, in any state. */
  health(): Promise<EngineHealth>;
  /**
   * Takes a request of the other side, in any state between the beginning of `start` and `stop`: verifies it, and answers once what it
   * reports is durable. Only of engines whose factory has an `ingress`.
   */
  receive?(request: IngressRequest): Promise<IngressAnswer>;
  /**
   * The bytes of an incoming medium, as fast as they are read. A reader that does not read to the end destroys the
   * stream.
   *
   * @param limitBytes a larger file is refused, before it is downloaded where its size is known
   * @throws EngineError, also by the stream: `fail` WAB_MEDIA_FAILED where WhatsApp no longer has it, WAB_MEDIA_TOO_LARGE;
   *   `defer` to try again, with WAB_SESSION_NOT_READY where the file is not the reason
   */
  downloadMedia(messageId: MessageId, limitBytes: number): Promise<Readable>;
}

/** What an engine needs to know of each of its sessions, as the operator states it when adding one. */
export interface EngineSettings {
  /** Stored and shown. */
  readonly shown: TObject;
  /** Stored encrypted and never shown. No field has the name of one that is shown. */
  readonly secret: TObject;
}

/** What a factory lets the other side send to its sessions, over HTTP, under `/v1/ingress/<engine>/<session>`. */
export interface EngineIngress {
  readonly methods: readonly ('GET' | 'POST')[];
  /** A larger body is refused before it reaches an engine. */
  readonly maxBodyBytes: number;
}

/** A request of the other side. Nobody has verified it: that is the first thing that an engine does with it. */
export interface IngressRequest {
  readonly method: string;
  /** After the question mark, as it was sent. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** The bytes as they were sent, since a signature is over them. */
  readonly body: Buffer;
}

export interface IngressAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface EngineOptions {
  /** `scheme://[user:password@]host:port`, as `contract/proxy.ts` reads it; everything goes through it. */
  readonly proxy?: string;
  /** As `EngineFactory.settings` describes them, shown ones and secrets; missing if it describes none. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** Makes an engine for a session. `profileDir` is the session's own folder for its login state. */
export interface EngineFactory {
  readonly name: EngineName;
  readonly capabilities: EngineCapabilities;
  /** Whether its engines know what to do with a proxy. */
  readonly takesProxy: boolean;
  /** What each session has to be added with; an engine that has none refuses all. */
  readonly settings?: EngineSettings;
  /** Nothing is open to the other side unless a factory asks for it. */
  readonly ingress?: EngineIngress;
  create(session: SessionName, profileDir: string, listener: EngineListener, options: EngineOptions): Engine;
  /** Removes what a deleted session left outside `profileDir`, which is still there. */
  forget(session: SessionName): Promise<void>;
}

/**
 * What went wrong, as an instruction to the dispatcher: `fail` (it did not leave and never will), `defer` (it did not
 * leave, try again), `unknown` (it may have left: hold it).
 */
export class EngineError extends Error {
  readonly outcome: 'fail' | 'defer' | 'unknown';
  /** Catalogue code shown to the client for `fail`. */
  readonly code:
    | 'WAB_CHAT_UNKNOWN'
    | 'WAB_QUOTED_UNKNOWN'
    | 'WAB_MESSAGE_UNKNOWN'
    | 'WAB_SEND_REFUSED'
    | 'WAB_SEND_FAILED'
    | 'WAB_SESSION_NOT_READY'
    | 'WAB_OPERATION_FAILED'
    | 'WAB_SESSION_STATE'
    | 'WAB_MEDIA_FAILED'
    | 'WAB_MEDIA_TOO_LARGE'
    | 'WAB_PAIRING_REFUSED'
    | 'WAB_PAIRING_LIMITED';
  /** For `defer`: not before this many milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    outcome: EngineError['outcome'],
    code: EngineError['code'],
    reason: string,
    options?: { cause?: unknown; retryAfterMs?: number },
  ) {
    super(reason, options);
    this.name = 'EngineError';
    this.outcome = outcome;
    this.code = code;
    this.retryAfterMs = options?.retryAfterMs;
  }
}
