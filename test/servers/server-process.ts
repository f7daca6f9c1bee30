/**
 * A real server for tests: a process of this machine on a free port of loopback, with its data in a temporary folder. A
 * test can kill it, hold it still and start it again over the same data. `postgres.ts` and `redis.ts` say how theirs start.
 * `npm start -- --scale` uses it with folders that stay.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endAll, isHeld, isRunning, processTree } from '../browser/processes.ts';
import { freePort } from '../e2e/bridge-process.ts';
import { until } from '../until.ts';

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 20_000;
const PORT_TRIES = 5;
const SETPRIV = '/usr/bin/setpriv';

/** How a server is started. */
export interface ServerDefinition {
  /** For errors, such as `PostgreSQL`. */
  readonly name: string;
  readonly program: string;
  readonly argumentsFor: (port: number, folder: string) => readonly string[];
  readonly urlOf: (port: number) => string;
  /** What it writes once it takes connections. */
  readonly ready: RegExp;
  /** Ends it gracefully, although clients are connected. */
  readonly stopSignal: NodeJS.Signals;
  /** Who it runs as where this process is root, which some servers refuse to be. */
  readonly user?: string;
  /** Fills its folder, or finds it filled, before the first start. @param run runs a program as the server's user */
  readonly prepare?: (
    folder: string,
    run: (program: string, args: readonly string[]) => Promise<void>,
  ) => Promise<void>;
}

export class ServerProcess {
  readonly #definition: ServerDefinition;
  readonly #folder: string;
  readonly #keeps: boolean;
  #port = 0;
  #child: ChildProcess | null = null;
  #output = '';
  /** What is left where this process ends without stopping it. */
  readonly #onExit = (): void => {
    this.#child?.kill('SIGKILL');
    if (!this.#keeps) rmSync(this.#folder, { recursive: true, force: true });
  };

  private constructor(definition: ServerDefinition, folder: string, keeps: boolean) {
    this.#definition = definition;
    this.#folder = folder;
    this.#keeps = keeps;
  }

  /**
   * Starts a server and waits until it takes connections.
   *
   * @param keptIn a folder that is made if it is missing, and stays; without it, a temporary one
   * @throws Error with what it wrote, where it does not
   */
  static async start(definition: ServerDefinition, keptIn?: string): Promise<ServerProcess> {
    const folder = keptIn ?? (await mkdtemp(join(tmpdir(), `wabridge-${definition.name.toLowerCase()}-`)));
    if (keptIn !== undefined) await mkdir(keptIn, { recursive: true, mode: 0o700 });
    const server = new ServerProcess(definition, folder, keptIn !== undefined);
    process.once('exit', server.#onExit);
    try {
      const ids = definition.user === undefined ? null : idsOf(definition.user);
      if (isRoot() && ids) await chown(folder, ids.uid, ids.gid);
      await definition.prepare?.(folder, (program, args) => server.#run(program, args));
      for (let tries = 1; ; tries += 1) {
        server.#port = await freePort();
        try {
          await server.restart();
          return server;
        } catch (error) {
          // Somebody else took the port meanwhile.
          if (tries === PORT_TRIES || !/in use/i.test(server.#output)) throw error;
        }
      }
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get url(): string {
    return this.#definition.urlOf(this.#port);
  }

  get port(): number {
    return this.#port;
  }

  /** @throws Error while it does not run */
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`${this.#definition.name} is not running`);
    return this.#child.pid;
  }

  /** SIGKILL for it and everything that it started. Its data stay, and `restart` goes on with them. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const ended = once(child, 'close');
    await endAll(await this.#tree());
    await ended;
  }

  /** It holds still (SIGSTOP): connections stay open, and nothing is answered. Resolves once all of it does. */
  async pause(): Promise<void> {
    await this.#signal('SIGSTOP');
    const tree = await this.#tree();
    await until(`${this.#definition.name} to hold still`, () => tree.every((pid) => isHeld(pid) || !isRunning(pid)));
  }

  async resume(): Promise<void> {
    await this.#signal('SIGCONT');
  }

  /** Starts it after it was killed: on the same port, over the same data. */
  async restart(): Promise<void> {
    const { name, program, argumentsFor, ready } = this.#definition;
    this.#output = '';
    const child = this.#spawn(program, argumentsFor(this.#port, this.#folder));
    this.#child = child;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const fail = (what: string): void => reject(new Error(`${name} ${what}:\n${this.#output}`));
        timer = setTimeout(() => fail(`did not start within ${START_DEADLINE_MS} ms`), START_DEADLINE_MS);
        child.once('error', reject).once('close', () => fail('ended at its start'));
        const look = (chunk: Buffer): void => {
          this.#output = (this.#output + chunk.toString()).slice(-10_000);
          if (ready.test(this.#output)) resolve();
        };
        child.stdout?.on('data', look);
        child.stderr?.on('data', look);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it, killing it where it does not end by itself, and removes its data unless they are kept. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child) {
      const ended = once(child, 'close');
      await this.resume();
      child.kill(this.#definition.stopSignal);
      const timer = setTimeout(() => void this.kill(), STOP_DEADLINE_MS);
      await ended.finally(() => clearTimeout(timer));
    }
    process.off('exit', this.#onExit);
    if (!this.#keeps) await rm(this.#folder, { recursive: true, force: true });
  }

  async #signal(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    for (const pid of await this.#tree()) {
      try {
        process.kill(pid, signal);
      } catch (error) {
        // Processes of a server come and go.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }

  async #tree(): Promise<number[]> {
    return this.#child?.pid === undefined ? [] : processTree(this.#child.pid, this.#folder);
  }

  async #run(program: string, args: readonly string[]): Promise<void> {
    const child = this.#spawn(program, args);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += String(chunk)));
    const [code] = (await once(child, 'close')) as [number | null];
    this.#child = null;
    if (code !== 0) throw new Error(`${program} ended with ${code}:\n${output}`);
  }

  #spawn(program: string, args: readonly string[]): ChildProcess {
    const { user, stopSignal } = this.#definition;
    const as = isRoot() && user !== undefined ? [`--reuid=${user}`, `--regid=${user}`, '--init-groups'] : [];
    // Where this process is killed, nobody is left to end it: the kernel does.
    const wrapped = existsSync(SETPRIV)
      ? [SETPRIV, ...as, `--pdeathsig=${stopSignal.slice('SIG'.length)}`, '--', program, ...args]
      : [program, ...args];
    const child = spawn(wrapped[0]!, wrapped.slice(1), {
      cwd: this.#folder,
      env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
      // The terminal's Ctrl-C reaches it through this process, which ends what uses it first.
      detached: true,
    });
    child.once('close', () => {
      if (this.#child === child) this.#child = null;
    });
    return child;
  }
}

const isRoot = (): boolean => process.getuid?.() === 0;

/** @throws Error if this machine does not know the user */
function idsOf(user: string): { uid: number; gid: number } {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${user}:`));
  if (line === undefined) throw new Error(`this machine has no user ${user}`);
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}
