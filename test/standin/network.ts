/** The WhatsApp network of the stand-in: accounts that write to each other, and what becomes of their messages. */
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { Account, Group } from './account.ts';
import { Device } from './device.ts';
import type { OwnAccount, WireMedia, WireMessage } from './frames.ts';

export interface Content {
  readonly type: string;
  readonly body?: string;
  readonly caption?: string;
  readonly mentions?: readonly string[];
  readonly quoted?: WireMessage['quoted'];
  readonly media?: WireMedia;
}

interface Sent {
  readonly from: Account;
  /** How far each recipient is. */
  readonly reached: Map<Account, number>;
  ack: number;
}

const SERVER_TOOK = 1;
const DELIVERED = 2;
const READ = 3;
const REFUSED = -1;

export class Network {
  /**
   * `arrived` (account, message): a message reached an account's phone. `linked` (account, device). `seen` (account,
   * chat): a linked device marked a chat as read.
   */
  readonly events = new EventEmitter();
  /** The server takes messages but says nothing more about them. */
  holdsAcks = false;
  /** The server refuses what is sent. */
  refuses = false;
  /** What devices sent is swallowed: it never arrives and is never acknowledged. */
  swallows = false;
  readonly #accounts: Account[] = [];
  readonly #groups: Group[] = [];
  readonly #sent = new Map<string, Sent>();

  addAccount(phone: string, name: string): Account {
    const account = new Account(phone, name);
    this.#accounts.push(account);
    return account;
  }

  addGroup(name: string, members: readonly Account[]): Group {
    const group = new Group(`12036300000000${1000 + this.#groups.length}@g.us`, name, members);
    this.#groups.push(group);
    return group;
  }

  /** Every page of an account loads itself anew, as WhatsApp Web does for an update. */
  reload(account: Account): void {
    for (const device of account.devices) device.tell({ type: 'reload' });
  }

  /** An account's devices get everything that its inbox holds once more. */
  repeat(account: Account): void {
    for (const device of account.devices)
      for (const message of account.inbox) device.keep({ type: 'message', message });
  }

  get accounts(): readonly Account[] {
    return this.#accounts;
  }

  /** The account behind a phone number, a phone id or a lid. */
  find(id: string): Account | undefined {
    return this.#accounts.find((account) => id === account.phone || id === account.pn || id === account.lid);
  }

  findDevice(credential: string): { account: Account; device: Device } | undefined {
    for (const account of this.#accounts) {
      for (const device of account.devices) if (device.credential === credential) return { account, device };
    }
    return undefined;
  }

  link(account: Account): Device {
    const device = new Device(randomBytes(16).toString('hex'));
    account.devices.add(device);
    return device;
  }

  /** The phone removes its linked devices. */
  unlink(account: Account): void {
    for (const device of account.devices) device.tell({ type: 'logout' });
    account.devices.clear();
  }

  profileOf(account: Account): OwnAccount {
    const others = this.#accounts.filter((other) => other !== account);
    const groups = this.#groups.filter((group) => group.members.includes(account));
    return {
      pn: account.pn,
      lid: account.lid,
      name: account.name,
      contacts: others.filter((other) => !other.hidesPhone).map((other) => other.card),
      groups: groups.map(({ id, name }) => ({ id, name })),
    };
  }

  /** Somebody writes on the phone. Returns the stanza id. */
  say(from: Account, to: Account | Group, content: string | Content): string {
    const stanza = `3A${randomBytes(9).toString('hex').toUpperCase()}`;
    this.#carry(from, to, stanza, typeof content === 'string' ? { type: 'chat', body: content } : content, null);
    return stanza;
  }

  /** A linked device sends. Repeating a stanza delivers it once, as the real server does. */
  sendFrom(account: Account, device: Device, message: WireMessage): void {
    const id = ['true', message.chat, message.stanza, ...(message.author ? [message.author] : [])].join('_');
    device.ids.set(message.stanza, id);
    const to = this.#groups.find((group) => group.id === message.chat) ?? this.find(message.chat);
    if (this.swallows) return;
    if (this.refuses || !to) return device.keep({ type: 'ack', id, ack: REFUSED });
    if (this.#sent.has(message.stanza)) return this.#report(message.stanza);
    this.#carry(account, to, message.stanza, message, device);
  }

  /** An account reads everything that it got so far. */
  read(reader: Account): void {
    for (const message of reader.inbox) this.#progress(message.stanza, reader, READ);
  }

  /** The account read one of its chats on the phone. */
  seen(account: Account, chat: string, except: Device | null = null): void {
    if (except) this.events.emit('seen', account, chat);
    for (const device of account.devices) if (device !== except) device.keep({ type: 'seen', chat });
  }

  /** A phone that was out of reach gets what waited. */
  reach(account: Account): void {
    account.reachable = true;
    for (const message of account.inbox) this.#progress(message.stanza, account, DELIVERED);
  }

  #carry(from: Account, to: Account | Group, stanza: string, content: Content, by: Device | null): void {
    const recipients =
      to instanceof Group ? to.members.filter((member) => member !== from) : [to].filter((account) => account !== from);
    this.#sent.set(stanza, {
      from,
      reached: new Map(recipients.map((recipient) => [recipient, SERVER_TOOK])),
      ack: SERVER_TOOK,
    });
    const t = Math.floor(Date.now() / 1000);
    for (const device of from.devices) {
      if (device === by) continue;
      const message = this.#view(from, from, to, stanza, content, t);
      device.ids.set(stanza, ['true', message.chat, stanza, ...(message.author ? [message.author] : [])].join('_'));
      device.keep({ type: 'message', message });
    }
    this.#report(stanza);
    for (const recipient of recipients) {
      const message = this.#view(recipient, from, to, stanza, content, t);
      recipient.inbox.push(message);
      for (const device of recipient.devices) device.keep({ type: 'message', message });
      this.events.emit('arrived', recipient, message);
      if (recipient.reachable) this.#progress(stanza, recipient, DELIVERED);
      if (recipient.readsAtOnce) this.#progress(stanza, recipient, READ);
    }
  }

  /** A message as one account's devices see it. */
  #view(viewer: Account, from: Account, to: Account | Group, stanza: string, content: Content, t: number): WireMessage {
    const mine = viewer === from;
    const shown = (id: string): string => {
      const account = this.find(id);
      if (!account) return id;
      return account === viewer ? viewer.pn : account.wid;
    };
    const author = mine ? viewer.pn : from.wid;
    const chat = to instanceof Group ? to.id : mine ? to.wid : from.wid;
    return {
      stanza,
      chat,
      chatName: to instanceof Group ? to.name : mine ? to.name : from.name,
      fromMe: mine,
      from: to instanceof Group && !mine ? to.id : author,
      to: to instanceof Group ? (mine ? to.id : viewer.pn) : mine ? to.wid : viewer.pn,
      ...(to instanceof Group ? { author } : {}),
      t,
      type: content.type,
      ...(content.body === undefined ? {} : { body: content.body }),
      ...(content.caption === undefined ? {} : { caption: content.caption }),
      ack: SERVER_TOOK,
      mentions: (content.mentions ?? []).map(shown),
      ...(content.quoted ? { quoted: { ...content.quoted, participant: shown(content.quoted.participant) } } : {}),
      ...(content.media ? { media: content.media } : {}),
      ...(mine ? {} : { name: from.name, sender: from.card }),
    };
  }

  /** An acknowledgement counts once every recipient is that far. */
  #progress(stanza: string, by: Account, ack: number): void {
    const sent = this.#sent.get(stanza);
    if (!sent || ack <= (sent.reached.get(by) ?? READ)) return;
    sent.reached.set(by, ack);
    const lowest = Math.min(...sent.reached.values());
    if (lowest <= sent.ack) return;
    sent.ack = lowest;
    this.#report(stanza);
  }

  #report(stanza: string): void {
    const sent = this.#sent.get(stanza);
    if (!sent || this.holdsAcks) return;
    for (const device of sent.from.devices) {
      const id = device.ids.get(stanza);
      if (id) device.keep({ type: 'ack', id, ack: sent.ack });
    }
  }
}
