/**
 * `npm start` as a new user meets it: started for real, asked with the very command that the README names, started
 * again, and stopped without leaving anything behind.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { freePort } from './bridge-process.ts';

jest.setTimeout(400_000);

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const WABRIDGE = join(ROOT, 'bridge', 'bin', 'wabridge.mjs');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const START_DEADLINE_MS = 300_000;
const LEFT_DEADLINE_MS = 30_000;
const run = promisify(execFile);

/** Where npm's program is: `npm test` says so, and without it the bootstrap would install packages below this test. */
function npmProgram(): string {
  const stated = process.env['WABRIDGE_NPM'];
  if (stated !== undefined) return stated;
  const found = (process.env['PATH'] ?? '').split(delimiter).find((folder) => existsSync(join(folder, 'npm')));
  if (found === undefined) throw new Error('npm is not in the PATH');
  return realpathSync(join(found, 'npm'));
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** Everything that a process started, and what that started. */
async function descendantsOf(pid: number): Promise<readonly Process[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=,args=']);
  const all = stdout.split('\n').flatMap((line): Process[] => {
    const [, id, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return id === undefined ? [] : [{ pid: Number(id), parent: Number(parent), command: command ?? '' }];
  });
  const below = (parent: number): Process[] =>
    all.filter((each) => each.parent === parent).flatMap((each) => [each, ...below(each.pid)]);
  return below(pid);
}

const lives = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** What still lives a while later: npm does not wait for what it started. */
async function leftOf(processes: readonly Process[]): Promise<readonly Process[]> {
  const deadline = Date.now() + LEFT_DEADLINE_MS;
  for (;;) {
    const left = processes.filter(({ pid }) => lives(pid));
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(50);
  }
}

/** One run of `npm start`. */
class Start {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  output = '';

  /** @param way by npm, as people do, or without, where an exit code is looked at that npm would replace */
  constructor(env: NodeJS.ProcessEnv, args: readonly string[] = [], way: 'bootstrap' | 'npm' = 'bootstrap') {
    const program =
      way === 'npm'
        ? [npmProgram(), 'start', '--', ...args]
        : [join(ROOT, 'scripts', 'bootstrap.cjs'), 'start', ...args];
    this.#child = spawn(process.execPath, program, {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#ended = new Promise((resolve) => this.#child.once('close', resolve));
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  /** Resolves when it says that it is ready, with all its processes. */
  async ready(): Promise<readonly Process[]> {
    const deadline = Date.now() + START_DEADLINE_MS;
    while (!/Ready\.[^]*stop +Ctrl-C/.test(this.output)) {
      if (this.#child.exitCode !== null)
        throw new Error(`npm start ended with ${this.#child.exitCode}:\n${this.output}`);
      if (Date.now() > deadline) throw new Error(`npm start did not get ready in time:\n${this.output}`);
      await sleep(100);
    }
    return await descendantsOf(this.#child.pid ?? 0);
  }

  /** @returns the exit code */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return await this.#ended;
  }

  /** Resolves with the exit code when it ends by itself. */
  untilEnded(): Promise<number | null> {
    return this.#ended;
  }
}

let folder: string;
let env: NodeJS.ProcessEnv;
let started: Start | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-start-'));
  // The user of PostgreSQL has to get to its data.
  await chmod(folder, 0o711);
  env = {
    ...process.env,
    NODE_OPTIONS: '',
    WABRIDGE_NPM: npmProgram(),
    WABRIDGE_DATA_DIR: join(folder, 'data'),
    WABRIDGE_PORT: String(await freePort()),
    WABRIDGE_N8N_PORT: String(await freePort()),
    PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
  };
});
afterEach(async () => {
  await started?.end('SIGTERM');
  started = undefined;
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A command line of the README, run as it stands there. */
async function typed(line: string, environment = env): Promise<string> {
  const program = line.replace(/^npx wabridge\b/, `"${process.execPath}" "${WABRIDGE}"`);
  return (await run('sh', ['-c', program], { cwd: ROOT, env: environment })).stdout.trim();
}

const say = (): string => {
  const line = /^npx wabridge sandbox say .*$/m.exec(README)?.[0];
  if (line === undefined) throw new Error('the README names no `npx wabridge sandbox say`');
  return line;
};

describe('npm start', () => {
  test('gets the answer of a workflow in a real n8n, and SIGTERM ends all of it', async () => {
    started = new Start(env);
    const processes = await started.ready();
    expect(started.output).toContain('setting up n8n');
    // As the README has it, so that what is shown can be typed.
    expect(started.output).toContain(say());
    expect(await typed(say())).toBe('You wrote: hi');
    for (const part of ['scripts/start.ts', 'bridge/src/main.ts', 'n8n/bin/n8n start', 'task-runner'])
      expect(processes.map(({ command }) => command)).toContainEqual(expect.stringContaining(part));

    expect(await started.end('SIGTERM')).toBe(0);
    expect(await leftOf(processes)).toEqual([]);
    for (const file of ['n8n-owner.json', 'n8n/set-up.json', 'n8n/.n8n/config'])
      expect((await stat(join(folder, 'data', file))).mode & 0o077).toBe(0);
  });

  test('a second start sets nothing up again, answers, and ends with the bridge', async () => {
    started = new Start(env);
    const processes = await started.ready();
    expect(started.output).not.toContain('setting up n8n');
    expect(await typed(say())).toBe('You wrote: hi');
    const keys = JSON.parse(await typed('npx wabridge key list --json')) as { name: string }[];
    expect(keys.filter(({ name }) => name === 'n8n')).toHaveLength(1);

    process.kill(processes.find(({ command }) => command.includes('bridge/src/main.ts'))?.pid ?? 0, 'SIGKILL');
    expect(await started.untilEnded()).toBe(1);
    expect(await leftOf(processes)).toEqual([]);
  });

  test('--bridge-only leaves n8n out', async () => {
    const alone = { ...env, WABRIDGE_DATA_DIR: join(folder, 'alone') };
    started = new Start(alone, ['--bridge-only']);
    const processes = await started.ready();
    expect(await typed(say().replace(' --wait', ''), alone)).toContain('Said');
    expect(processes.map(({ command }) => command).filter((command) => /n8n\/bin|task-runner/.test(command))).toEqual(
      [],
    );
    expect(existsSync(join(folder, 'alone', 'n8n'))).toBe(false);
    expect(await started.end('SIGINT')).toBe(0);
    expect(await leftOf(processes)).toEqual([]);
  });

  test('--scale puts the bridge on PostgreSQL, Redis and S3, which keep what they have, and ends them', async () => {
    const scaled = { ...env, WABRIDGE_DATA_DIR: join(folder, 'scaled') };
    started = new Start(scaled, ['--bridge-only', '--scale']);
    const processes = await started.ready();
    const commands = processes.map(({ command }) => command);
    for (const part of ['postgres -D', 'redis-server', 's3.child.ts'])
      expect(commands).toContainEqual(expect.stringContaining(part));
    await typed('npx wabridge key issue --name second', scaled);
    const secrets = readFileSync(join(folder, 'scaled.servers', 'secrets.json'), 'utf8');
    const { postgres, redis } = JSON.parse(secrets) as Record<string, string>;
    for (const secret of [postgres, redis]) expect(`${commands.join()}${started.output}`).not.toContain(secret);
    expect(await started.end('SIGTERM')).toBe(0);
    expect(await leftOf(processes)).toEqual([]);
    expect(existsSync(join(folder, 'scaled', 'wabridge.db'))).toBe(false);

    started = new Start(scaled, ['--bridge-only', '--scale']);
    const again = await started.ready();
    const keys = JSON.parse(await typed('npx wabridge key list --json', scaled)) as { name: string }[];
    expect(keys.map(({ name }) => name)).toContain('second');
    expect(await started.end('SIGTERM')).toBe(0);
    expect(await leftOf(again)).toEqual([]);
  });

  test('a port that is taken is named, with what to do; npm takes everything with it', async () => {
    started = new Start({ ...env, WABRIDGE_DATA_DIR: join(folder, 'first') }, ['--bridge-only'], 'npm');
    const processes = await started.ready();
    const second = new Start({ ...env, WABRIDGE_DATA_DIR: join(folder, 'second') }, ['--bridge-only']);
    expect(await second.untilEnded()).toBe(1);
    expect(second.output).toContain(`port ${env['WABRIDGE_PORT']} is taken`);
    expect(second.output).toContain('WABRIDGE_PORT=');

    // npm ends at once and tells nobody.
    await started.end('SIGTERM');
    expect(await leftOf(processes)).toEqual([]);
  });
});
