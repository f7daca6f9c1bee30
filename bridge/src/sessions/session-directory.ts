/** The sessions of this bridge by name, and why one cannot be asked for something. */
import type { LinkingMethod } from '../contract/engines.ts';
import { WabError } from '../contract/errors.ts';
import type { SessionName } from '../contract/ids.ts';
import type { EngineOperation } from '../contract/operations/by-carrier.ts';
import type { EngineFactory } from '../engine/engine.ts';
import { requireOperation } from './engine-operations.ts';
import { countsTowardLimit, type SessionEntry, type Supervised } from './session-entry.ts';
import type { Supervisor } from './supervisor.ts';

const LINKED_BY: Readonly<Record<LinkingMethod, string>> = { qr: 'QR code', pairing_code: 'pairing code' };

export class SessionDirectory {
  readonly #factories: readonly EngineFactory[];
  readonly #entries = new Map<SessionName, SessionEntry>();

  /** @param factories the engines that are enabled */
  constructor(factories: readonly EngineFactory[]) {
    this.#factories = factories;
  }

  get all(): readonly SessionEntry[] {
    return [...this.#entries.values()];
  }

  /** Those that take one of the places that `maxSessions` counts. */
  get counted(): readonly SessionEntry[] {
    return this.all.filter(countsTowardLimit);
  }

  put(entry: SessionEntry): void {
    this.#entries.set(entry.name, entry);
  }

  remove(name: SessionName): void {
    this.#entries.delete(name);
  }

  find(name: SessionName): SessionEntry | undefined {
    return this.#entries.get(name);
  }

  /** @throws WabError WAB_SESSION_NOT_FOUND */
  get(name: SessionName): SessionEntry {
    const entry = this.find(name);
    if (!entry) throw new WabError('WAB_SESSION_NOT_FOUND', { session: name });
    return entry;
  }

  /** The factory of an engine, or null if the engine is not enabled. */
  factory(engine: string): EngineFactory | null {
    return this.#factories.find(({ name }) => name === engine) ?? null;
  }

  /** @throws WabError WAB_ENGINE_NOT_ENABLED */
  requireFactory(engine: string): EngineFactory {
    const factory = this.factory(engine);
    if (!factory) throw this.#notEnabled(engine);
    return factory;
  }

  /** @throws WabError WAB_SESSION_NOT_FOUND, WAB_ENGINE_NOT_ENABLED */
  supervised(name: SessionName): Supervised {
    const { engine, supervised } = this.get(name);
    if (!supervised) throw this.#notEnabled(engine);
    return supervised;
  }

  /** @throws WabError WAB_SESSION_NOT_FOUND, WAB_ENGINE_NOT_ENABLED, WAB_OPERATION_UNSUPPORTED */
  requireOperation(name: SessionName, operation: EngineOperation): void {
    const { factory } = this.supervised(name);
    requireOperation({ name, engine: factory.name, supports: factory.capabilities.operations }, operation);
  }

  /**
   * A session to which an account can be linked in this way.
   *
   * @throws WabError WAB_SESSION_NOT_FOUND, WAB_ENGINE_NOT_ENABLED, WAB_LINKING_UNSUPPORTED
   */
  linkable(name: SessionName, method: LinkingMethod): Supervisor {
    const { supervisor, factory } = this.supervised(name);
    const { name: engine, capabilities } = factory;
    if (!capabilities.linking.includes(method))
      throw new WabError('WAB_LINKING_UNSUPPORTED', { engine, session: name, method: LINKED_BY[method] });
    return supervisor;
  }

  #notEnabled(engine: string): WabError {
    const enabled = this.#factories.map(({ name }) => name).join(', ');
    return new WabError('WAB_ENGINE_NOT_ENABLED', { engine, enabled });
  }
}
