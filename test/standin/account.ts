/** People with a phone, and groups of them. */
import type { Device } from './device.ts';
import type { BlockedState, Card, ChatState, WireGroup, WireMessage } from './frames.ts';

/** What an account's phone received besides messages. */
export type PhoneEvent =
  | { readonly kind: 'reaction'; readonly by: Account; readonly stanza: string; readonly emoji: string }
  | { readonly kind: 'edit'; readonly by: Account; readonly stanza: string; readonly body: string }
  | { readonly kind: 'revoke'; readonly by: Account; readonly stanza: string }
  | { readonly kind: 'vote'; readonly by: Account; readonly stanza: string; readonly options: readonly string[] }
  /** Of a message that this account sent: 2 delivered, 3 read, 4 played. */
  | { readonly kind: 'receipt'; readonly by: Account; readonly stanza: string; readonly ack: number }
  | { readonly kind: 'chatstate'; readonly by: Account; readonly chat: string; readonly state: ChatState }
  | { readonly kind: 'call-rejected'; readonly by: Account; readonly call: string };

export class Account {
  readonly phone: string;
  readonly name: string;
  readonly pn: string;
  readonly lid: string;
  /** Others see only the lid of this account. */
  hidesPhone = false;
  /** Whether others may learn the number behind the lid. */
  phoneKnown = true;
  /** Whether others may learn the lid behind the number; without it the page throws "No LID for user". */
  lidKnown = true;
  /** Other phone ids under which the server finds this account, as those from before or after a country's new numbers. */
  readonly alsoFoundAs = new Set<string>();
  /** The phone reports messages as delivered; switched off it is out of reach. */
  reachable = true;
  /** Reads what it gets at once. */
  readsAtOnce = false;
  /** The phone sends again what a linked device could not decrypt, when the device asks. */
  resendsUndecrypted = false;
  /** What the linked device said last about its presence. */
  available: boolean | null = null;
  /** Set by `Network.block`: WhatsApp serves this account no longer. */
  blocked: BlockedState | null = null;
  readonly devices = new Set<Device>();
  /** What others wrote to this account, as it sees it. */
  readonly inbox: WireMessage[] = [];
  readonly phoneEvents: PhoneEvent[] = [];

  constructor(phone: string, name: string) {
    this.phone = phone;
    this.name = name;
    this.pn = `${phone}@c.us`;
    this.lid = `9${phone.split('').reverse().join('')}@lid`;
  }

  /** The id under which others see this account. */
  get wid(): string {
    return this.hidesPhone ? this.lid : this.pn;
  }

  get card(): Card {
    return {
      id: this.wid,
      name: this.name,
      ...(this.phoneKnown ? { pn: this.pn } : {}),
      ...(this.lidKnown ? { lid: this.lid } : {}),
    };
  }
}

export class Group {
  readonly id: string;
  /** Members are named by their lids, as in most groups of today. */
  readonly lidAddressing: boolean;
  name: string;
  readonly members: Account[];
  readonly admins = new Set<Account>();

  constructor(id: string, name: string, members: readonly Account[], lidAddressing = false) {
    this.id = id;
    this.name = name;
    this.members = [...members];
    this.lidAddressing = lidAddressing;
    if (members[0]) this.admins.add(members[0]);
  }

  /** The id under which a member appears to another account, or to itself. */
  nameOf(member: Account, viewer: Account): string {
    if (this.lidAddressing) return member.lid;
    return member === viewer ? member.pn : member.wid;
  }

  seenBy(viewer: Account): WireGroup {
    return {
      id: this.id,
      name: this.name,
      lidAddressing: this.lidAddressing,
      participants: this.members.map((member) => ({
        id: this.nameOf(member, viewer),
        isAdmin: this.admins.has(member),
      })),
    };
  }
}
