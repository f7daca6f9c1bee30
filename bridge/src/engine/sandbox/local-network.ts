/**
 * The simulated phone network inside this process. Its memory is a folder of its own, one per account, so that a killed
 * bridge finds afterwards what WhatsApp's servers and the phones would still know.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { WabError } from '../../contract/errors.ts';
import type { SessionName } from '../../contract/ids.ts';
import type { AccountEntry } from './account-memory.ts';
import { NetworkMediaStore } from './network-media-store.ts';
import { withCurrentNames } from './journal-names.ts';
import { NetworkJournal } from './network-journal.ts';
import { PhoneAccount, type AccountOptions } from './phone-account.ts';
import type { DeviceEvent, DeviceConnection, NetworkMedia, PhoneNetwork } from './phone-network.ts';
import type {
  SandboxAccount,
  SandboxOperation,
  SandboxOperationFilter,
  SandboxContact,
  SandboxFaults,
  SandboxInboxEntry,
  SandboxInboxFilter,
  SandboxOwnMessage,
  SandboxInboundMessage,
} from './sandbox-contract.ts';
import type { SandboxControl } from './sandbox-control.ts';

export interface LocalNetworkOptions extends Partial<AccountOptions> {
  /** Where the network keeps its memory; made where missing. */
  readonly folder: string;
}

export class LocalNetwork implements PhoneNetwork, SandboxControl {
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
    return (await this.#account(session)).connect(credential, listener);
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

  async receive(session: SessionName, message: SandboxInboundMessage): Promise<{ readonly messageId: string }> {
    if (message.text === undefined && message.media === undefined)
      throw new WabError('WAB_INVALID_REQUEST', { reason: 'text or media is missing' });
    const media = message.media ? await this.#attach(session, message.media) : null;
    return { messageId: await (await this.#account(session)).receive(message, media) };
  }

  async sendFromPhone(session: SessionName, message: SandboxOwnMessage): Promise<{ readonly messageId: string }> {
    return { messageId: await (await this.#account(session)).sendFromPhone(message) };
  }

  async inbox(session: SessionName, filter: SandboxInboxFilter = {}): Promise<readonly SandboxInboxEntry[]> {
    return (await this.#account(session)).inbox.list(filter);
  }

  async waitForInbox(
    session: SessionName,
    filter: SandboxInboxFilter,
    atLeast: number,
    waitMs: number,
  ): Promise<readonly SandboxInboxEntry[]> {
    return (await this.#account(session)).inbox.wait(filter, atLeast, waitMs);
  }

  async operations(session: SessionName, filter: SandboxOperationFilter = {}): Promise<readonly SandboxOperation[]> {
    return (await this.#account(session)).operations.list(filter);
  }

  async waitForOperations(
    session: SessionName,
    filter: SandboxOperationFilter,
    atLeast: number,
    waitMs: number,
  ): Promise<readonly SandboxOperation[]> {
    return (await this.#account(session)).operations.wait(filter, atLeast, waitMs);
  }

  async scan(session: SessionName, code?: string | null, phone?: string): Promise<void> {
    await (await this.#account(session)).scan(code ?? undefined, phone);
  }

  async unlink(session: SessionName): Promise<void> {
    await (await this.#account(session)).unlink();
  }

  async disconnect(session: SessionName, forMs = 200): Promise<void> {
    (await this.#account(session)).disconnect(forMs);
  }

  async crash(session: SessionName): Promise<void> {
    (await this.#account(session)).crash();
  }

  async setFaults(session: SessionName, faults: SandboxFaults): Promise<void> {
    await (await this.#account(session)).setFaults(faults);
  }

  async faults(session: SessionName): Promise<SandboxFaults> {
    return (await this.#account(session)).faults;
  }

  async putContact(session: SessionName, contact: SandboxContact): Promise<void> {
    await (await this.#account(session)).putContact(contact);
  }

  async contacts(session: SessionName): Promise<readonly SandboxContact[]> {
    return (await this.#account(session)).contacts;
  }

  async account(session: SessionName): Promise<SandboxAccount> {
    return (await this.#account(session)).view();
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
    const account = new PhoneAccount(session, journal, this.#options);
    await account.open();
    return account;
  }

  async #attach(session: SessionName, file: NonNullable<SandboxInboundMessage['media']>): Promise<NetworkMedia> {
    const bytes = Buffer.from(file.base64, 'base64');
    const stored = await this.#mediaStore(session).store(Readable.from([bytes]));
    const fileName = file.fileName === undefined ? {} : { fileName: file.fileName };
    return { kind: file.kind, mimeType: file.mimeType, ...fileName, ...stored };
  }

  #folderOf(session: SessionName): string {
    return join(this.#folder, session);
  }

  #mediaStore(session: SessionName): NetworkMediaStore {
    return new NetworkMediaStore(join(this.#folderOf(session), 'media'));
  }
}
