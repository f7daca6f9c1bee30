/** A real bridge in a process of its own, that a test can kill and start again over the same data. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readOperatorKey } from '../../bridge/src/auth/operator-key.ts';
import { BridgeClient } from '../../bridge/src/cli/client.ts';

const SOURCE = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'bridge', 'src', 'main.ts');
/** What users run, if `npm test` has just built it; a file that is run by hand must not meet yesterday's build. */
const MAIN = process.env['TEST_BRIDGE_MAIN'] ?? SOURCE;
const START_DEADLINE_MS = 90_000;
const STOP_DEADLINE_MS = 30_000;

/** A port that was free a moment ago; a process that is killed and started again has to come back on the same one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

export class BridgeProcess {
  readonly dataDir: string;
  readonly port: number;
  readonly #env: Readonly<Record<string, string>>;
  readonly #main: string;
  #child: ChildProcess | undefined;
  /** What the process wrote, for the message of a failing test. */
  output = '';

  constructor(dataDir: string, port: number, env: Readonly<Record<string, string>> = {}, main = MAIN) {
    this.dataDir = dataDir;
    this.port = port;
    this.#env = env;
    this.#main = main;
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('the bridge is not running');
    return this.#child.pid;
  }

  /** A client that signs with the operator's key, as the CLI does. */
  get client(): BridgeClient {
    const secret = readOperatorKey(this.dataDir);
    if (!secret) throw new Error('the bridge has not made its operator key');
    return new BridgeClient({ baseUrl: this.url, secret });
  }

  /** Starts the process and waits until it answers. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [this.#main], {
      env: {
        ...process.env,
        NODE_OPTIONS: this.#main === SOURCE ? (process.env['TEST_NODE_OPTIONS'] ?? '') : '',
        WABRIDGE_DATA_DIR: this.dataDir,
        WABRIDGE_PORT: String(this.port),
        WABRIDGE_ENGINES: 'sandbox',
        WABRIDGE_SANDBOX_AUTO_LINK: 'true',
        WABRIDGE_LOG_LEVEL: 'warn',
        ...this.#env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    // Where this process ends without stopping it.
    const onExit = (): void => void child.kill('SIGKILL');
    process.once('exit', onExit);
    child.once('close', () => process.off('exit', onExit));
    const keep = (chunk: Buffer): void => {
      this.output = (this.output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const deadline = Date.now() + START_DEADLINE_MS;
    for (;;) {
      const end = child.exitCode ?? child.signalCode;
      if (end !== null) throw new Error(`the bridge ended with ${end}:\n${this.output}`);
      const alive = await fetch(`${this.url}/healthz`).then(
        (answer) => answer.ok,
        () => false,
      );
      if (alive) return;
      if (Date.now() > deadline) throw new Error(`the bridge did not answer in time:\n${this.output}`);
      await sleep(50);
    }
  }

  /** SIGKILL: no chance to tidy up. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** SIGTERM: a graceful stop. @returns the exit code; null if it did not run, or did not end by itself */
  stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return null;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill(signal);
    // One that does not end would leave its browsers behind.
    const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    await ended;
    clearTimeout(impatient);
    this.#child = undefined;
    return child.exitCode;
  }
}
