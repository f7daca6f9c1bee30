/**
 * The n8n of `npm start`: real, on loopback, in a folder below the bridge's data. Owner, credential and workflow are made
 * once and remembered beside it; later starts change nothing that the user may have changed since.
 */
import { createWriteStream, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseSecret } from '../bridge/src/auth/secret.ts';
import { N8N_SCOPES } from '../bridge/src/contract/scopes.ts';
import { freePort } from '../test/e2e/bridge-process.ts';
import { newOwner, type Owner } from '../test/e2e/n8n-owner.ts';
import { bridgeCredential, N8nServer, type Credential, type WorkflowFile } from '../test/e2e/n8n-server.ts';
import type { LocalBridge } from './local-bridge.ts';
import { root, say } from './tasks.ts';

const CONNECT_DEADLINE_MS = 60_000;

/** What was set up in this n8n. */
interface SetUp {
  /** The key in n8n's credential; `imported` is false where a start was cut off in between. */
  readonly credential?:
    | {
        readonly keyId: string;
        readonly baseUrl: string;
        readonly imported: boolean;
        /** What n8n calls the credential, unless it has the id of the example. */
        readonly id?: string | undefined;
      }
    | undefined;
  /** Ids of the workflows that were imported. */
  readonly workflows?: readonly string[];
}

interface Key {
  readonly keyId: string;
  readonly revokedAt: string | null;
}

export interface LocalN8n {
  readonly url: string;
  readonly workflowUrl: string;
  readonly owner: Owner;
  readonly logFile: string;
  /** Null, or why no workflow answers. */
  readonly note: string | null;
}

export interface LocalN8nOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly bridge: Pick<LocalBridge, 'url' | 'firstKey' | 'client'>;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
  /** Called once there is something to stop. */
  readonly onServer: (server: N8nServer) => void;
}

/** Starts n8n, and resolves when the example workflow is published and its trigger is connected. */
export async function startLocalN8n(options: LocalN8nOptions): Promise<LocalN8n> {
  const { dataDir, port, bridge, signal } = options;
  const folder = join(dataDir, 'n8n');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const owner = kept<Owner>(join(dataDir, 'n8n-owner.json'), newOwner);
  const logFile = join(folder, 'n8n.log');
  const log = createWriteStream(logFile, { mode: 0o600 });
  const server = new N8nServer({
    folder,
    port,
    brokerPort: await freePort(),
    owner,
    signal,
    onOutput: (chunk) => void log.write(chunk),
  });
  const workflow = JSON.parse(readFileSync(join(root, 'examples', 'answer-a-message.json'), 'utf8')) as WorkflowFile;
  const setUp = await SetUpFile.open(server, workflow, bridge);
  await setUp.beforeStart();
  signal.throwIfAborted();

  say('starting n8n …');
  options.onServer(server);
  await server.start();
  await setUp.afterStart();
  const note = await unpublished(server, workflow);
  if (note === null) {
    await server.untilPublished(workflow.id);
    await untilConnected(bridge, workflow.id, logFile);
  }
  return { url: server.url, workflowUrl: `${server.url}/workflow/${workflow.id}`, owner, logFile, note };
}

/** Gives n8n what it does not have yet, and notes it. A key that the bridge does not know (any more) is replaced. */
class SetUpFile {
  readonly #server: N8nServer;
  readonly #file: string;
  readonly #before: SetUp | null;
  /** Nothing is known of an earlier n8n, and nothing is there of one. */
  readonly #isNew: boolean;
  readonly #credentials: readonly Credential[];
  readonly #workflows: readonly WorkflowFile[];
  readonly #after: SetUp;

  private constructor(
    server: N8nServer,
    file: string,
    before: SetUp | null,
    secret: string | null,
    workflows: readonly WorkflowFile[],
    baseUrl: string,
  ) {
    this.#server = server;
    this.#file = file;
    this.#before = before;
    this.#isNew = before === null && !existsSync(join(server.folder, '.n8n'));
    this.#workflows = workflows;
    const id = before?.credential?.id;
    this.#credentials = secret === null ? [] : [bridgeCredential(baseUrl, secret, id)];
    this.#after = {
      credential:
        secret === null ? before?.credential : { keyId: parseSecret(secret)?.keyId ?? '', baseUrl, imported: true, id },
      workflows: [...(before?.workflows ?? []), ...workflows.map((each) => each.id)],
    };
  }

  static async open(server: N8nServer, workflow: WorkflowFile, bridge: LocalN8nOptions['bridge']): Promise<SetUpFile> {
    const file = join(server.folder, 'set-up.json');
    const before = read<SetUp>(file);
    const workflows = before?.workflows?.includes(workflow.id) ? [] : [workflow];
    const secret = await missingKey(bridge, before?.credential);
    return new SetUpFile(server, file, before, secret, workflows, bridge.url);
  }

  /** An n8n that was there before may have what is missing in an older form, which only an import replaces. */
  async beforeStart(): Promise<void> {
    // Noted before, so that a start that is cut off does not leave a key behind that nobody holds.
    const { credential } = this.#after;
    if (this.#credentials.length > 0 && credential)
      write(this.#file, { ...this.#before, credential: { ...credential, imported: false } });
    if (this.#isNew) return await this.#server.prepare({ credentials: [], workflows: [] });
    if (this.#credentials.length > 0 || this.#workflows.length > 0)
      say('setting up n8n: credential and workflow (half a minute, once) …');
    await this.#server.prepare({ credentials: this.#credentials, workflows: this.#workflows });
    write(this.#file, this.#after);
  }

  /** A new n8n gets everything once it runs: each import would be a start of its own. */
  async afterStart(): Promise<void> {
    if (!this.#isNew) return;
    say('setting up n8n: credential and workflow, once …');
    const ids = await this.#server.add({ credentials: this.#credentials, workflows: this.#workflows });
    const { credential } = this.#after;
    const id = this.#credentials.map((each) => ids.get(each.id))[0];
    write(this.#file, { ...this.#after, ...(credential && { credential: { ...credential, id } }) });
  }
}

/** Null where n8n has a key that works; else a new one, and the old one is revoked. */
async function missingKey(
  { url, firstKey, client }: LocalN8nOptions['bridge'],
  held: SetUp['credential'],
): Promise<string | null> {
  const { keys } = await client.request<{ keys: Key[] }>('GET', '/v1/keys');
  const known = keys.some(({ keyId, revokedAt }) => keyId === held?.keyId && revokedAt === null);
  if (known && held?.imported === true && held.baseUrl === url) return null;
  if (known) await client.request('DELETE', `/v1/keys/${held?.keyId}`);
  if (firstKey !== null) return firstKey;
  const body = { name: 'n8n', scopes: [...N8N_SCOPES] };
  return (await client.request<{ secret: string }>('POST', '/v1/keys', { body })).secret;
}

/** Why the workflow does not run, where the user took it out of service. */
async function unpublished(server: N8nServer, { id, name }: WorkflowFile): Promise<string | null> {
  const workflows = await server.rest<{ id: string; active: boolean }[]>('GET', '/workflows');
  const workflow = workflows.find((each) => each.id === id);
  if (workflow === undefined) return `The workflow "${name}" was deleted in n8n, so nothing replies.`;
  return workflow.active
    ? null
    : `The workflow "${name}" is not published in n8n, so nothing replies. Publish it there.`;
}

async function untilConnected(
  { client }: LocalN8nOptions['bridge'],
  workflowId: string,
  logFile: string,
): Promise<void> {
  const deadline = Date.now() + CONNECT_DEADLINE_MS;
  for (;;) {
    const { subscriptions } = await client.request<{ subscriptions: { name: string; connected: boolean }[] }>(
      'GET',
      '/v1/subscriptions',
    );
    if (subscriptions.some(({ name, connected }) => connected && name.includes(workflowId))) return;
    if (Date.now() > deadline)
      throw new Error(`the workflow's trigger did not connect to the bridge; ${logFile} says why`);
    await sleep(100);
  }
}

/** What a file holds, made and written where it is missing. */
function kept<Value extends object>(file: string, make: () => Value): Value {
  const known = read<Value>(file);
  if (known !== null) return known;
  const value = make();
  write(file, value);
  return value;
}

function read<Value>(file: string): Value | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Value;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(`${file} cannot be read (${(error as Error).message}). Delete it and start again.`);
  }
}

/** Complete or not at all, and readable by its owner alone. */
function write(file: string, value: object): void {
  writeFileSync(`${file}.new`, JSON.stringify(value, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
