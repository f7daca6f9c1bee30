/** Carries messages from account to account, and their acknowledgements back. */
import type { EventEmitter } from 'node:events';
import { type Account, Group, type PhoneEvent } from './account.ts';
import type { Content } from './contents.ts';
import type { Device } from './device.ts';
import type { KeptFrame, WireMessage } from './frames.ts';
import { ciphertextOf, type Find, idOf, type StoredMessage, viewOf } from './stored-message.ts';

export const ACK = { refused: -1, server: 1, delivered: 2, read: 3, played: 4 } as const;

export interface RouteOptions {
  /** The device that sent it, which has it already. */
  readonly by?: Device | null;
  /** The recipients' linked devices cannot decrypt it yet. */
  readonly undecrypted?: boolean;
}

export class MessageRouter {
  /** The server takes messages but says nothing more about them. */
  holdsAcks = false;
  /** From the message to each word about it, in milliseconds. */
  ackDelayMs = 0;
  /** Messages are dated so many seconds later than they are said. */
  datesAhead = 0;
  readonly #messages = new Map<string, StoredMessage>();
  /** Of which messages something was not said. */
  readonly #held = new Set<string>();
  readonly #events: EventEmitter;
  readonly #find: Find;

  constructor(events: EventEmitter, find: Find) {
    this.#events = events;
    this.#find = find;
  }

  find(stanza: string): StoredMessage | undefined {
    return this.#messages.get(stanza);
  }

  /** @throws Error where no message has this stanza id */
  get(stanza: string): StoredMessage {
    const stored = this.#messages.get(stanza);
    if (!stored) throw new Error(`no message has the id ${stanza}`);
    return stored;
  }

  route(
    from: Account,
    to: Account | Group,
    stanza: string,
    content: Content,
    options: RouteOptions = {},
  ): StoredMessage {
    const recipients =
      to instanceof Group ? to.members.filter((member) => member !== from) : [to].filter((account) => account !== from);
    const stored: StoredMessage = {
      stanza,
      from,
      to,
      content,
      t: Math.floor(Date.now() / 1000) + this.datesAhead,
      reached: new Map(recipients.map((recipient) => [recipient, ACK.server])),
      views: new Map(),
      ack: ACK.server,
    };
    this.#messages.set(stanza, stored);
    const own = this.#viewed(stored, from);
    for (const device of from.devices) if (device !== options.by) device.keep({ type: 'message', message: own });
    this.report(stanza);
    for (const recipient of recipients) {
      const message = this.#viewed(stored, recipient);
      recipient.inbox.push(message);
      const shown = options.undecrypted ? ciphertextOf(message) : message;
      for (const device of recipient.devices) device.keep({ type: 'message', message: shown });
      this.#events.emit('arrived', recipient, message);
      if (recipient.reachable) this.progress(stanza, recipient, ACK.delivered);
      if (recipient.readsAtOnce) this.progress(stanza, recipient, ACK.read);
    }
    return stored;
  }

  /** The devices that could not decrypt a message can now. */
  decrypt(stanza: string): void {
    const stored = this.get(stanza);
    for (const recipient of stored.reached.keys()) {
      const message = this.#viewed(stored, recipient);
      for (const device of recipient.devices) device.keep({ type: 'decrypted', id: idOf(message), message });
    }
  }

  /** An acknowledgement counts once every recipient is that far; the sender's phone hears of each. */
  progress(stanza: string, by: Account, ack: number): void {
    const stored = this.#messages.get(stanza);
    if (!stored || ack <= (stored.reached.get(by) ?? ACK.played)) return;
    stored.reached.set(by, ack);
    this.tell(stored.from, { kind: 'receipt', by, stanza, ack });
    const lowest = Math.min(...stored.reached.values());
    if (lowest <= stored.ack) return;
    stored.ack = lowest;
    this.report(stanza);
  }

  /** An account read one of its chats, on the phone or on a linked device (`by`): the senders learn of it. */
  seen(account: Account, chat: string, by: Device | null = null): void {
    if (by) this.#events.emit('seen', account, chat);
    for (const device of account.devices) if (device !== by) device.keep({ type: 'seen', chat });
    for (const message of account.inbox) if (message.chat === chat) this.progress(message.stanza, account, ACK.read);
  }

  /** Says how far a message is to the devices of its sender. */
  report(stanza: string): void {
    const stored = this.#messages.get(stanza);
    if (!stored || stored.content.type === 'gp2') return;
    if (this.holdsAcks) return void this.#held.add(stanza);
    const { ack } = stored;
    const say = (): void => this.#each(stored, stored.from, null, (id) => ({ type: 'ack', id, ack }));
    if (this.ackDelayMs > 0) setTimeout(say, this.ackDelayMs).unref();
    else say();
  }

  /** Says what was held back about acknowledgements. */
  reportHeld(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const stanza of held) this.report(stanza);
  }

  /**
   * Something happened to a message: everybody who has it learns of it, except the device that did it.
   *
   * @param frame what a device of an account is told; null leaves this account out
   */
  spread(
    stored: StoredMessage,
    actor: Account,
    by: Device | null,
    frame: (id: string, viewer: Account) => KeptFrame | null,
    event?: PhoneEvent,
  ): void {
    for (const account of new Set([stored.from, ...stored.reached.keys()])) {
      this.#each(stored, account, by, (id) => frame(id, account));
      if (event && account !== actor) this.tell(account, event);
    }
  }

  tell(account: Account, event: PhoneEvent): void {
    account.phoneEvents.push(event);
    this.#events.emit('phoneEvent', account, event);
  }

  #each(stored: StoredMessage, account: Account, except: Device | null, frame: (id: string) => KeptFrame | null): void {
    for (const device of account.devices) {
      if (device === except) continue;
      const made = frame(device.ids.get(stored.stanza) ?? idOf(this.#viewed(stored, account)));
      if (made) device.keep(made);
    }
  }

  /** What an account saw first stays, whatever becomes of the names. */
  #viewed(stored: StoredMessage, viewer: Account): WireMessage {
    const view = stored.views.get(viewer) ?? viewOf(stored, viewer, this.#find);
    stored.views.set(viewer, view);
    return view;
  }
}
