/** A bridge under a supervisor: whatever ends it, it is started again. Only the torture kills it; another end is on record. */
import { setTimeout as wait } from 'node:timers/promises';
import type { BridgeProcess } from '../e2e/bridge-process.ts';
import type { History } from './history.ts';

const START_TRIES = 20;
const PAUSE_MS = 250;

export class SupervisedBridge {
  readonly #bridge: BridgeProcess;
  readonly #history: History;
  #killed = true;
  #starting: Promise<void> | null = null;

  constructor(bridge: BridgeProcess, history: History) {
    this.#bridge = bridge;
    this.#history = history;
  }

  async kill(): Promise<void> {
    this.#killed = true;
    await this.#bridge.kill();
  }

  /** Resolves once it answers, starting it if it does not run. @throws Error if it cannot be started */
  ensureUp(): Promise<void> {
    this.#starting ??= this.#ensureUp().finally(() => (this.#starting = null));
    return this.#starting;
  }

  async #ensureUp(): Promise<void> {
    for (let tries = 1; !this.#bridge.isRunning; tries += 1) {
      if (!this.#killed) this.#history.add({ kind: 'ended', output: this.#bridge.output });
      this.#killed = false;
      try {
        await this.#bridge.start();
      } catch (error) {
        // Killed during its start, or refused it, such as by a lock that the server has not given back yet.
        if (!this.#killed) this.#history.add({ kind: 'not started', output: (error as Error).message });
        this.#killed = true;
        if (tries === START_TRIES) throw error;
        await wait(PAUSE_MS);
      }
    }
  }
}
