/** A stand-in with three accounts and their group, and the bare library in a page of one of them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Message } from 'whatsapp-web.js';
import type { Account, Group } from '../../standin/account.ts';
import { BUILDS } from '../../standin/page-settings.ts';
import { Standin } from '../../standin/server.ts';
import { BareClient } from '../bare-client.ts';

/** For one test, in milliseconds. */
export const LONG = 120_000;

export class StandinAtTest {
  standin!: Standin;
  me!: Account;
  bob!: Account;
  carol!: Account;
  /** All three. */
  group!: Group;
  /** What shows the account `me`, or will once it has been started. */
  page!: BareClient;
  #folder = '';

  async open(build: keyof typeof BUILDS): Promise<void> {
    this.standin = new Standin();
    Object.assign(this.standin.page, { build, version: BUILDS[build] });
    await this.standin.start();
    const { network } = this.standin;
    this.me = network.addAccount('4915110000001', 'Me');
    this.bob = network.addAccount('4915110000002', 'Bob');
    this.carol = network.addAccount('4915110000003', 'Carol');
    this.group = network.addGroup('All of us', [this.bob, this.me, this.carol], true);
    this.#folder = await mkdtemp(join(tmpdir(), 'wabridge-standin-'));
    this.newPage();
  }

  readonly close = async (): Promise<void> => {
    await this.page.stop();
    await this.standin.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  };

  /** A page over the same login, for after the one before has been stopped. */
  newPage(): BareClient {
    this.page = new BareClient(this.standin, this.#folder);
    return this.page;
  }

  /** The message that arrived in the page with this text. */
  async arrived(text: string): Promise<Message> {
    const [message] = await this.page.untilEvent('message', ({ body }: Message) => body === text);
    return message as Message;
  }
}

export const stanzaOf = (message: Message): string => message.id.id;

export const lastOf = (account: Account) => account.inbox.at(-1);
