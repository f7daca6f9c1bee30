/** Sessions that a test links, connects and unlinks. */
import type { Address } from '../../../bridge/src/contract/address.ts';
import { WabError } from '../../../bridge/src/contract/errors.ts';
import type { SessionName } from '../../../bridge/src/contract/ids.ts';
import type { EngineOperation } from '../../../bridge/src/contract/operations/by-carrier.ts';
import type { Engine, EngineCapabilities } from '../../../bridge/src/engine/engine.ts';
import { requireOperation } from '../../../bridge/src/sessions/engine-operations.ts';
import { linkedTo, type SessionAccount } from '../../../bridge/src/sessions/session-account.ts';
import { SELF, SESSION } from './outbox-samples.ts';

export class TestSessions {
  readonly capabilities: EngineCapabilities;
  readonly #engine: Engine;
  readonly #ready = new Set<SessionName>();
  readonly #known = new Set<SessionName>();
  readonly #listeners = new Set<(name: SessionName) => void>();
  readonly #unlinked = new Set<(name: SessionName) => void>();
  readonly #accounts: Map<SessionName, SessionAccount>;

  /** @param accounts kept over the lives of a bridge, as its database does */
  constructor(engine: Engine, capabilities: EngineCapabilities, accounts: Map<SessionName, SessionAccount>) {
    this.#engine = engine;
    this.#accounts = accounts;
    this.capabilities = capabilities;
    this.#known.add(SESSION);
  }

  readyEngine(name: SessionName): Engine | null {
    return this.#ready.has(name) ? this.#engine : null;
  }

  exists(name: SessionName): boolean {
    return this.#known.has(name);
  }

  self(): Address {
    return SELF;
  }

  account(name: SessionName): SessionAccount {
    return this.#accounts.get(name) ?? { account: null, login: 0 };
  }

  requireOperation(name: SessionName, operation: EngineOperation): void {
    if (!this.#known.has(name)) throw new WabError('WAB_SESSION_NOT_FOUND', { session: name });
    requireOperation({ name, engine: 'sandbox', supports: this.capabilities.operations }, operation);
  }

  onReady(listener: (name: SessionName) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onUnlinked(listener: (name: SessionName) => void): () => void {
    this.#unlinked.add(listener);
    return () => this.#unlinked.delete(listener);
  }

  /** The login has ended, as after a logout or where the page shows a QR code. */
  unlink(name = SESSION): void {
    this.#ready.delete(name);
    const { account, login } = this.account(name);
    this.#accounts.set(name, { account, login: login + 1 });
    for (const listener of this.#unlinked) listener(name);
  }

  /** @param self the account that is linked */
  up(name = SESSION, self: Address = SELF): void {
    this.#known.add(name);
    this.#ready.add(name);
    this.#accounts.set(name, linkedTo(this.account(name), self));
    for (const listener of this.#listeners) listener(name);
  }

  down(name = SESSION): void {
    this.#ready.delete(name);
  }

  forget(name = SESSION): void {
    this.#known.delete(name);
    this.#ready.delete(name);
  }
}
