/** The simulated phone network of a run. It lives in the process of the test, which nothing kills, and is the oracle. */
import { join } from 'node:path';
import type { SessionName } from '../../bridge/src/contract/ids.ts';
import { NetworkServer } from '../../bridge/src/engine/sandbox/network-server.ts';
import { RemoteNetwork } from '../../bridge/src/engine/sandbox/remote-network.ts';
import type { SandboxAccount, SandboxFaults } from '../../bridge/src/engine/sandbox/sandbox-contract.ts';
import { phoneOf } from './client.ts';
import type { History } from './history.ts';

export const SESSION = 'torture' as SessionName;

export class FarEnd {
  readonly #server: NetworkServer;
  readonly #history: History;
  #network: RemoteNetwork | null = null;
  #said = 0;
  /** What is being said, one after the other. */
  #speaking = Promise.resolve();

  constructor(folder: string, history: History) {
    this.#server = new NetworkServer({ folder: join(folder, 'network'), autoLink: true });
    this.#history = history;
  }

  /** @returns its URL, for the setting of the bridge */
  async start(): Promise<string> {
    const url = await this.#server.start();
    this.#network = new RemoteNetwork(url);
    return url;
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  account(): Promise<SandboxAccount> {
    return this.#driven.drive('sandbox.account', SESSION);
  }

  behave(faults: SandboxFaults): Promise<void> {
    return this.#driven.drive('sandbox.setFaults', SESSION, faults);
  }

  /** Somebody writes to the account, after what was to be written before. */
  say(chat: number): void {
    this.#speaking = this.#speaking.then(async () => {
      const from = phoneOf(chat);
      const text = `saying ${(this.#said += 1)}`;
      const { messageId } = await this.#driven.drive('sandbox.receive', SESSION, { from: `+${from}`, text });
      this.#history.add({ kind: 'said', chat: from, messageId });
    });
    // Told by `silence`.
    this.#speaking.catch(() => undefined);
  }

  /** Resolves once everything is said. */
  silence(): Promise<void> {
    return this.#speaking;
  }

  /** Writes down what arrived on the phones of others, in the order of its arrival. */
  async recordArrivals(): Promise<void> {
    for (const entry of await this.#driven.drive('sandbox.inbox', SESSION, { via: 'bridge' })) {
      const { messageId, transmissions, chat } = entry;
      const text = 'text' in entry ? (entry.text ?? '') : '';
      const sha256 = 'media' in entry ? entry.media.sha256 : null;
      const phone = (chat.phone ?? chat.chatId).replace(/^\+|@.*$/g, '');
      this.#history.add({ kind: 'arrived', chat: phone, text, messageId, transmissions, sha256 });
    }
  }

  get #driven(): RemoteNetwork {
    if (this.#network === null) throw new Error('the simulated network was not started');
    return this.#network;
  }
}
