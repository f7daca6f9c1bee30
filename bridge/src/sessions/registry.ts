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
import type { Engine, EngineFactory, EngineOptions, IngressAnswer, IngressRequest } from '../engine/engine.ts';
import type { EngineName } from '../contract/engines.ts';
import type { DirectOperation, EngineOperation } from '../contract/operations/by-carrier.ts';
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
import { receiveAt } from './ingress.ts';
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
import { SessionDirectory } from './session-directory.ts';
import { proxyOption, type Secrets, storedProxy } from './session-proxy.ts';
import { settingsOption, storedSettings } from './session-settings.ts';
import { SessionListeners } from './session-listeners.ts';
import type { SessionAccount } from './session-account.ts';
import type { LoginCode, SessionHealth, SessionView } from '../contract/views/session.ts';
import type { NewSessionOptions, SessionEngines, Sessions } from './sessions.ts';
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
  readonly #sessions: SessionDirectory;
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
    this.#sessions = new SessionDirectory(deps.factories);
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
      this.#sessions.all.map(async (entry) => entry.supervised?.supervisor.close('the bridge stopped')),
    );
  }

  #restore(wanted: readonly SessionEntry[]): void {
    for (const entry of wanted) entry.wanted = true;
    this.#restoring.add(wanted);
  }

  /** @returns once the engine has stopped, if the session was lost */
  async #ownerChanged({ name, owned }: OwnershipChange<SessionName>): Promise<void> {
    const known = this.#sessions.find(name);
    if (known) known.wanted = false;
    await known?.supervised?.supervisor.close(ELSEWHERE);
    if (!owned || this.#closing) return;
    // Its former owner may have linked, stopped or deleted it since.
    const row = (await listSessions(this.#deps.database.reader)).find((each) => each.name === name);
    if (!row) this.#sessions.remove(name);
    if (!row || this.#closing || !this.#deps.ownership.owns(name)) return;
    const entry = this.#addEntry(name, row, this.#placement(name, this.#sessions.counted.length));
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
    return this.#sessions.all.map(viewOf);
  }

  get(name: SessionName): SessionView {
    return viewOf(this.#sessions.get(name));
  }

  async add(name: SessionName, engine: EngineName, options: NewSessionOptions = {}): Promise<SessionView> {
    this.#refuseWhileClosing();
    if (this.exists(name) || this.#reserved.has(name)) throw new WabError('WAB_SESSION_EXISTS', { session: name });
    const { secrets } = this.#deps;
    const factory = this.#sessions.requireFactory(engine);
    const stored = {
      ...storedProxy(name, factory, options.proxy ?? null, secrets),
      ...storedSettings(name, factory, options.settings ?? {}, secrets),
    };
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
    const entry = this.#sessions.get(name);
    const stored = storedProxy(name, this.#sessions.factory(entry.engine), proxy, this.#deps.secrets);
    await this.#deps.database.write(setSessionProxy({ name, ...stored, now: this.#deps.clock.now() }));
    entry.proxy = stored;
    return viewOf(entry);
  }

  async start(name: SessionName): Promise<SessionView> {
    this.#refuseWhileClosing();
    const entry = this.#sessions.get(name);
    if (entry.deleting) throw new WabError('WAB_SESSION_NOT_FOUND', { session: name });
    const { supervisor } = this.#sessions.supervised(name);
    if (!countsTowardLimit(entry)) this.#refuseAboveLimit();
    entry.wanted = true;
    await supervisor.start('an operator started it');
    return viewOf(entry);
  }

  async stop(name: SessionName): Promise<SessionView> {
    const entry = this.#sessions.get(name);
    await entry.supervised?.supervisor.stop('an operator stopped it');
    entry.wanted = false;
    return viewOf(entry);
  }

  async logout(name: SessionName): Promise<SessionView> {
    const entry = this.#sessions.get(name);
    await this.#sessions.supervised(name).supervisor.logout();
    return viewOf(entry);
  }

  async delete(name: SessionName): Promise<void> {
    const entry = this.#sessions.get(name);
    entry.deleting = true;
    // From here on a restart in the middle goes on with it.
    await this.#deps.database.write(setSessionDesired({ name, desired: 'deleting', now: this.#deps.clock.now() }));
    await entry.supervised?.supervisor.close('it is being deleted');
    await this.#finishDeleting(entry);
  }

  qr(name: SessionName): LoginCode {
    const { codes, machine } = this.#sessions.linkable(name, 'qr');
    if (!codes.qr) throw new WabError('WAB_QR_NOT_AVAILABLE', { session: name, state: machine.state });
    return codes.qr;
  }

  async health(name: SessionName): Promise<SessionHealth> {
    return healthOf(this.#sessions.get(name));
  }

  requireOperation(name: SessionName, operation: EngineOperation): void {
    this.#sessions.requireOperation(name, operation);
  }

  async perform(name: SessionName, operation: DirectOperation, input: AnyInput): Promise<unknown> {
    const { factory, supervisor } = this.#sessions.supervised(name);
    const target = {
      name,
      state: supervisor.machine.state,
      engine: factory.name,
      supports: factory.capabilities.operations,
      ready: supervisor.readyEngine,
    };
    return performAtOnce(target, operation, input, this.#deps.clock);
  }

  async requestPairingCode(name: SessionName, phone: string): Promise<LoginCode> {
    const supervisor = this.#sessions.linkable(name, 'pairing_code');
    const code = await supervisor.requestPairingCode(parsePhone(phone));
    if (!code) throw noPairingCode(name, supervisor);
    return code;
  }

  pairingCode(name: SessionName): LoginCode {
    const supervisor = this.#sessions.linkable(name, 'pairing_code');
    const code = supervisor.codes.pairing;
    if (!code) throw noPairingCode(name, supervisor);
    return code;
  }

  receive(name: SessionName, engine: string, request: IngressRequest): Promise<IngressAnswer> {
    return receiveAt(this.#sessions.find(name), engine, request, this.#deps);
  }

  readyEngine(name: SessionName): Engine | null {
    return this.#sessions.find(name)?.supervised?.supervisor.readyEngine ?? null;
  }

  exists(name: SessionName): boolean {
    return this.#sessions.find(name) !== undefined;
  }

  account(name: SessionName): SessionAccount | null {
    return this.#sessions.find(name)?.supervised?.supervisor.account ?? null;
  }

  onUnlinked(listener: (name: SessionName) => void): () => void {
    return this.#unlinkedListeners.add(listener);
  }

  onReady(listener: (name: SessionName) => void): () => void {
    return this.#readyListeners.add(listener);
  }

  #addEntry(name: SessionName, row: Row, placement: Placement = 'here'): SessionEntry {
    const factory = this.#sessions.factory(row.engine);
    const entry: SessionEntry = {
      name,
      engine: row.engine,
      supervised: factory && { factory, supervisor: this.#supervisor(name, factory, row, placement) },
      addedAt: new Date(Number(row.created_at)).toISOString(),
      proxy: { proxy: row.proxy, proxy_login: row.proxy_login },
      settings: { settings: row.settings, secrets: row.secrets },
      placement,
      wanted: false,
      deleting: false,
    };
    this.#sessions.put(entry);
    return entry;
  }

  #supervisor(name: SessionName, factory: EngineFactory, row: Row, placement: Placement): Supervisor {
    return new Supervisor(
      {
        name,
        factory,
        profileDir: this.#profileDir(name),
        options: () => this.#engineOptions(name, factory),
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

  #engineOptions(name: SessionName, factory: EngineFactory): EngineOptions {
    const { proxy, settings } = this.#sessions.get(name);
    const { secrets } = this.#deps;
    return { ...proxyOption(name, proxy, secrets), ...settingsOption(name, factory, settings, secrets) };
  }

  async #finishDeleting(entry: SessionEntry): Promise<void> {
    await this.#sessions.factory(entry.engine)?.forget(entry.name);
    await rm(this.#profileDir(entry.name), { recursive: true, force: true, maxRetries: 3 });
    await this.#deps.database.write(removeSession({ name: entry.name }));
    this.#sessions.remove(entry.name);
  }

  #profileDir(name: SessionName): string {
    return join(this.#options.profilesDir, name);
  }

  #refuseWhileClosing(): void {
    if (this.#closing) throw new WabError('WAB_SHUTTING_DOWN');
  }

  #refuseAboveLimit(): void {
    const limit = this.#options.maxSessions;
    const counted = this.#sessions.counted.filter(({ name }) => !this.#reserved.has(name));
    if (counted.length + this.#reserved.size >= limit) throw new WabError('WAB_SESSION_LIMIT', { limit });
  }
}

const noPairingCode = (session: SessionName, { machine }: Supervisor): WabError =>
  new WabError('WAB_PAIRING_CODE_NOT_AVAILABLE', { session, state: machine.state });
