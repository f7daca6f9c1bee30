/** The command as people run it, in processes of its own, each with the environment of one test. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { jsonOf, type Result } from './cli-result.ts';

const COMMAND = fileURLToPath(new URL('../../../bridge/bin/wabridge.mjs', import.meta.url));

/** Nothing of the tests' own environment but where programs are, and what lets commands load faster. */
export const CLEAN_ENVIRONMENT: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ['PATH', 'PATH'],
    ['NODE_COMPILE_CACHE', 'NODE_COMPILE_CACHE'],
    ['NODE_OPTIONS', 'TEST_NODE_OPTIONS'],
  ].flatMap(([name = '', from = '']) => {
    const value = process.env[from];
    return value === undefined ? [] : [[name, value]];
  }),
);

export interface Started {
  readonly child: ChildProcess;
  readonly done: Promise<Result>;
  readonly output: () => { out: string; err: string };
}

interface Options {
  /** Run as somebody else; only root can. */
  readonly uid?: number;
  readonly gid?: number;
  /** A command line that ends by executing the one that follows it. */
  readonly wrap?: readonly string[];
}

/** Runs the command under a umask (octal). */
export const withUmask = (umask: string): Options => ({ wrap: ['/bin/sh', '-c', `umask ${umask}; exec "$@"`, 'sh'] });

export class CliProcesses {
  readonly #cwd: string;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #options: Options;

  constructor(cwd: string, environment: Readonly<Record<string, string>>, options: Options = {}) {
    this.#cwd = cwd;
    this.#environment = { ...CLEAN_ENVIRONMENT, ...environment };
    this.#options = options;
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Started {
    const { wrap = [], ...as } = this.#options;
    const [program = '', ...rest] = [...wrap, process.execPath, COMMAND, ...args];
    const child = spawn(program, rest, { env: { ...this.#environment, ...env }, cwd: this.#cwd, ...as });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const done = new Promise<Result>((resolve) => child.once('close', (code) => resolve({ code, out, err })));
    return { child, done, output: () => ({ out, err }) };
  }

  run(...args: string[]): Promise<Result> {
    return this.start(args).done;
  }

  /** Runs a command that has to succeed without a word on stderr, and parses what it prints. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async json(...args: string[]): Promise<any> {
    return jsonOf(await this.run(...args, '--json'));
  }

  /** A bridge that listens. */
  async startBridge(env: Readonly<Record<string, string>> = {}): Promise<Started> {
    const started = this.start(['start'], env);
    const deadline = Date.now() + 100_000;
    while (!started.output().out.includes('listens on')) {
      if (Date.now() > deadline || started.child.exitCode !== null)
        throw new Error(`no bridge: ${started.output().err}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return started;
  }
}

/** Asks a bridge to stop, as a supervisor does. */
export async function stopped({ child, done }: Started): Promise<Result> {
  child.kill('SIGTERM');
  return done;
}
