/**
 * The simulated phone network inside this process. Its memory is a folder of its own, one per account, so that a killed
 * bridge finds afterwards what WhatsApp's servers and the phones would still know.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { WabError } from '../../contract/errors.ts';
import type { SessionName } from '../../contract/ids.ts';
import type { AccountEntry } from './account-memory.ts';
import { deviceEnd } from './device-calls.ts';
import {
  driverOperationOf,
  type DriverArguments,
  type DriverOperationId,
  type DriverResult,
  type SandboxDriver,
} from './driver/driver.ts';
import { NetworkMediaStore } from './network-media-store.ts';
import { withCurrentNames } from './journal-names.ts';
import { NetworkJournal } from './network-journal.ts';
import { PhoneAccount, type AccountOptions } from './phone-account.ts';
import type { DeviceEvent, DeviceConnection, PhoneNetwork } from './phone-network.ts';
export interface LocalNetworkOptions extends Partial<AccountOptions> {
  /** Where the network keeps its memory; made where missing. */
  readonly folder: string;
}

export class LocalNetwork implements PhoneNetwork, SandboxDriver {
  readonly #folder: string;
  readonly #options: AccountOptions;
  readonly #accounts = new Map<SessionName, Promise<PhoneAccount>>();
  #closed = false;

  constructor(options: LocalNetworkOptions) {
    this.#folder = options.folder;
    this.#options = {
      autoLink: options.autoLink ?? false,
      qrLifetimeMs: options.qrLifetimeMs ?? 20_000,
      faults: options.faults ?? {},
    };
  }

  async connect(
    session: SessionName,
    credential: string | null,
    listener: (event: DeviceEvent) => void,
  ): Promise<DeviceConnection> {
    const account = await this.#account(session);
    return deviceEnd(account, await account.connect(credential, listener));
  }

  async storeMedia(
    session: SessionName,
    bytes: Readable,
  ): Promise<{ readonly ref: string; readonly sizeBytes: number }> {
    return this.#mediaStore(session).store(bytes);
  }

  async openMedia(session: SessionName, ref: string): Promise<Readable> {
    return this.#mediaStore(session).open(ref);
  }

  async forget(session: SessionName): Promise<void> {
    const account = this.#accounts.get(session);
    this.#accounts.delete(session);
    await (await account)?.close();
    await rm(this.#folderOf(session), { recursive: true, force: true });
  }

  /** Ends every connection and closes the files. */
  async close(): Promise<void> {
    this.#closed = true;
    const accounts = [...this.#accounts.values()];
    this.#accounts.clear();
    await Promise.allSettled(accounts.map(async (account) => (await account).close()));
  }

  async drive<Id extends DriverOperationId>(
    id: Id,
    session: SessionName,
    ...[input]: DriverArguments<Id>
  ): Promise<DriverResult<Id>> {
    return (await driverOperationOf(id)?.carryOut(await this.#account(session), input ?? {})) as DriverResult<Id>;
  }

  #account(session: SessionName): Promise<PhoneAccount> {
    if (this.#closed) return Promise.reject(new WabError('WAB_SHUTTING_DOWN'));
    let account = this.#accounts.get(session);
    if (!account) {
      account = this.#open(session);
      this.#accounts.set(session, account);
      // One that cannot be opened is tried again by the next caller.
      account.catch(() => this.#accounts.delete(session));
    }
    return account;
  }

  async #open(session: SessionName): Promise<PhoneAccount> {
    const journal = new NetworkJournal<AccountEntry>(join(this.#folderOf(session), 'journal.jsonl'), withCurrentNames);
    const account = new PhoneAccount(session, journal, this.#mediaStore(session), this.#options);
    try {
      await account.open();
    } catch (error) {
      await account.close();
      throw error;
    }
    return account;
  }

  #folderOf(session: SessionName): string {
    return join(this.#folder, session);
  }

  #mediaStore(session: SessionName): NetworkMediaStore {
    return new NetworkMediaStore(join(this.#folderOf(session), 'media'));
  }
}
