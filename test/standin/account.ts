/** People with a phone, and groups of them. */
import type { Device } from './device.ts';
import type { WireMessage } from './frames.ts';

export class Account {
  readonly phone: string;
  readonly name: string;
  readonly pn: string;
  readonly lid: string;
  /** Others see only the lid of this account. */
  hidesPhone = false;
  /** Whether others may learn the number behind the lid. */
  phoneKnown = true;
  /** The phone reports messages as delivered; switched off it is out of reach. */
  reachable = true;
  /** Reads what it gets at once. */
  readsAtOnce = false;
  readonly devices = new Set<Device>();
  /** What others wrote to this account, as it sees it. */
  readonly inbox: WireMessage[] = [];

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

  get card(): { id: string; name: string; pn?: string; lid?: string } {
    return { id: this.wid, name: this.name, ...(this.phoneKnown ? { pn: this.pn } : {}), lid: this.lid };
  }
}

export class Group {
  readonly id: string;
  readonly name: string;
  readonly members: readonly Account[];

  constructor(id: string, name: string, members: readonly Account[]) {
    this.id = id;
    this.name = name;
    this.members = members;
  }
}
