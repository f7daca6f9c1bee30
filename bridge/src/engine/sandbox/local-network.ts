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
import { MediaShelf } from './media-shelf.ts';
import { NetworkJournal } from './network-journal.ts';
import { PhoneAccount, type AccountOptions } from './phone-account.ts';
import type { DeviceEvent, Line, NetworkMedia, PhoneNetwork } from './phone-network.ts';
import type {
  SandboxAccount,
  SandboxAct,
  SandboxActFilter,
  SandboxContact,
  SandboxFaults,
  SandboxInboxEntry,
  SandboxInboxFilter,
  SandboxOwnMessage,
  SandboxSay,
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
  ): Promise<Line> {
    return (await this.#account(session)).connect(credential, listener);
  }

  async storeMedia(
    session: SessionName,
    bytes: Readable,
  ): Promise<{ readonly ref: string; readonly sizeBytes: number }> {
    return this.#shelf(session).store(bytes);
  }

  async openMedia(session: SessionName, ref: string): Promise<Readable> {
    return this.#shelf(session).open(ref);
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

  async say(session: SessionName, said: SandboxSay): Promise<{ readonly wireId: string }> {
    if (said.text === undefined && said.media === undefined)
      throw new WabError('WAB_INVALID_REQUEST', { reason: 'text or media is missing' });
    const media = said.media ? await this.#attach(session, said.media) : null;
    return { wireId: await (await this.#account(session)).say(said, media) };
  }

  async ownPhoneSays(session: SessionName, said: SandboxOwnMessage): Promise<{ readonly wireId: string }> {
    return { wireId: await (await this.#account(session)).ownPhoneSays(said) };
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

  async acts(session: SessionName, filter: SandboxActFilter = {}): Promise<readonly SandboxAct[]> {
    return (await this.#account(session)).acts.list(filter);
  }

  async waitForActs(
    session: SessionName,
    filter: SandboxActFilter,
    atLeast: number,
    waitMs: number,
  ): Promise<readonly SandboxAct[]> {
    return (await this.#account(session)).acts.wait(filter, atLeast, waitMs);
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
      // One that cannot be opened is tried anew by the next caller.
      account.catch(() => this.#accounts.delete(session));
    }
    return account;
  }

  async #open(session: SessionName): Promise<PhoneAccount> {
    const journal = new NetworkJournal<AccountEntry>(join(this.#folderOf(session), 'journal.jsonl'));
    const account = new PhoneAccount(session, journal, this.#options);
    await account.open();
    return account;
  }

  async #attach(session: SessionName, file: NonNullable<SandboxSay['media']>): Promise<NetworkMedia> {
    const bytes = Buffer.from(file.base64, 'base64');
    const stored = await this.#shelf(session).store(Readable.from([bytes]));
    const fileName = file.fileName === undefined ? {} : { fileName: file.fileName };
    return { kind: file.kind, mimeType: file.mimeType, ...fileName, ...stored };
  }

  #folderOf(session: SessionName): string {
    return join(this.#folder, session);
  }

  #shelf(session: SessionName): MediaShelf {
    return new MediaShelf(join(this.#folderOf(session), 'media'));
  }
}
