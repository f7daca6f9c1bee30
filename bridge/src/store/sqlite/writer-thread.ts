/** The main thread's end of the writer: a queue of submitted units and the promises that wait for them. */
import { Worker } from 'node:worker_threads';
import { WabError } from '../../contract/errors.ts';
import type { Call } from '../operation.ts';
import { deserializeError } from './serialized-error.ts';
import { GROUP_LIMIT, type FromWriter, type Outcome, type ToWriter, type Unit, type WriterData } from './protocol.ts';

const SCRIPT = new URL(import.meta.url.endsWith('.ts') ? './writer.worker.ts' : './writer.worker.js', import.meta.url);

interface Pending {
  readonly resolve: (results: readonly unknown[]) => void;
  readonly reject: (error: Error) => void;
}

/** Units handed over but not answered, at most: one group being written and the next one gathered. */
const IN_FLIGHT_LIMIT = 2 * GROUP_LIMIT;

export class WriterThread {
  readonly #worker: Worker;
  readonly #onFatal: (error: Error) => void;
  readonly #pending = new Map<number, Pending>();
  #gathered: Unit[] = [];
  #flushPlanned = false;
  #inFlight = 0;
  #nextId = 1;
  #state: 'open' | 'closing' | 'dead' = 'open';
  #death: Error | undefined;
  #opened: (() => void) | undefined;
  #closed: (() => void) | undefined;

  private constructor(worker: Worker, onFatal: (error: Error) => void) {
    this.#worker = worker;
    this.#onFatal = onFatal;
  }

  /** Starts the thread and waits until the database is open and migrated. */
  static async open(file: string, onFatal: (error: Error) => void, script: URL = SCRIPT): Promise<WriterThread> {
    const workerData: WriterData = { file };
    const worker = new Worker(script, { workerData, name: 'wabridge-writer' });
    const failures = { onFatal: (_error: Error): void => undefined };
    const thread = new WriterThread(worker, (error) => failures.onFatal(error));
    await new Promise<void>((resolve, reject) => {
      failures.onFatal = reject;
      thread.#opened = resolve;
      thread.#listen();
    });
    failures.onFatal = onFatal;
    return thread;
  }

  /** @returns the results of the calls, once they are on disk */
  submit(calls: readonly Call<unknown>[]): Promise<readonly unknown[]> {
    if (this.#state === 'closing') return Promise.reject(new WabError('WAB_SHUTTING_DOWN'));
    if (this.#state === 'dead') return Promise.reject(this.#deathError());
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#pending.set(id, { resolve, reject });
      this.#gathered.push({ id, calls });
      this.#planFlush();
    });
  }

  /** Finishes what was submitted and ends the thread. */
  async close(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    await new Promise<void>((resolve) => {
      this.#closed = resolve;
      this.#flush();
      if (this.#gathered.length === 0) this.#send({ kind: 'close' });
    });
    await this.#worker.terminate();
  }

  #listen(): void {
    this.#worker.on('message', (message: FromWriter) => {
      if (message.kind === 'outcomes') this.#settle(message.outcomes);
      else if (message.kind === 'opened') this.#opened?.();
      else if (message.kind === 'closed') this.#closed?.();
      else this.#die(deserializeError(message.error));
    });
    this.#worker.on('error', (error) => this.#die(error as Error));
    this.#worker.on('exit', (code) => {
      if (this.#state === 'open' || this.#pending.size > 0)
        this.#die(new Error(`The database writer ended with code ${code}`));
      this.#closed?.();
    });
  }

  /** Gathers what this turn of the event loop submits, so that it shares a message and a commit. */
  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    queueMicrotask(() => {
      this.#flushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#gathered.length > 0 && this.#inFlight < IN_FLIGHT_LIMIT && this.#state !== 'dead') {
      const units = this.#gathered.splice(0, GROUP_LIMIT);
      this.#inFlight += units.length;
      try {
        this.#send({ kind: 'units', units });
      } catch {
        this.#sendOneByOne(units);
      }
    }
  }

  /** Arguments that cannot be cloned are the fault of one unit, not of those that share its message. */
  #sendOneByOne(units: readonly Unit[]): void {
    for (const unit of units) {
      try {
        this.#send({ kind: 'units', units: [unit] });
      } catch (error) {
        this.#inFlight--;
        this.#pending.get(unit.id)?.reject(error as Error);
        this.#pending.delete(unit.id);
      }
    }
  }

  #settle(outcomes: readonly Outcome[]): void {
    this.#inFlight -= outcomes.length;
    for (const outcome of outcomes) {
      const pending = this.#pending.get(outcome.id);
      this.#pending.delete(outcome.id);
      if ('error' in outcome) pending?.reject(deserializeError(outcome.error));
      else pending?.resolve(outcome.results);
    }
    this.#flush();
    if (this.#state === 'closing' && this.#pending.size === 0) this.#send({ kind: 'close' });
  }

  #die(error: Error): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#death = error;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#gathered = [];
    for (const { reject } of pending) reject(this.#deathError());
    this.#closed?.();
    void this.#worker.terminate();
    this.#onFatal(error);
  }

  /** What was pending may or may not be on disk; only opening the database again tells. */
  #deathError(): WabError {
    return new WabError('WAB_INTERNAL', { reference: 'database-writer' }, { cause: this.#death });
  }

  #send(message: ToWriter): void {
    this.#worker.postMessage(message);
  }
}
