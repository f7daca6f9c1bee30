/** Carries messages from account to account, and their acknowledgements back. */
import type { EventEmitter } from 'node:events';
import { type Account, Group, type Heard } from './account.ts';
import type { Content } from './contents.ts';
import type { Device } from './device.ts';
import type { KeptFrame, WireMessage } from './frames.ts';
import { ciphertextOf, type Find, idOf, type Letter, viewOf } from './letter.ts';

export const ACK = { refused: -1, server: 1, delivered: 2, read: 3, played: 4 } as const;

export interface CarryOptions {
  /** The device that sent it, which has it already. */
  readonly by?: Device | null;
  /** The recipients' linked devices cannot decrypt it yet. */
  readonly undecrypted?: boolean;
}

export class Post {
  /** The server takes messages but says nothing more about them. */
  holdsAcks = false;
  /** From the message to each word about it, in milliseconds. */
  ackDelayMs = 0;
  /** Messages are dated so many seconds later than they are said. */
  datesAhead = 0;
  readonly #letters = new Map<string, Letter>();
  /** Of which messages something was not said. */
  readonly #held = new Set<string>();
  readonly #events: EventEmitter;
  readonly #find: Find;

  constructor(events: EventEmitter, find: Find) {
    this.#events = events;
    this.#find = find;
  }

  find(stanza: string): Letter | undefined {
    return this.#letters.get(stanza);
  }

  /** @throws Error where no message has this stanza id */
  get(stanza: string): Letter {
    const letter = this.#letters.get(stanza);
    if (!letter) throw new Error(`no message has the id ${stanza}`);
    return letter;
  }

  carry(from: Account, to: Account | Group, stanza: string, content: Content, options: CarryOptions = {}): Letter {
    const recipients =
      to instanceof Group ? to.members.filter((member) => member !== from) : [to].filter((account) => account !== from);
    const letter: Letter = {
      stanza,
      from,
      to,
      content,
      t: Math.floor(Date.now() / 1000) + this.datesAhead,
      reached: new Map(recipients.map((recipient) => [recipient, ACK.server])),
      views: new Map(),
      ack: ACK.server,
    };
    this.#letters.set(stanza, letter);
    const own = this.#viewed(letter, from);
    for (const device of from.devices) if (device !== options.by) device.keep({ type: 'message', message: own });
    this.report(stanza);
    for (const recipient of recipients) {
      const message = this.#viewed(letter, recipient);
      recipient.inbox.push(message);
      const shown = options.undecrypted ? ciphertextOf(message) : message;
      for (const device of recipient.devices) device.keep({ type: 'message', message: shown });
      this.#events.emit('arrived', recipient, message);
      if (recipient.reachable) this.progress(stanza, recipient, ACK.delivered);
      if (recipient.readsAtOnce) this.progress(stanza, recipient, ACK.read);
    }
    return letter;
  }

  /** The devices that could not decrypt a message can now. */
  decrypt(stanza: string): void {
    const letter = this.get(stanza);
    for (const recipient of letter.reached.keys()) {
      const message = this.#viewed(letter, recipient);
      for (const device of recipient.devices) device.keep({ type: 'decrypted', id: idOf(message), message });
    }
  }

  /** An acknowledgement counts once every recipient is that far; the sender's phone hears of each. */
  progress(stanza: string, by: Account, ack: number): void {
    const letter = this.#letters.get(stanza);
    if (!letter || ack <= (letter.reached.get(by) ?? ACK.played)) return;
    letter.reached.set(by, ack);
    this.tell(letter.from, { kind: 'receipt', by, stanza, ack });
    const lowest = Math.min(...letter.reached.values());
    if (lowest <= letter.ack) return;
    letter.ack = lowest;
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
    const letter = this.#letters.get(stanza);
    if (!letter || letter.content.type === 'gp2') return;
    if (this.holdsAcks) return void this.#held.add(stanza);
    const { ack } = letter;
    const say = (): void => this.#each(letter, letter.from, null, (id) => ({ type: 'ack', id, ack }));
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
    letter: Letter,
    actor: Account,
    by: Device | null,
    frame: (id: string, viewer: Account) => KeptFrame | null,
    heard?: Heard,
  ): void {
    for (const account of new Set([letter.from, ...letter.reached.keys()])) {
      this.#each(letter, account, by, (id) => frame(id, account));
      if (heard && account !== actor) this.tell(account, heard);
    }
  }

  tell(account: Account, heard: Heard): void {
    account.heard.push(heard);
    this.#events.emit('heard', account, heard);
  }

  #each(letter: Letter, account: Account, except: Device | null, frame: (id: string) => KeptFrame | null): void {
    for (const device of account.devices) {
      if (device === except) continue;
      const made = frame(device.ids.get(letter.stanza) ?? idOf(this.#viewed(letter, account)));
      if (made) device.keep(made);
    }
  }

  /** What an account saw first stays, whatever becomes of the names. */
  #viewed(letter: Letter, viewer: Account): WireMessage {
    const view = letter.views.get(viewer) ?? viewOf(letter, viewer, this.#find);
    letter.views.set(viewer, view);
    return view;
  }
}
