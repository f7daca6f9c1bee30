/**
 * A real n8n in processes of its own, with the packed pack, a credential and published workflows, driven without a
 * person. The end-to-end tests, `npm start` and the benchmark use it.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { N8nApi } from './n8n-api.ts';
import { environmentOf, type N8nSettings } from './n8n-environment.ts';
import { N8N, newOwner, type Owner } from './n8n-owner.ts';
import { installPack } from './pack.ts';

const run = promisify(execFile);
const START_DEADLINE_MS = 180_000;
const STOP_DEADLINE_MS = 40_000;

export interface Credential {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A workflow as n8n exports it. */
export interface WorkflowFile {
  readonly id: string;
  readonly name: string;
  readonly nodes: readonly object[];
  readonly connections: object;
  readonly settings?: object;
}

export interface Execution {
  readonly id: string;
  readonly workflowId: string;
  readonly status: 'canceled' | 'crashed' | 'error' | 'new' | 'running' | 'success' | 'unknown' | 'waiting';
  readonly mode: string;
  readonly startedAt: string;
  readonly stoppedAt: string | null;
}

export interface N8nOptions extends N8nSettings {
  /** Who may log in; an owner with a random password unless given. */
  readonly owner?: Owner;
  /** A folder that `makeTemplate` filled, to begin with instead of an empty one: saves creating the database. */
  readonly template?: string | undefined;
  /** Gets what n8n writes. */
  readonly onOutput?: (chunk: Buffer) => void;
  /** Ends commands of n8n that are under way. */
  readonly signal?: AbortSignal;
}

/** The credential that the action node and the trigger use. */
export const bridgeCredential = (baseUrl: string, signingKey: string, id = 'wabridge-local'): Credential => ({
  id,
  name: 'wabridge',
  type: 'waBridgeApi',
  data: { baseUrl, privateKey: signingKey },
});

export class N8nServer {
  readonly folder: string;
  readonly owner: Owner;
  readonly #options: N8nOptions;
  readonly #api: N8nApi;
  #child: ChildProcess | undefined;
  /** What n8n wrote, for the message of a failing test. */
  output = '';

  constructor(options: N8nOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.owner = options.owner ?? newOwner();
    this.#api = new N8nApi(this.url, this.owner);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#options.port}`;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('n8n is not running');
    return this.#child.pid;
  }

  /**
   * Puts pack, credentials and workflows in place, before a start. Workflows keep the ids of their files and are
   * published; what has the id of an earlier one replaces it.
   */
  async prepare(content: {
    readonly credentials: readonly Credential[];
    readonly workflows: readonly WorkflowFile[];
  }): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    const { template } = this.#options;
    if (template !== undefined && !existsSync(join(this.folder, '.n8n')))
      await cp(template, this.folder, { recursive: true });
    else await installPack(join(this.folder, '.n8n', 'nodes', 'node_modules'));
    const input = join(this.folder, 'import');
    await mkdir(input, { recursive: true });
    // One after the other: each opens the database, the first one creates it.
    if (content.credentials.length > 0) {
      const file = join(input, 'credentials.json');
      try {
        await writeFile(file, JSON.stringify(content.credentials), { mode: 0o600 });
        await this.cli('import:credentials', `--input=${file}`);
      } finally {
        await rm(file, { force: true });
      }
    }
    if (content.workflows.length > 0) {
      const file = join(input, 'workflows.json');
      const workflows = content.workflows.map((workflow) => ({ settings: {}, ...workflow, active: false }));
      await writeFile(file, JSON.stringify(workflows));
      await this.cli('import:workflow', `--input=${file}`);
    }
    for (const { id } of content.workflows) await this.cli('publish:workflow', `--id=${id}`);
  }

  /**
   * Adds credentials and published workflows to an n8n that is running, as its editor would. Workflows keep their ids;
   * n8n gives the credentials new ones, and the workflows follow.
   *
   * @returns the new ids of the credentials, by those that they had
   */
  async add(content: {
    readonly credentials: readonly Credential[];
    readonly workflows: readonly WorkflowFile[];
  }): Promise<ReadonlyMap<string, string>> {
    const ids = new Map<string, string>();
    let workflows = JSON.stringify(content.workflows);
    for (const { id, name, type, data } of content.credentials) {
      const created = await this.rest<{ id: string }>('POST', '/credentials', { name, type, data });
      ids.set(id, created.id);
      workflows = workflows.replaceAll(JSON.stringify({ id, name }), JSON.stringify({ id: created.id, name }));
    }
    for (const workflow of JSON.parse(workflows) as WorkflowFile[]) {
      const { versionId } = await this.rest<{ versionId: string }>('POST', '/workflows', { settings: {}, ...workflow });
      await this.rest('POST', `/workflows/${workflow.id}/activate`, { versionId });
    }
    return ids;
  }

  /** Fills the folder with what every n8n begins with, the pack and an empty database, for others to copy. */
  async makeTemplate(): Promise<void> {
    await this.prepare({ credentials: [], workflows: [] });
    // Any command creates the database.
    await this.cli('list:workflow');
  }

  /** Runs one of n8n's own commands over this folder. @returns what it printed */
  async cli(...args: readonly string[]): Promise<string> {
    try {
      const { stdout } = await run(process.execPath, [N8N, ...args], {
        env: environmentOf(this.#options, this.owner),
        cwd: this.folder,
        maxBuffer: 64 * 1024 * 1024,
        ...(this.#options.signal === undefined ? {} : { signal: this.#options.signal }),
      });
      return stdout;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`n8n ${args[0] ?? ''} failed:\n${stdout}\n${stderr}`, { cause: error });
    }
  }

  /** Starts n8n and waits until its API answers. */
  async start(): Promise<void> {
    // A group of its own, so that a kill takes the task runner with it.
    const child = spawn(process.execPath, [N8N, 'start'], {
      env: environmentOf(this.#options, this.owner),
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#child = child;
    const keep = (chunk: Buffer): void => {
      this.output = (this.output + chunk.toString()).slice(-40_000);
      this.#options.onOutput?.(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const killGroup = (): void => this.#signalGroup(child, 'SIGKILL');
    process.on('exit', killGroup);
    const closed = new Promise((resolve) => child.once('close', resolve));
    void closed.then(() => process.off('exit', killGroup));
    const deadline = Date.now() + START_DEADLINE_MS;
    for (;;) {
      if (child.exitCode !== null || child.signalCode !== null) {
        await closed;
        throw new Error(`n8n ended with ${child.exitCode ?? child.signalCode}:\n${this.output}`);
      }
      if ((await this.#api.isReady()) && (await this.#api.logIn())) return;
      if (Date.now() > deadline) {
        await this.kill();
        throw new Error(`n8n did not answer in time:\n${this.output}`);
      }
      await sleep(100);
    }
  }

  /** Resolves when the running n8n has ended, whoever ended it, with its exit code (null after a signal). */
  async untilEnded(): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    // A task runner that outlived n8n would hold the port of the next one.
    this.#signalGroup(child, 'SIGKILL');
    return code;
  }

  /** SIGTERM: n8n closes its triggers and lets executions end. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill('SIGTERM');
    const deadline = new AbortController();
    await Promise.race([ended, sleep(STOP_DEADLINE_MS, undefined, { signal: deadline.signal }).catch(() => undefined)]);
    deadline.abort();
    this.#signalGroup(child, 'SIGKILL');
    await ended;
    this.#child = undefined;
  }

  /** SIGKILL for n8n and its task runner: no chance to tidy up. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
    this.#signalGroup(child, 'SIGKILL');
    await ended;
    this.#child = undefined;
  }

  /** Resolves once the published version of a workflow runs, its triggers included. */
  async untilPublished(workflowId: string, deadlineMs = 60_000): Promise<void> {
    const deadline = Date.now() + deadlineMs;
    let last: unknown;
    while (Date.now() < deadline) {
      last = await this.rest('GET', `/workflows/${workflowId}/publication-status`).catch((error: unknown) =>
        String(error),
      );
      if (JSON.stringify(last).includes('"published"')) return;
      await sleep(100);
    }
    throw new Error(`workflow ${workflowId} was not published in time: ${JSON.stringify(last)}\n${this.output}`);
  }

  /** Executions of a workflow, newest first. */
  async executions(
    workflowId: string,
    options: { readonly status?: readonly string[]; readonly limit?: number } = {},
  ): Promise<readonly Execution[]> {
    const filter = JSON.stringify({ workflowId, ...(options.status === undefined ? {} : { status: options.status }) });
    const answer = await this.rest<{ results: Execution[] }>(
      'GET',
      `/executions?limit=${options.limit ?? 50}&filter=${encodeURIComponent(filter)}`,
    );
    return answer.results;
  }

  /** Executions of a workflow, once there are so many and none of them is under way any more. */
  async untilIdle(
    workflowId: string,
    { atLeast = 0, deadlineMs = 60_000 }: { readonly atLeast?: number; readonly deadlineMs?: number } = {},
  ): Promise<readonly Execution[]> {
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      const executions = await this.executions(workflowId, { limit: 100 });
      const isOver = executions.every(({ status }) => status !== 'new' && status !== 'running');
      if (isOver && executions.length >= atLeast) return executions;
      if (Date.now() > deadline)
        throw new Error(
          `executions of workflow ${workflowId} do not begin or do not end: ${JSON.stringify(executions.map(({ id, status }) => ({ id, status })))}`,
        );
      await sleep(100);
    }
  }

  /** One execution with its data (in n8n's flattened form). */
  async execution(id: string): Promise<Execution & { readonly data: string }> {
    return await this.rest('GET', `/executions/${id}`);
  }

  /** A call of n8n's internal API as the owner. @returns the `data` of its answer */
  rest<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    return this.#api.rest(method, path, body);
  }

  #signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has ended already.
    }
  }
}
