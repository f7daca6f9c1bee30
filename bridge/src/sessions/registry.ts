/**
 * All sessions of this bridge. It remembers them durably, restores them side by side after a restart, and lets the rest
 * of the bridge at them by name.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Address } from '../contract/address.ts';
import type { AnyInput } from '../contract/field-checks.ts';
import { WabError } from '../contract/errors.ts';
import type { SessionName } from '../contract/ids.ts';
import type { Engine, EngineFactory } from '../engine/engine.ts';
import { ENGINE_NAMES, type EngineName } from '../contract/engines.ts';
import type { DirectOperation } from '../contract/operations/by-carrier.ts';
import { parsePhone } from '../contract/whatsapp-id.ts';
import type { Ownership, OwnershipChange } from '../ownership/ownership.ts';
import type { Database } from '../store/database.ts';
import {
  addSession,
  listSessions,
  removeSession,
  setSessionDesired,
  setSessionProxy,
} from '../store/sessions.repository.ts';
import { performAtOnce } from './engine-operations.ts';
import {
  ELSEWHERE,
  healthOf,
  type SessionEntry,
  type Placement,
  restingStateOf,
  type Row,
  countsTowardLimit,
  viewOf,
} from './session-entry.ts';
import { RestoreQueue } from './restore-queue.ts';
import { engineOptions, type Secrets, storedProxy } from './session-proxy.ts';
import { SessionListeners } from './session-listeners.ts';
import type { SessionAccount } from './session-account.ts';
import type { LoginCode, SessionHealth, SessionView } from '../contract/views/session.ts';
import type { SessionEngines, Sessions } from './sessions.ts';
import type { SupervisorDependencies } from './supervised-session.ts';
import { Supervisor } from './supervisor.ts';

export interface RegistryOptions {
  /** One folder per session is made in here for its login state. */
  readonly profilesDir: string;
  readonly maxSessions: number;
  /** Sessions that connect at the same time after a restart. */
  readonly restoreConcurrency: number;
}

export interface SessionRegistryDependencies extends SupervisorDependencies {
  readonly database: Pick<Database, 'write' | 'reader'>;
  /** The engines that are enabled. */
  readonly factories: readonly EngineFactory[];
  readonly secrets: Secrets;
  /** Of sessions: this process runs those that it owns. */
  readonly ownership: Ownership<SessionName>;
}

export class SessionRegistry implements Sessions, SessionEngines {
  readonly #deps: SessionRegistryDependencies;
  readonly #options: RegistryOptions;
  readonly #sessions = new Map<SessionName, SessionEntry>();
  /** Names and places that are being given away. */
  readonly #reserved = new Set<SessionName>();
  readonly #readyListeners: SessionListeners;
  readonly #unlinkedListeners: SessionListeners;
  readonly #restoring: RestoreQueue;
  #closing = false;
  #stopListening: () => void = () => undefined;

  constructor(deps: SessionRegistryDependencies, options: RegistryOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#readyListeners = new SessionListeners(deps.log);
    this.#unlinkedListeners = new SessionListeners(deps.log);
    this.#restoring = new RestoreQueue({ ...deps, ...deps.options, concurrency: options.restoreConcurrency });
  }

  /** Reads the sessions and begins to restore those that ran and that this process owns. Resolves before they are ready. */
  async open(): Promise<void> {
    this.#stopListening = this.#deps.ownership.onChange((change) => this.#ownerChanged(change));
    const wanted: SessionEntry[] = [];
    for (const row of await listSessions(this.#deps.database.reader)) {
      // The limit may have been lowered: the oldest sessions keep their places.
      const name = row.name as SessionName;
      const entry = this.#addEntry(name, row, this.#placement(name, wanted.length));
      if (await this.#isToBeRestored(entry, row)) wanted.push(entry);
    }
    this.#restore(wanted);
  }

  /** Ends every engine. The sessions are restored by the next `open`. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#stopListening();
    await this.#restoring.close();
    await Promise.all(
      [...this.#sessions.values()].map(async (entry) => entry.supervised?.supervisor.close('the bridge stopped')),
    );
  }

  #restore(wanted: readonly SessionEntry[]): void {
    for (const entry of wanted) entry.wanted = true;
    this.#restoring.add(wanted);
  }

  /** @returns once the engine has stopped, if the session was lost */
  async #ownerChanged({ name, owned }: OwnershipChange<SessionName>): Promise<void> {
    const known = this.#sessions.get(name);
    if (known) known.wanted = false;
    await known?.supervised?.supervisor.close(ELSEWHERE);
    if (!owned || this.#closing) return;
    // Its former owner may have linked, stopped or deleted it since.
    const row = (await listSessions(this.#deps.database.reader)).find((each) => each.name === name);
    if (!row) this.#sessions.delete(name);
    if (!row || this.#closing || !this.#deps.ownership.owns(name)) return;
    const entry = this.#addEntry(name, row, this.#placement(name, this.#counted().length));
    if (await this.#isToBeRestored(entry, row)) this.#restore([entry]);
  }

  /** @param taken how many of the places of this bridge are */
  #placement(name: SessionName, taken: number): Placement {
    if (!this.#deps.ownership.owns(name)) return 'elsewhere';
    return taken >= this.#options.maxSessions ? 'no room' : 'here';
  }

  /** Whether it ran and this bridge runs it now. What was being deleted is deleted. */
  async #isToBeRestored(entry: SessionEntry, { desired }: Row): Promise<boolean> {
    if (desired === 'deleting' && entry.placement !== 'elsewhere') await this.#finishDeleting(entry);
    return desired === 'running' && entry.supervised !== null && entry.placement === 'here';
  }

  list(): readonly SessionView[] {
    return [...this.#sessions.values()].map(viewOf);
  }

  get(name: SessionName): SessionView {
    return viewOf(this.#entry(name));
  }

  async add(name: SessionName, engine: EngineName, proxy: string | null = null): Promise<SessionView> {
    this.#refuseWhileClosing();
    if (this.#sessions.has(name) || this.#reserved.has(name))
      throw new WabError('WAB_SESSION_EXISTS', { session: name });
    if (!this.#factory(engine)) throw this.#notEnabled(engine);
    const stored = storedProxy(name, this.#factory(engine), proxy, this.#deps.secrets);
    this.#refuseAboveLimit();
    this.#reserved.add(name);
    try {
      const now = this.#deps.clock.now();
      await this.#deps.database.write(addSession({ name, engine, ...stored, now }));
      const entry = this.#addEntry(name, {
        engine,
        desired: 'stopped',
        self: null,
        account: null,
        login: 0,
        refusal: null,
        ...stored,
        created_at: now,
      });
      entry.wanted = true;
      await entry.supervised?.supervisor.start('it was added');
      return viewOf(entry);
    } finally {
      this.#reserved.delete(name);
    }
  }

  async setProxy(name: SessionName, proxy: string | null): Promise<SessionView> {
    const entry = this.#entry(name);
    const stored = storedProxy(name, this.#factory(entry.engine), proxy, this.#deps.secrets);
    await this.#deps.database.write(setSessionProxy({ name, ...stored, now: this.#deps.clock.now() }));
    entry.proxy = stored;
    return viewOf(entry);
  }

  async start(name: SessionName): Promise<SessionView> {
    this.#refuseWhileClosing();
    const entry = this.#entry(name);
    if (entry.deleting) throw new WabError('WAB_SESSION_NOT_FOUND', { session: name });
    if (!entry.supervised) throw this.#notEnabled(entry.engine);
    if (!countsTowardLimit(entry)) this.#refuseAboveLimit();
    entry.wanted = true;
    await entry.supervised.supervisor.start('an operator started it');
    return viewOf(entry);
  }

  async stop(name: SessionName): Promise<SessionView> {
    const entry = this.#entry(name);
    await entry.supervised?.supervisor.stop('an operator stopped it');
    entry.wanted = false;
    return viewOf(entry);
  }

  async logout(name: SessionName): Promise<SessionView> {
    const entry = this.#entry(name);
    if (!entry.supervised) throw this.#notEnabled(entry.engine);
    await entry.supervised.supervisor.logout();
    return viewOf(entry);
  }

  async delete(name: SessionName): Promise<void> {
    const entry = this.#entry(name);
    entry.deleting = true;
    // From here on a restart in the middle goes on with it.
    await this.#deps.database.write(setSessionDesired({ name, desired: 'deleting', now: this.#deps.clock.now() }));
    await entry.supervised?.supervisor.close('it is being deleted');
    await this.#finishDeleting(entry);
  }

  qr(name: SessionName): LoginCode {
    const entry = this.#entry(name);
    const code = entry.supervised?.supervisor.codes.qr;
    if (!code) throw new WabError('WAB_QR_NOT_AVAILABLE', { session: name, state: viewOf(entry).state });
    return code;
  }

  async health(name: SessionName): Promise<SessionHealth> {
    return healthOf(this.#entry(name));
  }

  async perform(name: SessionName, operation: DirectOperation, input: AnyInput): Promise<unknown> {
    const entry = this.#entry(name);
    if (!entry.supervised) throw this.#notEnabled(entry.engine);
    const { state, capabilities, engine } = viewOf(entry);
    const target = { name, state, engine, supports: capabilities.operations, ready: this.readyEngine(name) };
    return performAtOnce(target, operation, input, this.#deps.clock);
  }

  async requestPairingCode(name: SessionName, phone: string): Promise<LoginCode> {
    const entry = this.#entry(name);
    const number = parsePhone(phone);
    const code = await entry.supervised?.supervisor.requestPairingCode(number);
    return code ?? this.#noPairingCode(entry);
  }

  pairingCode(name: SessionName): LoginCode {
    const entry = this.#entry(name);
    return entry.supervised?.supervisor.codes.pairing ?? this.#noPairingCode(entry);
  }

  readyEngine(name: SessionName): Engine | null {
    return this.#sessions.get(name)?.supervised?.supervisor.readyEngine ?? null;
  }

  exists(name: SessionName): boolean {
    return this.#sessions.has(name);
  }

  account(name: SessionName): SessionAccount | null {
    return this.#sessions.get(name)?.supervised?.supervisor.account ?? null;
  }

  onUnlinked(listener: (name: SessionName) => void): () => void {
    return this.#unlinkedListeners.add(listener);
  }

  onReady(listener: (name: SessionName) => void): () => void {
    return this.#readyListeners.add(listener);
  }

  #addEntry(name: SessionName, row: Row, placement: Placement = 'here'): SessionEntry {
    const factory = this.#factory(row.engine);
    const entry: SessionEntry = {
      name,
      engine: ENGINE_NAMES.find((each) => each === row.engine) ?? 'webjs',
      supervised: factory && { factory, supervisor: this.#supervisor(name, factory, row, placement) },
      addedAt: new Date(Number(row.created_at)).toISOString(),
      proxy: { proxy: row.proxy, proxy_login: row.proxy_login },
      placement,
      wanted: false,
      deleting: false,
    };
    this.#sessions.set(name, entry);
    return entry;
  }

  #supervisor(name: SessionName, factory: EngineFactory, row: Row, placement: Placement): Supervisor {
    return new Supervisor(
      {
        name,
        factory,
        profileDir: this.#profileDir(name),
        options: () => engineOptions(name, this.#entry(name).proxy, this.#deps.secrets),
        restingState: restingStateOf(row, placement),
        self: row.self === null ? null : (JSON.parse(row.self) as Address),
        account: { account: row.account === null ? null : (JSON.parse(row.account) as Address), login: row.login },
      },
      this.#deps,
      () => this.#restoring.changed(),
      () => this.#readyListeners.announce(name),
      () => this.#unlinkedListeners.announce(name),
    );
  }

  async #finishDeleting(entry: SessionEntry): Promise<void> {
    await rm(this.#profileDir(entry.name), { recursive: true, force: true, maxRetries: 3 });
    await this.#factory(entry.engine)?.forget(entry.name);
    await this.#deps.database.write(removeSession({ name: entry.name }));
    this.#sessions.delete(entry.name);
  }

  #profileDir(name: SessionName): string {
    return join(this.#options.profilesDir, name);
  }

  #factory(engine: string): EngineFactory | null {
    return this.#deps.factories.find((factory) => factory.name === engine) ?? null;
  }

  #entry(name: SessionName): SessionEntry {
    const entry = this.#sessions.get(name);
    if (!entry) throw new WabError('WAB_SESSION_NOT_FOUND', { session: name });
    return entry;
  }

  #noPairingCode(entry: SessionEntry): never {
    throw new WabError('WAB_PAIRING_CODE_NOT_AVAILABLE', { session: entry.name, state: viewOf(entry).state });
  }

  #refuseWhileClosing(): void {
    if (this.#closing) throw new WabError('WAB_SHUTTING_DOWN');
  }

  #refuseAboveLimit(): void {
    const limit = this.#options.maxSessions;
    const counted = this.#counted().filter(({ name }) => !this.#reserved.has(name));
    if (counted.length + this.#reserved.size >= limit) throw new WabError('WAB_SESSION_LIMIT', { limit });
  }

  /** Sessions that take one of the places. */
  #counted(): readonly SessionEntry[] {
    return [...this.#sessions.values()].filter(countsTowardLimit);
  }

  #notEnabled(engine: EngineName): WabError {
    const enabled = this.#deps.factories.map((factory) => factory.name).join(', ');
    return new WabError('WAB_ENGINE_NOT_ENABLED', { engine, enabled });
  }
}
