/**
 * Sessions as the rest of the bridge sees them. HTTP uses `Sessions`, the dispatcher uses `SessionEngines`; neither
 * sees the supervisor that implements both.
 */
import type { AnyInput } from '../contract/field-checks.ts';
import type { SessionSettings } from '../contract/fields.ts';
import type { SessionName } from '../contract/ids.ts';
import type { SessionAccount } from './session-account.ts';
import type { EngineName } from '../contract/engines.ts';
import type { DirectOperation, EngineOperation } from '../contract/operations/by-carrier.ts';
import type { LoginCode, SessionHealth, SessionView } from '../contract/views/session.ts';
import type { Engine, IngressAnswer, IngressRequest } from '../engine/engine.ts';

export interface NewSessionOptions {
  /** A URL, which may hold a login. */
  readonly proxy?: string;
  /** What the engine asks for; with its secrets. */
  readonly settings?: SessionSettings;
}

export interface Sessions {
  list(): readonly SessionView[];
  /** @throws WabError WAB_SESSION_NOT_FOUND */
  get(name: SessionName): SessionView;
  /**
   * Creates a session and starts it.
   *
   * @throws WabError WAB_SESSION_EXISTS, WAB_ENGINE_NOT_ENABLED, WAB_SESSION_LIMIT, WAB_PROXY_INVALID,
   *   WAB_SETTINGS_INVALID, WAB_CONFIG_INVALID
   */
  add(name: SessionName, engine: EngineName, options?: NewSessionOptions): Promise<SessionView>;
  /** Gives a session another proxy, or none, from its next start on. @throws WabError WAB_PROXY_INVALID */
  setProxy(name: SessionName, proxy: string | null): Promise<SessionView>;
  start(name: SessionName): Promise<SessionView>;
  stop(name: SessionName): Promise<SessionView>;
  /** Unlinks the account; the session stays and is `logged_out`. */
  logout(name: SessionName): Promise<SessionView>;
  /** Stops the session and removes it with its login state; events and outbox rows stay. */
  delete(name: SessionName): Promise<void>;
  /** What is known of the session's parts, in any state. @throws WabError WAB_SESSION_NOT_FOUND */
  health(name: SessionName): Promise<SessionHealth>;
  /**
   * Whether the engine of a session can carry out an operation, in any state of the session.
   *
   * @throws WabError WAB_SESSION_NOT_FOUND, WAB_ENGINE_NOT_ENABLED, WAB_OPERATION_UNSUPPORTED
   */
  requireOperation(name: SessionName, operation: EngineOperation): void;
  /**
   * Has the engine carry out an operation at once: done when it resolves, within the operation's deadline, or not at all.
   *
   * @param input valid by its schema
   * @throws WabError those that the definition names
   */
  perform(name: SessionName, operation: DirectOperation, input: AnyInput): Promise<unknown>;
  /** @throws WabError WAB_ENGINE_NOT_ENABLED, WAB_LINKING_UNSUPPORTED, WAB_QR_NOT_AVAILABLE */
  qr(name: SessionName): LoginCode;
  /**
   * Hands a request of the other side, which nobody has verified, to the engine of a session.
   *
   * @param engine name of the engine that it is for
   * @throws WabError WAB_INGRESS_UNAVAILABLE, whatever the reason
   */
  receive(name: SessionName, engine: string, request: IngressRequest): Promise<IngressAnswer>;
  /**
   * Asks WhatsApp for a code that links the account of a phone when it is typed on it.
   *
   * @param phone as a person writes it, with country code
   * @throws WabError WAB_ENGINE_NOT_ENABLED, WAB_LINKING_UNSUPPORTED, WAB_PHONE_INVALID, WAB_PAIRING_CODE_NOT_AVAILABLE,
   *   WAB_SESSION_STATE, WAB_PAIRING_REFUSED, WAB_PAIRING_LIMITED, WAB_SESSION_NOT_READY
   */
  requestPairingCode(name: SessionName, phone: string): Promise<LoginCode>;
  /**
   * The pairing code asked for, or the one that renewed it.
   *
   * @throws WabError WAB_ENGINE_NOT_ENABLED, WAB_LINKING_UNSUPPORTED, WAB_PAIRING_CODE_NOT_AVAILABLE
   */
  pairingCode(name: SessionName): LoginCode;
}

export interface SessionEngines {
  /** The engine of a session that can send now, or null. */
  readyEngine(name: SessionName): Engine | null;
  /** Whether the session exists at all (a deleted one's messages fail). */
  exists(name: SessionName): boolean;
  /** Which account it is, and in which login; null for a session that does not exist or whose engine is not enabled. */
  account(name: SessionName): SessionAccount | null;
  /** Calls back each time a session becomes ready. Returns the function that ends it. */
  onReady(listener: (name: SessionName) => void): () => void;
  /** Calls back each time a login of a session has ended. Returns the function that ends it. */
  onUnlinked(listener: (name: SessionName) => void): () => void;
}
