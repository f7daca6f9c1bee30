/**
 * One simulated account: its phone, the people it writes with, and WhatsApp's servers in between. It answers late, loses
 * answers, repeats itself and breaks connections when told to, because the real one does so without being told.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Address } from '../../contract/address.ts';
import { WabError } from '../../contract/errors.ts';
import type { ChatId, SessionName } from '../../contract/ids.ts';
import { addressOf } from '../../contract/whatsapp-id.ts';
import type { EngineFact } from '../engine.ts';
import { never, type AccountContext } from './account-context.ts';
import { AccountMemory, unknownIn, type AccountEntry } from './account-memory.ts';
import { ChatOperations } from './chat-operations.ts';
import { LocalDeviceConnection, type ConnectionHost } from './local-device-connection.ts';
import { Faults } from './faults.ts';
import { Inbox } from './inbox.ts';
import { factOfMessage, networkFact } from './network-fact.ts';
import type { NetworkJournal } from './network-journal.ts';
import type { NetworkMediaStore } from './network-media-store.ts';
import {
  ConnectionLost,
  networkMediaOf,
  type DeviceEvent,
  type NetworkFact,
  type NetworkMedia,
  type NetworkMessage,
  type SandboxEventType,
} from './phone-network.ts';
import { MessageRouter } from './message-router.ts';
import { PairingService } from './pairing-service.ts';
import type { FaultName, FaultSpec, SandboxFaults } from './sandbox-contract.ts';

export interface AccountOptions {
  /** Scan every QR code at once, so that a session becomes ready by itself. */
  readonly autoLink: boolean;
  /** How long a QR code is shown, in milliseconds. */
  readonly qrLifetimeMs: number;
  /** Faults that hold until others are set. */
  readonly faults: SandboxFaults;
}

const DEFAULT_DELAYS = { answer: 2, server: 10, delivered: 40, read: 80 } as const;

export class PhoneAccount implements AccountContext, ConnectionHost {
  readonly session: SessionName;
  readonly memory = new AccountMemory();
  readonly inbox: Inbox;
  readonly operations: ChatOperations;
  readonly router: MessageRouter;
  readonly pairing: PairingService;
  readonly files: NetworkMediaStore;
  readonly #journal: NetworkJournal<AccountEntry>;
  readonly #timers = new Set<NodeJS.Timeout>();
  #faults: Faults;
  #connection: LocalDeviceConnection | null = null;
  #nextNumber = 1;
  #refuseUntil = 0;
  #closed = false;

  constructor(
    session: SessionName,
    journal: NetworkJournal<AccountEntry>,
    files: NetworkMediaStore,
    options: AccountOptions,
  ) {
    this.session = session;
    this.files = files;
    this.#journal = journal;
    this.#faults = new Faults(options.faults);
    this.inbox = new Inbox(this.memory);
    this.operations = new ChatOperations(this);
    this.router = new MessageRouter(this);
    this.pairing = new PairingService(session, options.qrLifetimeMs, options.autoLink, () => this.link());
  }

  /** The account's own address, always the same for a session unless another phone was named when the code was scanned. */
  get self(): Address {
    if (this.memory.phone) return addressOf(this.memory.phone, `Another simulated phone of ${this.session}`);
    const digits =
      Number.parseInt(createHash('sha256').update(this.session).digest('hex').slice(0, 12), 16) % 8_999_999;
    return addressOf(`491555${1_000_001 + digits}@c.us` as ChatId, `Simulated phone of ${this.session}`);
  }

  async open(): Promise<void> {
    for (const entry of await this.#journal.open()) this.#recall(entry);
    this.#nextNumber = this.memory.lastNumber + 1;
    if (this.memory.faults) this.#faults = new Faults(this.memory.faults);
    this.router.resume();
  }

  /** @throws WabError WAB_SANDBOX_MEMORY_UNKNOWN */
  #recall(entry: AccountEntry): void {
    const unknown = unknownIn(entry);
    if (unknown !== null) throw new WabError('WAB_SANDBOX_MEMORY_UNKNOWN', { session: this.session, entry: unknown });
    this.memory.apply(entry);
  }

  async close(): Promise<void> {
    this.cut('the simulated network ends');
    this.#closed = true;
    this.pairing.hide();
    for (const timer of this.#timers) clearTimeout(timer);
    this.inbox.close();
    this.operations.close();
    await this.#journal.close();
  }

  // --- what the parts of the account share

  async record(entry: AccountEntry): Promise<void> {
    await this.#journal.append(entry);
    this.memory.apply(entry);
    if (entry.t !== 'out') return;
    const outgoing = this.memory.outgoing.get(entry.message.messageId);
    if (outgoing?.transmissions === 1) this.inbox.notify(outgoing);
  }

  deliver(fact: EngineFact<SandboxEventType>): Promise<void> {
    return this.#deliver({ fact: networkFact(fact) });
  }

  deliverMessage(message: NetworkMessage): Promise<void> {
    const fact = factOfMessage(message);
    const file = networkMediaOf(message);
    return this.#deliver(file === null ? { fact } : { fact, file });
  }

  applyFault(name: FaultName): FaultSpec | null {
    const before = this.#faults.plan;
    const spec = this.#faults.applyFault(name);
    // A fault that is used up stays so after a restart of the network.
    if (this.#faults.plan !== before) this.#note({ t: 'faults', faults: this.#faults.plan });
    return spec;
  }

  delay(step: 'answer' | 'server' | 'delivered' | 'read'): number {
    return this.#faults.delays[step] ?? DEFAULT_DELAYS[step];
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, ms);
      this.#timers.add(timer);
    });
  }

  cut(reason: string): void {
    this.end({ on: 'closed', reason });
  }

  // --- the device's side

  async connect(credential: string | null, listener: (event: DeviceEvent) => void): Promise<LocalDeviceConnection> {
    if (this.applyFault('connectHangs')) return never();
    if (this.#closed || Date.now() < this.#refuseUntil || this.applyFault('connectRefused')) {
      throw new ConnectionLost('the simulated network refuses the connection');
    }
    this.cut('a newer connection of the same device took over');
    const connection = new LocalDeviceConnection(this, this.memory, listener);
    this.#connection = connection;
    // The caller has its connection before the first event.
    setImmediate(() => {
      if (this.#connection !== connection) return;
      if (credential === null) this.pairing.show(connection);
      else if (credential === this.memory.credential) connection.emit({ on: 'accepted', self: this.self });
      else this.end({ on: 'unlinked', reason: 'the simulated phone has unlinked this device' });
    });
    return connection;
  }

  goOnline(connection: LocalDeviceConnection): void {
    if (this.#connection !== connection || this.memory.credential === null || this.applyFault('readyMissing')) return;
    connection.emit({ on: 'ready', self: this.self });
    connection.deliverFrom(this.applyFault('redeliverOnReconnect') ? [...this.memory.recent] : []);
  }

  confirm(number: number): void {
    if (this.#closed || !this.memory.undelivered.has(number)) return;
    const entry = { t: 'confirmed', number } as const;
    this.memory.apply(entry);
    // A confirmation that a kill swallows costs a repetition.
    this.#note(entry);
  }

  repeats(): boolean {
    return this.applyFault('inboundDuplicated') !== null;
  }

  /** Whether no newer connection took its place. */
  isCurrent(connection: LocalDeviceConnection): boolean {
    return this.#connection === connection;
  }

  left(connection: LocalDeviceConnection): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    this.pairing.hide();
  }

  // --- the driver's side

  /**
   * Somebody scans the QR code shown; with `code`, only if it is still that one. A pairing code as `code` is typed instead.
   *
   * @param phone the other phone that does it, so that another account is linked
   * @throws WabError WAB_QR_NOT_AVAILABLE
   */
  async link(code?: string, phone: ChatId | null = null): Promise<void> {
    const connection = this.pairing.redeem(code);
    const credential = randomBytes(24).toString('base64url');
    await this.record({ t: 'linked', credential, ...(phone === null ? {} : { phone }) });
    connection.emit({ on: 'linked', credential, self: this.self });
  }

  async unlink(): Promise<void> {
    await this.record({ t: 'unlinked' });
    if (!this.pairing.shown) this.end({ on: 'unlinked', reason: 'the simulated phone has unlinked this device' });
  }

  /** Breaks the connection and refuses a new one for `forMs` milliseconds. */
  disconnect(forMs: number): void {
    this.#refuseUntil = Date.now() + forMs;
    this.cut('the simulated connection broke');
  }

  get faults(): SandboxFaults {
    return this.#faults.plan;
  }

  async setFaults(faults: SandboxFaults): Promise<void> {
    this.#faults = new Faults(faults);
    await this.record({ t: 'faults', faults });
  }

  /** Whether a linked device is connected and ready. */
  get isOnline(): boolean {
    return this.#connection?.isOnline ?? false;
  }

  /** Ends the current connection with a last event. */
  end(last: DeviceEvent): void {
    const connection = this.#connection;
    this.#connection = null;
    this.pairing.hide();
    connection?.cut(last);
  }

  async #deliver(stated: { readonly fact: NetworkFact; readonly file?: NetworkMedia }): Promise<void> {
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    await this.record({ t: 'fact', number, ...stated });
    this.#connection?.deliverPending();
  }

  /** Writes without waiting what may be forgotten. */
  #note(entry: AccountEntry): void {
    void this.#journal.append(entry).catch(() => undefined);
  }
}
