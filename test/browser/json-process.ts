/** A process that says what happens in it by lines of JSON on its output, and takes lines on its input. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { removeBrowserLock } from '../../bridge/src/engine/webjs/browser/browser-lock.ts';
import { browserTree, endAll } from './processes.ts';

const TIMEOUT_MS = 60_000;

/** Another user of this machine. */
export interface Stranger {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  /** A Node that this user may run. */
  readonly node: string;
}

export class JsonProcess<Line> {
  readonly lines: Line[] = [];
  /** The exit code; null where a signal ended the process. */
  readonly exited: Promise<number | null>;
  /** What it wrote to its error output, as Node does when it dies of a rejection. */
  lastWords = '';
  readonly #process: ChildProcess;
  readonly #profileFolder: string;
  readonly #waiting = new Set<() => void>();
  #ended = false;

  /**
   * @param profileFolder where the browsers of the process have their profiles: they end with `end`
   * @param as            who it is, unless the user who runs the tests
   */
  constructor(script: URL, args: readonly string[], profileFolder: string, as?: Stranger) {
    this.#profileFolder = profileFolder;
    this.#process = spawn(
      as?.node ?? process.execPath,
      ['--disable-warning=ExperimentalWarning', fileURLToPath(script), ...args],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: {
          ...process.env,
          // Not jest's own; and a stranger may not be able to read what ours name.
          NODE_OPTIONS: as ? '' : (process.env['TEST_NODE_OPTIONS'] ?? ''),
          ...(as && { HOME: as.home }),
        },
        ...(as && { uid: as.uid, gid: as.gid, cwd: as.home }),
      },
    );
    this.#process.stderr?.on('data', (chunk: Buffer) => (this.lastWords += chunk.toString()));
    // Whoever writes to a process that has just died learns it from its end.
    this.#process.stdin?.on('error', () => undefined);
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      if (!line.startsWith('{')) return;
      this.lines.push(JSON.parse(line) as Line);
      this.#look();
    });
    this.exited = new Promise((resolve) => {
      this.#process.once('close', (code) => {
        this.#ended = true;
        resolve(code);
        this.#look();
      });
    });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  get isAlive(): boolean {
    return !this.#ended;
  }

  say(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Waits until `find` returns something; looks again after each line. @throws Error when the process ends meanwhile */
  until<Found>(what: string, find: (lines: readonly Line[]) => Found | undefined): Promise<Found> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      const fail = (why: string): void => {
        done();
        reject(new Error(`${why} ${what}; heard ${JSON.stringify(this.lines.slice(-20))} ${this.lastWords}`));
      };
      const look = (): void => {
        const found = find(this.lines);
        if (found === undefined) return this.#ended ? fail('the process ended before') : undefined;
        done();
        resolve(found);
      };
      const timer = setTimeout(() => fail('waited too long for'), TIMEOUT_MS);
      this.#waiting.add(look);
      look();
    });
  }

  /** Ends the process and whatever browser is left of it, also of a process that died before. */
  async end(): Promise<void> {
    const { pids } = await browserTree(this.#profileFolder);
    this.#process.kill('SIGKILL');
    await this.exited;
    await endAll([...new Set([...pids, ...(await browserTree(this.#profileFolder)).pids])]);
    await removeBrowserLock(join(this.#profileFolder, 'session'));
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}
