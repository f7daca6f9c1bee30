/**
 * A real n8n in processes of its own, with the packed pack, a credential and published workflows, driven without a
 * person. The end-to-end tests, `npm start` and the benchmark use it.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
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

export interface N8nOptions {
  /** Holds everything of this n8n (database, pack, logs); a second start over the same folder goes on with it. */
  readonly folder: string;
  /** Ports for n8n and for its task runners. */
  readonly port: number;
  readonly brokerPort: number;
  /** Who may log in; an owner with a random password unless given. */
  readonly owner?: Owner;
  /** `legacy` is two to four times as fast as n8n's default `vm`. */
  readonly expressionEngine?: 'legacy' | 'vm';
  /** The node types that n8n loads, which saves a third of its start; all that it has unless given. */
  readonly nodeTypes?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
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
  readonly #browserId = randomUUID();
  #child: ChildProcess | undefined;
  #cookie = '';
  /** What n8n wrote, for the message of a failing test. */
  output = '';

  constructor(options: N8nOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.owner = options.owner ?? newOwner();
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
        env: this.#environment(),
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
      env: this.#environment(),
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
      if ((await this.#isReady()) && (await this.#login())) return;
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
  async rest<Answer>(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(`${this.url}/rest${path}`, {
      method,
      headers: {
        cookie: this.#cookie,
        'browser-id': this.#browserId,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`n8n answered ${method} ${path} with ${response.status}: ${text.slice(0, 2_000)}`);
    return (JSON.parse(text) as { data: Answer }).data;
  }

  #signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The group has ended already.
    }
  }

  async #isReady(): Promise<boolean> {
    return await fetch(`${this.url}/healthz/readiness`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** The API may be mounted a moment after n8n calls itself ready. */
  async #login(): Promise<boolean> {
    const { email, password } = this.owner;
    const response = await fetch(`${this.url}/rest/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'browser-id': this.#browserId },
      body: JSON.stringify({ emailOrLdapLoginId: email, password }),
    }).catch(() => null);
    const cookie =
      response?.ok === true ? response.headers.getSetCookie().find((line) => line.startsWith('n8n-auth=')) : undefined;
    await response?.body?.cancel();
    if (cookie === undefined) return false;
    this.#cookie = cookie.split(';')[0] ?? '';
    return true;
  }

  #environment(): NodeJS.ProcessEnv {
    const { port, brokerPort, expressionEngine, nodeTypes, env } = this.#options;
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^(N8N_|DB_|npm_|NODE_ENV$|NODE_OPTIONS$|JEST_|WABRIDGE_)/.test(name),
      ),
    );
    return {
      ...inherited,
      PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
      N8N_USER_FOLDER: this.folder,
      N8N_LISTEN_ADDRESS: '127.0.0.1',
      N8N_HOST: '127.0.0.1',
      N8N_PORT: String(port),
      N8N_RUNNERS_BROKER_PORT: String(brokerPort),
      N8N_SECURE_COOKIE: 'false',
      N8N_LOG_LEVEL: 'info',
      DB_TYPE: 'sqlite',
      // Nothing leaves this machine.
      N8N_DIAGNOSTICS_ENABLED: 'false',
      N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
      N8N_DYNAMIC_BANNERS_ENABLED: 'false',
      N8N_TEMPLATES_ENABLED: 'false',
      N8N_VERIFIED_PACKAGES_ENABLED: 'false',
      N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
      N8N_DISABLED_MODULES: 'mcp-registry,mcp,chat-hub,instance-ai,agents,workflow-builder',
      ...(expressionEngine === undefined ? {} : { N8N_EXPRESSION_ENGINE: expressionEngine }),
      ...(nodeTypes === undefined ? {} : { NODES_INCLUDE: JSON.stringify(nodeTypes) }),
      N8N_INSTANCE_OWNER_MANAGED_BY_ENV: 'true',
      N8N_INSTANCE_OWNER_EMAIL: this.owner.email,
      N8N_INSTANCE_OWNER_FIRST_NAME: 'Local',
      N8N_INSTANCE_OWNER_LAST_NAME: 'Owner',
      N8N_INSTANCE_OWNER_PASSWORD_HASH: this.owner.passwordHash,
      ...env,
    };
  }
}
