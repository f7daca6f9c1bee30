/** The accounts of the network, and the devices that are linked to them. */
import { randomBytes } from 'node:crypto';
import { Account } from './account.ts';
import { Device } from './device.ts';
import type { BlockedState } from './frames.ts';

export class People {
  readonly #accounts: Account[] = [];

  /** @param phone digits only */
  addAccount(phone: string, name: string): Account {
    const account = new Account(phone, name);
    this.#accounts.push(account);
    return account;
  }

  get accounts(): readonly Account[] {
    return this.#accounts;
  }

  /** The account behind a phone number, a phone id or a lid. */
  find(id: string): Account | undefined {
    return this.#accounts.find(
      (account) => id === account.phone || id === account.pn || id === account.lid || account.alsoFoundAs.has(id),
    );
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

  /** WhatsApp serves the account no longer: its pages go into this state now and at each start; null lifts it. */
  block(account: Account, state: BlockedState | null): void {
    account.blocked = state;
    if (state) for (const device of account.devices) device.tell({ type: 'blocked', state });
  }

  /** Every page of an account reloads itself, as WhatsApp Web does for an update. */
  reload(account: Account): void {
    for (const device of account.devices) device.tell({ type: 'reload' });
  }
}
