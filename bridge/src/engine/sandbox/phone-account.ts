/**
 * One simulated account: its phone, the people it writes with, and WhatsApp's servers in between. It answers late, loses
 * answers, repeats itself and breaks connections when told to, because the real one does so without being told.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Address } from '../../contract/address.ts';
import { WabError } from '../../contract/errors.ts';
import type { ChatId, SessionName, WireId } from '../../contract/ids.ts';
import type { SendFate } from '../engine.ts';
import { addressOf, chatKindOf, parseChatId, wireIdOf } from '../../contract/whatsapp-id.ts';
import { never, type AccountContext } from './account-context.ts';
import { AccountMemory, type AccountEntry } from './account-memory.ts';
import { knownAddress, networkId } from './address-book.ts';
import { ChatActs } from './chat-acts.ts';
import { DeviceLine, type LineHost } from './device-line.ts';
import { Faults } from './faults.ts';
import { Inbox } from './inbox.ts';
import type { NetworkJournal } from './network-journal.ts';
import {
  LineCut,
  type ActAnswer,
  type DeviceEvent,
  type Line,
  type MediaAnswer,
  type NetworkAct,
  type NetworkFact,
  type NetworkMedia,
  type NetworkSend,
  type PairingAnswer,
  type SendAnswer,
} from './phone-network.ts';
import { PostOffice } from './post-office.ts';
import { PairingDesk } from './pairing-desk.ts';
import type {
  FaultName,
  FaultSpec,
  SandboxAccount,
  SandboxContact,
  SandboxFaults,
  SandboxOwnMessage,
  SandboxSay,
} from './sandbox-contract.ts';
import { newStanzaId } from './stanza-id.ts';

export interface AccountOptions {
  /** Scan every QR code at once, so that a session becomes ready by itself. */
  readonly autoLink: boolean;
  /** How long a QR code is shown, in milliseconds. */
  readonly qrLifetimeMs: number;
  /** Faults that hold until others are set. */
  readonly faults: SandboxFaults;
}

const DEFAULT_DELAYS = { answer: 2, server: 10, delivered: 40, read: 80 } as const;

export class PhoneAccount implements AccountContext, LineHost {
  readonly session: SessionName;
  readonly memory = new AccountMemory();
  readonly inbox: Inbox;
  readonly acts: ChatActs;
  readonly #journal: NetworkJournal<AccountEntry>;
  readonly #post: PostOffice;
  readonly #pairing: PairingDesk;
  readonly #timers = new Set<NodeJS.Timeout>();
  #faults: Faults;
  #line: DeviceLine | null = null;
  #nextNumber = 1;
  #refuseUntil = 0;
  #closed = false;

  constructor(session: SessionName, journal: NetworkJournal<AccountEntry>, options: AccountOptions) {
    this.session = session;
    this.#journal = journal;
    this.#faults = new Faults(options.faults);
    this.inbox = new Inbox(this.memory);
    this.acts = new ChatActs(this);
    this.#post = new PostOffice(this);
    this.#pairing = new PairingDesk(session, options.qrLifetimeMs, options.autoLink, () => this.scan());
  }

  /** The account's own address, always the same for a session unless another phone was named when the code was scanned. */
  get self(): Address {
    if (this.memory.phone) return addressOf(this.memory.phone, `Another simulated phone of ${this.session}`);
    const digits =
      Number.parseInt(createHash('sha256').update(this.session).digest('hex').slice(0, 12), 16) % 8_999_999;
    return addressOf(`491555${1_000_001 + digits}@c.us` as ChatId, `Simulated phone of ${this.session}`);
  }

  async open(): Promise<void> {
    for (const entry of await this.#journal.open()) this.memory.apply(entry);
    this.#nextNumber = this.memory.lastNumber + 1;
    if (this.memory.faults) this.#faults = new Faults(this.memory.faults);
    this.#post.resume();
  }

  async close(): Promise<void> {
    this.cut('the simulated network ends');
    this.#closed = true;
    this.#pairing.hide();
    for (const timer of this.#timers) clearTimeout(timer);
    this.inbox.close();
    this.acts.close();
    await this.#journal.close();
  }

  // --- what the parts of the account share

  async record(entry: AccountEntry): Promise<void> {
    await this.#journal.append(entry);
    this.memory.apply(entry);
    if (entry.t !== 'out') return;
    const outgoing = this.memory.outgoing.get(entry.message.wireId);
    if (outgoing?.transmissions === 1) this.inbox.grown(outgoing);
  }

  async tell(fact: NetworkFact): Promise<void> {
    const number = this.#nextNumber;
    this.#nextNumber += 1;
    await this.record({ t: 'fact', number, fact });
    this.#line?.pump();
  }

  strike(name: FaultName): FaultSpec | null {
    const before = this.#faults.plan;
    const spec = this.#faults.strike(name);
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
    this.#end({ on: 'closed', reason });
  }

  // --- the device's side

  async connect(credential: string | null, listener: (event: DeviceEvent) => void): Promise<Line> {
    if (this.strike('connectHangs')) return never();
    if (this.#closed || Date.now() < this.#refuseUntil || this.strike('connectRefused')) {
      throw new LineCut('the simulated network refuses the connection');
    }
    this.cut('a newer connection of the same device took over');
    const line = new DeviceLine(this, this.memory, listener);
    this.#line = line;
    // The caller has its line before the first event.
    setImmediate(() => {
      if (this.#line !== line) return;
      if (credential === null) this.#pairing.show(line);
      else if (credential === this.memory.credential) line.tell({ on: 'accepted', self: this.self });
      else this.#end({ on: 'unlinked', reason: 'the simulated phone has unlinked this device' });
    });
    return line;
  }

  goOnline(line: DeviceLine): void {
    if (this.#line !== line || this.memory.credential === null || this.strike('readyMissing')) return;
    line.tell({ on: 'ready', self: this.self });
    line.deliverFrom(this.strike('redeliverOnReconnect') ? [...this.memory.recent] : []);
  }

  confirm(number: number): void {
    if (this.#closed || !this.memory.undelivered.has(number)) return;
    const entry = { t: 'confirmed', number } as const;
    this.memory.apply(entry);
    // A confirmation that a kill swallows costs a repetition.
    this.#note(entry);
  }

  repeats(): boolean {
    return this.strike('inboundDuplicated') !== null;
  }

  send(message: NetworkSend): Promise<SendAnswer> {
    return this.#post.send(message);
  }

  act(act: NetworkAct): Promise<ActAnswer> {
    return this.acts.carryOut(act);
  }

  fate(wireId: WireId): SendFate {
    return this.#post.fate(wireId);
  }

  resolve(chatId: ChatId): Address | null {
    return knownAddress(this.memory, chatId);
  }

  async media(wireId: WireId): Promise<MediaAnswer> {
    if (this.strike('mediaHangs')) return never();
    if (this.strike('mediaGone')) return { state: 'gone' };
    if (this.strike('mediaDeferred')) return { state: 'later' };
    const media = this.memory.known.get(wireId);
    return media ? { state: 'here', ref: media.ref, sizeBytes: media.sizeBytes } : { state: 'gone' };
  }

  pair(line: DeviceLine, phone: string): PairingAnswer {
    if (this.#line !== line || !this.#pairing.shown)
      return { given: false, why: this.memory.credential === null ? 'not_waiting' : 'linked' };
    if (this.strike('pairingLimited')) return { given: false, why: 'limited' };
    if (this.resolve(parseChatId(phone)) === null) return { given: false, why: 'unknown_number' };
    return { given: true, ...this.#pairing.giveCode() };
  }

  async unlinkDevice(line: DeviceLine): Promise<void> {
    if (this.#line !== line) throw new LineCut('the simulated connection is gone');
    await this.record({ t: 'unlinked' });
  }

  left(line: DeviceLine): void {
    if (this.#line !== line) return;
    this.#line = null;
    this.#pairing.hide();
  }

  // --- the driver's side

  /** Somebody writes to the account; `media` is already stored. */
  async say(said: SandboxSay, media: NetworkMedia | null): Promise<WireId> {
    const from = parseChatId(said.from);
    const sender = this.resolve(from);
    if (!sender || chatKindOf(from) !== 'direct') throw new WabError('WAB_CHAT_UNKNOWN');
    const chat = said.group === undefined ? sender : addressOf(parseChatId(said.group));
    if (said.group !== undefined && chatKindOf(chat.chatId as ChatId) !== 'group') {
      throw new WabError('WAB_ADDRESS_INVALID', { reason: 'the id of a group must end in @g.us' });
    }
    const participant = said.group === undefined ? undefined : (sender.chatId as ChatId);
    const wireId = wireIdOf(false, chat.chatId as ChatId, newStanzaId(), participant);
    const mentions = (said.mentions ?? []).map((each) => addressOf(networkId(parseChatId(each))));
    const quotedWireId = (said.quotedMessageId ?? null) as WireId | null;
    const text = said.text ?? null;
    const sentAt = new Date().toISOString();
    await this.tell({
      kind: 'message',
      message: { wireId, chat, sender, fromMe: false, sentAt, text, mentions, quotedWireId, media },
    });
    return wireId;
  }

  async ownPhoneSays(said: SandboxOwnMessage): Promise<WireId> {
    const chat = this.resolve(parseChatId(said.to));
    if (!chat) throw new WabError('WAB_CHAT_UNKNOWN');
    const chatId = chat.chatId as ChatId;
    const wireId = wireIdOf(true, chatId, newStanzaId());
    const message = await this.#post.transmit(
      { wireId, chatId, text: said.text, mentions: [], quotedWireId: null, media: null },
      'phone',
    );
    await this.tell({ kind: 'message', message });
    return wireId;
  }

  /** @param phone the number of another phone that scans */
  async scan(code?: string, phone?: string): Promise<void> {
    const other = phone === undefined ? {} : { phone: parseChatId(phone) };
    const line = this.#pairing.take(code);
    const credential = randomBytes(24).toString('base64url');
    await this.record({ t: 'linked', credential, ...other });
    line.tell({ on: 'linked', credential, self: this.self });
  }

  async unlink(): Promise<void> {
    await this.record({ t: 'unlinked' });
    if (!this.#pairing.shown) this.#end({ on: 'unlinked', reason: 'the simulated phone has unlinked this device' });
  }

  disconnect(forMs: number): void {
    this.#refuseUntil = Date.now() + forMs;
    this.cut('the simulated connection broke');
  }

  crash(): void {
    this.#end({ on: 'crash' });
  }

  get faults(): SandboxFaults {
    return this.#faults.plan;
  }

  async setFaults(faults: SandboxFaults): Promise<void> {
    this.#faults = new Faults(faults);
    await this.record({ t: 'faults', faults });
  }

  get contacts(): readonly SandboxContact[] {
    return [...this.memory.contacts.values()];
  }

  async putContact(contact: SandboxContact): Promise<void> {
    await this.record({ t: 'contact', contact: { ...contact, phone: networkId(parseChatId(contact.phone)) } });
  }

  view(): SandboxAccount {
    return {
      self: this.self,
      linked: this.memory.credential !== null,
      online: this.#line?.isOnline ?? false,
      qrShown: this.#pairing.shown,
      undelivered: this.memory.undelivered.size,
      sent: this.memory.outgoing.size,
      transmissions: this.memory.transmissions,
    };
  }

  /** Ends the current line with a last word. */
  #end(last: DeviceEvent): void {
    const line = this.#line;
    this.#line = null;
    this.#pairing.hide();
    line?.cut(last);
  }

  /** Writes without waiting what may be forgotten. */
  #note(entry: AccountEntry): void {
    void this.#journal.append(entry).catch(() => undefined);
  }
}
