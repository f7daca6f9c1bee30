/** The bridge as it is installed, asked over its API; what is heard comes over its stream, as n8n gets it. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tail } from '../../../bridge/src/cli/tail.ts';
import { processTree, untilEnded } from '../../browser/processes.ts';
import { BridgeProcess, freePort } from '../../e2e/bridge-process.ts';
import type { Standin } from '../../standin/server.ts';
import { byChat, type Contestant, type Outgoing } from './contestant.ts';

/** The build, as the package has it: the source would be measured with what strips its types. */
const BUILT = fileURLToPath(new URL('../../../bridge/dist/main.js', import.meta.url));
const LOOK_MS = 20;
const DEADLINE_MS = 120_000;

interface SessionState {
  readonly name: string;
  readonly state: string;
}

export class Ours implements Contestant {
  readonly name = 'ours';
  readonly folder: string;
  readonly #bridge: BridgeProcess;
  #receivedCount = 0;
  #stopListening = new AbortController();
  #listening: Promise<void> = Promise.resolve();
  #asking: Promise<readonly SessionState[]> | null = null;

  private constructor(folder: string, bridge: BridgeProcess) {
    this.folder = folder;
    this.#bridge = bridge;
  }

  static async make(standin: Standin): Promise<Ours> {
    if (!existsSync(BUILT)) throw new Error('the bridge is not built; run `npm run build` first');
    const folder = await mkdtemp(join(tmpdir(), 'wabridge-bench-ours-'));
    const env = { WABRIDGE_ENGINES: 'webjs', WABRIDGE_BROWSER_FLAGS: standin.browserArgs.join('\n') };
    return new Ours(folder, new BridgeProcess(folder, await freePort(), env, BUILT));
  }

  get pid(): number {
    return this.#bridge.pid;
  }

  get output(): string {
    return this.#bridge.output;
  }

  async open(): Promise<void> {
    await this.#bridge.start();
    this.#stopListening = new AbortController();
    const { signal } = this.#stopListening;
    const filter = { types: ['message.received'] };
    const { client } = this.#bridge;
    // From where the log ends now: what comes before the stream is open is not missed.
    const { cursor: from } = await client.request<{ cursor: string }>('GET', '/v1/events', {
      query: { after: 'latest', limit: '1' },
    });
    this.#listening = tail(client, { filter, from, signal, note: () => undefined }, () => {
      this.#receivedCount += 1;
    });
    this.#listening.catch(() => undefined);
  }

  async add(session: string): Promise<string> {
    await this.#bridge.client.request('POST', '/v1/sessions', { body: { name: session, engine: 'webjs' } });
    await this.#untilState(session, 'awaiting_scan');
    return (await this.#bridge.client.request<{ code: string }>('GET', `/v1/sessions/${session}/qr`)).code;
  }

  async ready(session: string): Promise<void> {
    await this.#untilState(session, 'ready');
  }

  async stop(session: string): Promise<void> {
    await this.#bridge.client.request('POST', `/v1/sessions/${session}/stop`);
  }

  async start(session: string): Promise<void> {
    await this.#bridge.client.request('POST', `/v1/sessions/${session}/start`);
  }

  async received(count: number): Promise<void> {
    const until = this.#receivedCount + count;
    await this.#until(`${count} messages`, async () => {
      if (this.#receivedCount < until) await wait(2);
      return this.#receivedCount >= until;
    });
  }

  async send(session: string, messages: readonly Outgoing[]): Promise<void> {
    const { client } = this.#bridge;
    await Promise.all(
      byChat(messages).map(async (chat) => {
        for (const { to, text } of chat) {
          await client.request('POST', '/v1/messages', {
            body: { session, type: 'text', to: `+${to.phone}`, text },
            headers: { 'idempotency-key': randomUUID() },
          });
        }
      }),
    );
  }

  async close(): Promise<void> {
    const pids = await processTree(this.pid, this.folder);
    this.#stopListening.abort();
    await this.#listening.catch(() => undefined);
    await this.#bridge.stop();
    await untilEnded(pids);
  }

  /** Removes what the sessions left; only once closed. */
  async forget(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #untilState(session: string, state: string): Promise<void> {
    await this.#until(`${session} to be ${state}`, async () =>
      (await this.#states()).some((each) => each.name === session && each.state === state),
    );
  }

  /** One question for all who wait: each costs the bridge a signature and a write. */
  #states(): Promise<readonly SessionState[]> {
    this.#asking ??= wait(LOOK_MS)
      .then(() => this.#bridge.client.request<{ sessions: readonly SessionState[] }>('GET', '/v1/sessions'))
      .then(({ sessions }) => sessions)
      .finally(() => (this.#asking = null));
    return this.#asking;
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + DEADLINE_MS;
    while (!(await holds())) {
      if (performance.now() > end) throw new Error(`the bridge: waited too long for ${what}\n${this.output}`);
    }
  }
}
