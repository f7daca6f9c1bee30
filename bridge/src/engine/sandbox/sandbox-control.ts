/**
 * Drives the simulated phones. For the HTTP owner: build `GuardedSandboxControl` over the session registry and the
 * network (compose.ts hands it over as `SandboxControl`) and map one route to one method, with the schemas of
 * `sandbox-contract.ts` as bodies and answers, scope `sessions:manage`:
 *
 *   POST   /v1/sandbox/:session/receive          SandboxInboundMessage         -> { messageId }
 *   POST   /v1/sandbox/:session/send-from-phone  SandboxOwnMessage  -> { messageId }
 *   GET    /v1/sandbox/:session/inbox        SandboxInboxFilter as query, atLeast, waitMs -> SandboxInboxEntry[]
 *            (with `atLeast` call `waitForInbox`, else `inbox`)
 *   GET    /v1/sandbox/:session/operations         SandboxOperationFilter as query, atLeast, waitMs -> SandboxOperation[]
 *   POST   /v1/sandbox/:session/scan         { code?, phone? }
 *   POST   /v1/sandbox/:session/unlink
 *   POST   /v1/sandbox/:session/disconnect   { forMs? }
 *   POST   /v1/sandbox/:session/crash
 *   GET/PUT /v1/sandbox/:session/faults      SandboxFaults
 *   GET/PUT /v1/sandbox/:session/contacts    SandboxContact[] / SandboxContact
 *   GET    /v1/sandbox/:session              SandboxAccount
 *
 * Errors are WabErrors: WAB_SESSION_NOT_FOUND, WAB_SANDBOX_ONLY, WAB_ADDRESS_INVALID, WAB_QR_NOT_AVAILABLE. Say in
 * every answer and page that this is simulated.
 */
import { WabError } from '../../contract/errors.ts';
import type { SessionName } from '../../contract/ids.ts';
import type {
  SandboxAccount,
  SandboxOperation,
  SandboxOperationFilter,
  SandboxContact,
  SandboxFaults,
  SandboxInboxEntry,
  SandboxInboxFilter,
  SandboxOwnMessage,
  SandboxInboundMessage,
} from './sandbox-contract.ts';

export interface SandboxControl {
  /** Somebody writes to the account. Resolves once the simulated network holds it durably (not yet: delivered). */
  receive(session: SessionName, message: SandboxInboundMessage): Promise<{ readonly messageId: string }>;
  /** The owner types a message on the own phone. */
  sendFromPhone(session: SessionName, message: SandboxOwnMessage): Promise<{ readonly messageId: string }>;
  /** What contacts received, oldest first: each message id once, with the number of its transmissions. */
  inbox(session: SessionName, filter?: SandboxInboxFilter): Promise<readonly SandboxInboxEntry[]>;
  /** The same as soon as it holds `atLeast` entries, or after `waitMs` what there is. */
  waitForInbox(
    session: SessionName,
    filter: SandboxInboxFilter,
    atLeast: number,
    waitMs: number,
  ): Promise<readonly SandboxInboxEntry[]>;
  /** What contacts saw of the account besides messages, oldest first, each transmission for itself. */
  operations(session: SessionName, filter?: SandboxOperationFilter): Promise<readonly SandboxOperation[]>;
  /** The same as soon as there are `atLeast`, or after `waitMs` what there is. */
  waitForOperations(
    session: SessionName,
    filter: SandboxOperationFilter,
    atLeast: number,
    waitMs: number,
  ): Promise<readonly SandboxOperation[]>;
  /**
   * Scans the QR code shown; with `code`, only if it is still that one. A pairing code as `code` is typed instead. With
   * `phone` another simulated phone does it, so that another account is linked.
   *
   * @throws WabError WAB_QR_NOT_AVAILABLE
   */
  scan(session: SessionName, code?: string | null, phone?: string): Promise<void>;
  /** The owner removes the linked device on the phone. */
  unlink(session: SessionName): Promise<void>;
  /** Breaks the connection and refuses a new one for `forMs` (default 200). */
  disconnect(session: SessionName, forMs?: number): Promise<void>;
  /** Makes the engine die, as a browser does. */
  crash(session: SessionName): Promise<void>;
  setFaults(session: SessionName, faults: SandboxFaults): Promise<void>;
  faults(session: SessionName): Promise<SandboxFaults>;
  putContact(session: SessionName, contact: SandboxContact): Promise<void>;
  contacts(session: SessionName): Promise<readonly SandboxContact[]>;
  account(session: SessionName): Promise<SandboxAccount>;
}

/** What the guard asks the sessions. */
interface SessionLookup {
  /** @throws WabError WAB_SESSION_NOT_FOUND */
  get(name: SessionName): { readonly engine: string };
}

/** Gives drivers access to sandbox sessions only. */
export class GuardedSandboxControl implements SandboxControl {
  readonly #sessions: SessionLookup;
  readonly #control: SandboxControl;

  constructor(sessions: SessionLookup, control: SandboxControl) {
    this.#sessions = sessions;
    this.#control = control;
  }

  async receive(session: SessionName, message: SandboxInboundMessage): Promise<{ readonly messageId: string }> {
    return this.#of(session).receive(session, message);
  }
  async sendFromPhone(session: SessionName, message: SandboxOwnMessage): Promise<{ readonly messageId: string }> {
    return this.#of(session).sendFromPhone(session, message);
  }
  async inbox(session: SessionName, filter?: SandboxInboxFilter): Promise<readonly SandboxInboxEntry[]> {
    return this.#of(session).inbox(session, filter);
  }
  async waitForInbox(
    session: SessionName,
    filter: SandboxInboxFilter,
    atLeast: number,
    waitMs: number,
  ): Promise<readonly SandboxInboxEntry[]> {
    return this.#of(session).waitForInbox(session, filter, atLeast, waitMs);
  }
  async operations(session: SessionName, filter?: SandboxOperationFilter): Promise<readonly SandboxOperation[]> {
    return this.#of(session).operations(session, filter);
  }
  async waitForOperations(
    session: SessionName,
    filter: SandboxOperationFilter,
    atLeast: number,
    waitMs: number,
  ): Promise<readonly SandboxOperation[]> {
    return this.#of(session).waitForOperations(session, filter, atLeast, waitMs);
  }
  async scan(session: SessionName, code?: string | null, phone?: string): Promise<void> {
    return this.#of(session).scan(session, code, phone);
  }
  async unlink(session: SessionName): Promise<void> {
    return this.#of(session).unlink(session);
  }
  async disconnect(session: SessionName, forMs?: number): Promise<void> {
    return this.#of(session).disconnect(session, forMs);
  }
  async crash(session: SessionName): Promise<void> {
    return this.#of(session).crash(session);
  }
  async setFaults(session: SessionName, faults: SandboxFaults): Promise<void> {
    return this.#of(session).setFaults(session, faults);
  }
  async faults(session: SessionName): Promise<SandboxFaults> {
    return this.#of(session).faults(session);
  }
  async putContact(session: SessionName, contact: SandboxContact): Promise<void> {
    return this.#of(session).putContact(session, contact);
  }
  async contacts(session: SessionName): Promise<readonly SandboxContact[]> {
    return this.#of(session).contacts(session);
  }
  async account(session: SessionName): Promise<SandboxAccount> {
    return this.#of(session).account(session);
  }

  #of(session: SessionName): SandboxControl {
    const { engine } = this.#sessions.get(session);
    if (engine !== 'sandbox') throw new WabError('WAB_SANDBOX_ONLY', { session, engine });
    return this.#control;
  }
}
