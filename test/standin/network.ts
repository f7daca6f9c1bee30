/** The WhatsApp network of the stand-in: accounts that write to each other, and what becomes of what they do. */
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { Account, Group } from './account.ts';
import { DeviceRequests } from './device-requests.ts';
import type { Content } from './contents.ts';
import { MessageActions, newStanzaId } from './message-actions.ts';
import type { BlockedState, OwnAccount } from './frames.ts';
import { Groups } from './groups.ts';
import type { StoredMessage } from './stored-message.ts';
import { People } from './people.ts';
import { ACK, MessageRouter } from './message-router.ts';
import { until } from './until.ts';

export class Network extends People {
  /**
   * `arrived` (account, message): a message reached an account's phone. `phoneEvent` (account, PhoneEvent): something
   * else did. `linked` (account, device). `seen` (account, chat): a linked device marked a chat as read. `call`
   * (account, call). `pairing` (phone, code): a page asked for a pairing code and for a notification on the phone.
   * `waiting` (text): a page shows a QR. `page`: a page was opened, connected or closed.
   */
  readonly events = new EventEmitter().setMaxListeners(0);
  /** The server refuses what is sent. */
  refuses = false;
  /** What devices sent is swallowed: it never arrives and is never acknowledged. */
  swallows = false;
  /** Requests of the page (does this number exist? a pairing code) get their answer this late, in milliseconds. */
  answerDelayMs = 0;
  /** Requests of the page get no answer. */
  losesAnswers = false;
  /** Every page is turned away with this state, linked or not: `DEPRECATED_VERSION` for a build that is too old. */
  blocksPages: BlockedState | null = null;
  readonly #router = new MessageRouter(this.events, (id) => this.find(id));
  readonly #actions = new MessageActions(this.#router);
  readonly groups = new Groups(this.#router);
  /** What linked devices ask for. */
  readonly requests = new DeviceRequests(this, this.#router, this.#actions, this.groups);

  /** @param lidAddressing members are named by their lids */
  addGroup(name: string, members: readonly Account[], lidAddressing = false): Group {
    return this.groups.add(name, members, lidAddressing);
  }

  /** An account's devices get everything that its inbox holds once more. */
  repeat(account: Account): void {
    for (const device of account.devices)
      for (const message of account.inbox) device.keep({ type: 'message', message });
  }

  profileOf(account: Account): OwnAccount {
    const others = this.accounts.filter((other) => other !== account);
    return {
      pn: account.pn,
      lid: account.lid,
      name: account.name,
      contacts: others.filter((other) => !other.hidesPhone).map((other) => other.card),
      groups: this.groups.of(account).map((group) => group.seenBy(account)),
    };
  }

  /** Somebody writes on the phone. Returns the stanza id. */
  say(from: Account, to: Account | Group, content: string | Content): string {
    return this.#say(from, to, content, false);
  }

  /** Like `say`, but linked devices of the recipients see a `ciphertext` until `decrypt`. */
  sayUndecrypted(from: Account, to: Account | Group, content: string | Content): string {
    return this.#say(from, to, content, true);
  }

  /** What linked devices could not decrypt becomes the message that it is. */
  decrypt(stanza: string): void {
    this.#router.decrypt(stanza);
  }

  /** Somebody reacts on the phone; an empty emoji takes it back. */
  react(actor: Account, stanza: string, emoji: string): void {
    this.#actions.react(actor, stanza, emoji);
  }

  edit(actor: Account, stanza: string, body: string): void {
    this.#actions.edit(actor, stanza, body);
  }

  /** Takes a message back for everyone. */
  revoke(actor: Account, stanza: string): void {
    this.#actions.revoke(actor, stanza);
  }

  /** Deletes a message for this account alone. */
  delete(actor: Account, stanza: string): void {
    this.#actions.delete(actor, stanza);
  }

  /** @param chosen the options, by their names or their places in the poll, from 0 on; none takes the vote back */
  vote(actor: Account, stanza: string, chosen: readonly (number | string)[]): void {
    this.#actions.vote(actor, stanza, chosen);
  }

  /** Somebody calls. Devices that are not connected never hear of it. Returns the id of the call. */
  call(from: Account, to: Account, { isVideo = false } = {}): string {
    const id = randomBytes(16).toString('hex').toUpperCase();
    for (const device of to.devices)
      device.tell({ type: 'call', call: { id, from: from.wid, isVideo, isGroup: false } });
    this.events.emit('call', to, id);
    return id;
  }

  /** The server takes messages but says nothing more about them; set back to false, it says what it held back. */
  get holdsAcks(): boolean {
    return this.#router.holdsAcks;
  }
  set holdsAcks(holds: boolean) {
    this.#router.holdsAcks = holds;
    if (!holds) this.#router.reportHeld();
  }

  /** From a message to each acknowledgement, in milliseconds. */
  get ackDelayMs(): number {
    return this.#router.ackDelayMs;
  }
  set ackDelayMs(delay: number) {
    this.#router.ackDelayMs = delay;
  }

  /** Messages are dated so many seconds later than they are said. */
  get datesAhead(): number {
    return this.#router.datesAhead;
  }
  set datesAhead(seconds: number) {
    this.#router.datesAhead = seconds;
  }

  /** An account reads everything that it got so far. */
  read(reader: Account): void {
    for (const message of reader.inbox) this.#router.progress(message.stanza, reader, ACK.read);
  }

  /** An account listens to a voice message. */
  play(listener: Account, stanza: string): void {
    this.#router.progress(stanza, listener, ACK.played);
  }

  /** An account reads one of its chats on the phone: the senders learn of it. */
  seen(account: Account, chat: string): void {
    this.#router.seen(account, chat);
  }

  /** A phone that was out of reach gets what waited. */
  reach(account: Account): void {
    account.reachable = true;
    for (const message of account.inbox) this.#router.progress(message.stanza, account, ACK.delivered);
  }

  /** How far a message is, and who has it. @throws Error where no message has this stanza id */
  message(stanza: string): StoredMessage {
    return this.#router.get(stanza);
  }

  /** Waits until `look` finds something on the network. @param timeoutMs how long before it gives up with an error */
  until<Found>(what: string, look: () => Found | undefined | false, timeoutMs = 30_000): Promise<Found> {
    return until(this.events, what, look, timeoutMs);
  }

  #say(from: Account, to: Account | Group, content: string | Content, undecrypted: boolean): string {
    const stanza = newStanzaId();
    const whole = typeof content === 'string' ? { type: 'chat', body: content } : content;
    this.#router.route(from, to, stanza, whole, { undecrypted });
    return stanza;
  }
}
