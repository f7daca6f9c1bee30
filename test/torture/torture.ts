/**
 * A run of `npm run torture`: clients send, people write and readers read, while the bridge and the servers behind it are
 * killed, paused, emptied and cut off as a plan says. What was seen is written down, and judged when all has come to rest.
 */
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { BridgeClient } from '../../bridge/src/cli/client.ts';
import { BridgeProcess, freePort } from '../e2e/bridge-process.ts';
import { startBackend, type Backend, type BackendName } from '../servers/backends.ts';
import { until } from '../until.ts';
import { check, tallyOf, type Tally } from './checker.ts';
import { Clients } from './client.ts';
import { FarEnd, SESSION } from './far-end.ts';
import { carryOut } from './faults.ts';
import type { Finding } from './finding.ts';
import { History } from './history.ts';
import { planOf, type Round } from './plan.ts';
import { SeededRandom } from './random.ts';
import { Reader } from './reader.ts';
import { recordOutcome, settle } from './settling.ts';
import { SupervisedBridge } from './supervised-bridge.ts';

/** For everything besides the faults. */
const BASE_DEADLINE_MS = 240_000;
const FAULT_DEADLINE_MS = 60_000;
/** With more sends than this waiting, the next round does not begin. */
const MOST_WAITING = 40;
/** If sends are held up, the fault does not wait for them. */
const LONGEST_LULL_MS = 3_000;

export interface TortureOptions {
  readonly backend: BackendName;
  readonly kills: number;
  readonly seed: number;
  /** Where the history is written. */
  readonly historyFile: string;
  /** Ends the run early; its processes end too. */
  readonly signal?: AbortSignal;
  readonly say?: (line: string) => void;
}

export interface TortureReport {
  readonly tally: Tally;
  readonly findings: readonly Finding[];
  readonly seconds: number;
  /** Of the processor, by this process and by those that it started (less what killed servers had used). */
  readonly cpuSeconds: number;
}

export async function torture(options: TortureOptions): Promise<TortureReport> {
  const [startedAt, cpuBefore] = [performance.now(), cpuSeconds()];
  const { backend, kills, seed, historyFile } = options;
  const plan = planOf(backend, kills, seed);
  const deadlineMs = BASE_DEADLINE_MS + plan.reduce((sum, { fault }) => sum + FAULT_DEADLINE_MS + fault.holdMs, 0);
  const signals = [AbortSignal.timeout(deadlineMs), ...(options.signal ? [options.signal] : [])];
  const history = new History(historyFile);
  const folder = await mkdtemp(join(tmpdir(), 'wabridge-torture-'));
  const run = new Run({ ...options, plan, history, folder, signal: AbortSignal.any(signals), startedAt });
  try {
    await run.toItsEnd(startedAt + deadlineMs);
  } catch (error) {
    history.add({ kind: 'unfinished', reason: (error as Error).message });
  } finally {
    await run.stop();
    history.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return {
    tally: tallyOf(history.entries),
    findings: check(history.entries),
    seconds: (performance.now() - startedAt) / 1_000,
    cpuSeconds: cpuSeconds() - cpuBefore,
  };
}

interface RunOptions extends TortureOptions {
  readonly plan: readonly Round[];
  readonly history: History;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly startedAt: number;
}

class Run {
  readonly #options: RunOptions;
  readonly #farEnd: FarEnd;
  /** Ends the readers. */
  readonly #over = new AbortController();
  readonly #stoppers: (() => Promise<unknown>)[] = [];

  constructor(options: RunOptions) {
    this.#options = options;
    this.#farEnd = new FarEnd(options.folder, options.history);
  }

  /** @param deadline by `performance.now()` */
  async toItsEnd(deadline: number): Promise<void> {
    const { plan, history, signal, say } = this.#options;
    const backend = await startBackend(this.#options.backend);
    this.#stoppers.push(() => backend.stop());
    const { client, bridge } = await this.#startBridge(backend);
    const readers = this.#startReaders(client);
    await until('the readers to be subscribed', () => readers.every(({ subscribed }) => subscribed));
    const clients = await this.#clientsOf(client);
    for (const [index, round] of plan.entries()) {
      signal.throwIfAborted();
      await this.#play(round, clients, readers);
      await carryOut(round.fault, { bridge, servers: backend.servers });
      if ((index + 1) % 10 === 0) say?.(`${index + 1} of ${plan.length} kills`);
    }
    await this.#farEnd.behave({});
    await Promise.all([clients.done(), this.#farEnd.silence()]);
    const parts = { bridge: client, farEnd: this.#farEnd, readers, history };
    const ended = await settle(parts, () => bridge.ensureUp(), deadline - performance.now()).then(
      () => null,
      (error: unknown) => error as Error,
    );
    // Also if something is left over: what there is tells what is missing.
    await recordOutcome(parts);
    if (ended !== null) throw ended;
    history.add({ kind: 'finished' });
  }

  /** Ends everything that was started. */
  async stop(): Promise<void> {
    this.#over.abort();
    for (const stop of this.#stoppers.splice(0).reverse()) await stop();
  }

  async #startBridge({ env }: Backend): Promise<{ client: BridgeClient; bridge: SupervisedBridge }> {
    const { folder, history } = this.#options;
    const networkUrl = await this.#farEnd.start();
    this.#stoppers.push(() => this.#farEnd.stop());
    const settings = { ...env, WABRIDGE_SANDBOX_NETWORK_URL: networkUrl };
    const process = new BridgeProcess(join(folder, 'bridge'), await freePort(), settings);
    this.#stoppers.push(() => process.kill());
    const bridge = new SupervisedBridge(process, history);
    await bridge.ensureUp();
    const { client } = process;
    await client.request('POST', '/v1/sessions', { body: { name: SESSION, engine: 'sandbox' } });
    await until('the session', async () => (await this.#farEnd.account()).online);
    return { client, bridge };
  }

  #startReaders(bridge: BridgeClient): readonly Reader[] {
    const { history, seed } = this.#options;
    const signal = this.#over.signal;
    const readers = [
      new Reader({ name: 'all', types: null, bridge, history, random: new SeededRandom(seed + 1), signal }),
      new Reader({
        ...{ name: 'received', types: ['message.received'] as const },
        ...{ bridge, history, random: new SeededRandom(seed + 2), signal },
      }),
    ];
    const running = Promise.all(readers.map((reader) => reader.run()));
    this.#stoppers.push(() => running);
    // Told when they are stopped.
    running.catch(() => undefined);
    return readers;
  }

  async #clientsOf(bridge: BridgeClient): Promise<Clients> {
    const { history, signal, seed } = this.#options;
    const folder = join(this.#options.folder, 'files');
    await mkdir(folder);
    return new Clients({ bridge, history, session: SESSION, folder, run: `torture-${seed}`, signal });
  }

  /** Begins what a round has to do, and resolves when its fault is due, which is on record then. */
  async #play({ sends, sayings, weather, fault }: Round, clients: Clients, readers: readonly Reader[]): Promise<void> {
    const { history, startedAt, signal } = this.#options;
    await when(() => clients.waiting <= MOST_WAITING || signal.aborted);
    await this.#farEnd.behave(weather);
    const due = clients.finished + fault.afterSends;
    for (const send of sends) clients.hand(send);
    for (const chat of sayings) this.#farEnd.say(chat);
    await when(() => clients.finished >= due || signal.aborted, LONGEST_LULL_MS);
    await wait(fault.delayMs);
    const { sent } = await this.#farEnd.account();
    history.add({
      kind: 'fault',
      fault: fault.kind,
      atMs: Math.round(performance.now() - startedAt),
      unanswered: clients.unanswered,
      onTheWay: Math.max(0, clients.accepted - sent),
      unread: readers.reduce((sum, { unread }) => sum + unread, 0),
    });
  }
}

/** Looks often, so that a fault comes at its moment. Resolves in any case after `mostMs`. */
async function when(holds: () => boolean, mostMs = Infinity): Promise<void> {
  const end = performance.now() + mostMs;
  while (!holds() && performance.now() < end) await wait(5);
}

/** Processor time of this process and of those that it started and that have ended, in seconds (Linux; otherwise only its own). */
function cpuSeconds(): number {
  const TICKS_PER_SECOND = 100;
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }
}
