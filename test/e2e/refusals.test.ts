/**
 * What n8n shows when the bridge refuses it, or is not there: in the test of the credential, in a run of the action node
 * and at the trigger. A real n8n against a real bridge; the sentences are those of the error catalogue.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { WabError } from '../../bridge/src/contract/errors.ts';
import { N8N_SCOPES, type Scope } from '../../bridge/src/contract/scopes.ts';
import { BridgeProcess, freePort } from './bridge-process.ts';
import { issueKey, n8nIn } from './n8n-at-test.ts';
import { bridgeCredential, type N8nServer, type Credential, type Execution, type WorkflowFile } from './n8n-server.ts';

jest.setTimeout(240_000);

const CLOCK_AHEAD_S = 600;
/** Published, each with a credential of its own. */
const PUBLISHED = {
  revoked: 'refusalsRevoked1',
  unknown: 'refusalsUnknown1',
  unreachable: 'refusalsNobody01',
} as const;

let folder: string;
let bridge: BridgeProcess;
let n8n: N8nServer;
let mapped: MappedPort;
let unreachableUrl: string;
const keys = new Map<string, string>();
/** Each by the name of its key, with the id that n8n gave it. */
const credentials = new Map<string, Credential>();
/** Id of the workflow that is run by hand, with the credential that each test puts in. */
let byHandId: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-refusals-'));
  bridge = new BridgeProcess(join(folder, 'bridge'), await freePort());
  await bridge.start();
  await bridge.client.request('POST', '/v1/sessions', { body: { name: 'demo', engine: 'sandbox' } });
  mapped = await mapPort(bridge.port);
  unreachableUrl = `http://127.0.0.1:${await freePort()}`;

  const good = await issue('good', N8N_SCOPES);
  hold('good', bridge.url, good);
  hold('revoked', bridge.url, await issue('revoked', N8N_SCOPES));
  hold('idle', bridge.url, await issue('idle', ['sessions:manage']));
  hold('watching', bridge.url, await issue('watching', ['sessions:read', 'events:read']));
  hold('sending', bridge.url, await issue('sending', ['sessions:read', 'messages:send']));
  hold('unreachable', unreachableUrl, good);
  hold('mapped', mapped.url, good);
  // A key as this bridge could have made it, and did not.
  hold(
    'unknown',
    bridge.url,
    good.replace(/_([^_]{4})/, (_, start: string) => `_${[...start].reverse().join('')}`),
  );

  n8n = await n8nIn(join(folder, 'n8n'));
  await n8n.prepare({ credentials: [], workflows: [] });
  await n8n.start();
  const ids = await n8n.add({
    credentials: [...credentials.values()],
    workflows: Object.entries(PUBLISHED).map(([name, id]) => published(id, name)),
  });
  for (const [name, credential] of credentials) credentials.set(name, { ...credential, id: ids.get(name) as string });
  byHandId = (await n8n.rest<{ id: string }>('POST', '/workflows', byHand(idOf('good')))).id;
  await n8n.untilPublished(PUBLISHED.revoked);
});

afterAll(async () => {
  await n8n?.kill();
  await bridge?.stop();
  await mapped?.stop();
  await rm(folder, { recursive: true, force: true });
});

async function issue(name: string, scopes: readonly Scope[]): Promise<string> {
  const { keyId, secret } = await issueKey(bridge, name, scopes);
  keys.set(name, keyId);
  return secret;
}

const hold = (id: string, baseUrl: string, secret: string): void =>
  void credentials.set(id, bridgeCredential(baseUrl, secret, id));
const idOf = (name: string): string => credentials.get(name)?.id as string;

/** The bridge under a port that it knows nothing of, as Docker's port mapping gives it. */
interface MappedPort {
  readonly url: string;
  readonly authority: string;
  stop(): Promise<void>;
}

async function mapPort(to: number): Promise<MappedPort> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((inbound) => {
    const outbound = connect(to, '127.0.0.1');
    for (const socket of [inbound, outbound]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    inbound.pipe(outbound).pipe(inbound);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${authority}`,
    authority,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Start = 'Manual List' | 'Manual Send' | 'WaBridge Trigger';

/** Two ways to use the action node by hand, and a trigger to test. */
function byHand(credential: string): Omit<WorkflowFile, 'id'> {
  const manual = (name: Start) => ({
    id: name,
    name,
    type: 'n8n-nodes-base.manualTrigger',
    typeVersion: 1,
    position: [0, 0],
    parameters: {},
  });
  const use = {
    credentials: { waBridgeApi: { id: credential, name: 'wabridge' } },
    typeVersion: 1,
    position: [220, 0],
  };
  const to = (node: string): object => ({ main: [[{ node, type: 'main', index: 0 }]] });
  return {
    name: 'refusals: by hand',
    nodes: [
      manual('Manual List'),
      {
        id: 'list',
        name: 'List',
        type: 'n8n-nodes-wabridge.waBridge',
        ...use,
        parameters: { resource: 'session', operation: 'list' },
      },
      manual('Manual Send'),
      {
        id: 'send',
        name: 'Send',
        type: 'n8n-nodes-wabridge.waBridge',
        ...use,
        parameters: {
          resource: 'message',
          operation: 'sendText',
          session: { __rl: true, mode: 'name', value: 'demo' },
          chat: { __rl: true, mode: 'id', value: '4915112345678@s.whatsapp.net' },
          text: 'hello',
          options: {},
        },
      },
      triggerNode(credential),
    ],
    connections: { 'Manual List': to('List'), 'Manual Send': to('Send') },
    settings: { executionOrder: 'v1' },
  };
}

const triggerNode = (credential: string): object => ({
  id: 'trigger',
  name: 'WaBridge Trigger',
  type: 'n8n-nodes-wabridge.waBridgeTrigger',
  typeVersion: 1,
  position: [0, 220],
  parameters: {
    events: ['message.received'],
    sessionScope: 'all',
    acknowledge: 'finished',
    filters: {},
    options: {},
  },
  credentials: { waBridgeApi: { id: credential, name: 'wabridge' } },
});

const published = (id: string, credential: string): WorkflowFile => ({
  id,
  name: `refusals: ${credential}`,
  nodes: [triggerNode(credential)],
  connections: {},
  settings: { executionOrder: 'v1' },
});

/** What a person sees who presses "Test" in the credential. */
const credentialTest = async (id: string): Promise<{ status: string; message: string }> =>
  await n8n.rest('POST', '/credentials/test', { credentials: credentials.get(id)! });

/** Runs the workflow by hand from one of its triggers. @returns how it ended, and its data */
async function run(start: Start, credential: string): Promise<Execution & { readonly data: string }> {
  await n8n.rest('PATCH', `/workflows/${byHandId}`, byHand(idOf(credential)));
  const { executionId } = await n8n.rest<{ executionId: string }>('POST', `/workflows/${byHandId}/run`, {
    triggerToStartFrom: { name: start },
  });
  await n8n.untilIdle(byHandId, { deadlineMs: 30_000 });
  return await n8n.execution(executionId);
}

/** n8n tries a trigger that refuses to start some more times. @returns what it shows once it has given up */
async function untilPublicationFailed(workflowId: string, deadlineMs: number): Promise<string> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const { status, triggers } = await n8n.rest<{
      status: string;
      triggers: readonly { errorMessage: string | null }[];
    }>('GET', `/workflows/${workflowId}/publication-status`);
    if (status === 'failed') return triggers.map(({ errorMessage }) => errorMessage).join('\n');
    if (Date.now() > deadline) throw new Error(`the publication is ${status} and does not fail:\n${n8n.output}`);
    await sleep(200);
  }
}

async function untilSaid(text: string, deadlineMs: number): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!n8n.output.includes(text)) {
    if (Date.now() > deadline) throw new Error(`n8n did not say "${text}" in time:\n${n8n.output}`);
    await sleep(50);
  }
}

const sentence = (...args: ConstructorParameters<typeof WabError>): string => new WabError(...args).message;

describe('what n8n shows', () => {
  test('with a bridge that lets it in', async () => {
    expect(await credentialTest('good')).toEqual({ status: 'OK', message: 'Connection successful!' });
    expect(await run('Manual List', 'good')).toMatchObject({ status: 'success' });
  });

  test('where nobody listens', async () => {
    const text = `The bridge at ${unreachableUrl} cannot be reached: the connection was refused`;
    const tested = await credentialTest('unreachable');
    expect(tested.status).toBe('Error');
    expect(tested.message).toContain(text);
    const { status, data } = await run('Manual List', 'unreachable');
    expect(status).toBe('error');
    expect(data).toContain(text);
    expect((await run('WaBridge Trigger', 'unreachable')).data).toContain(text);
    // A published trigger goes on trying, since that heals by itself.
    await untilSaid(`not connected: ${text}`, 30_000);
    await n8n.untilPublished(PUBLISHED.unreachable);
  });

  test('for a key that the bridge does not know', async () => {
    const keyId = credentials.get('unknown')!.data['privateKey'] as string;
    const text = sentence('WAB_KEY_UNKNOWN', { keyId: keyId.split('_')[1]! });
    expect(await credentialTest('unknown')).toEqual({ status: 'Error', message: `${text} (WAB_KEY_UNKNOWN)` });
    for (const start of ['Manual List', 'Manual Send', 'WaBridge Trigger'] as const) {
      const { status, data } = await run(start, 'unknown');
      expect(status).toBe('error');
      expect(data).toContain(text);
    }
    expect(await untilPublicationFailed(PUBLISHED.unknown, 60_000)).toContain(text);
  });

  test('for a key without the scope', async () => {
    const idle = await credentialTest('idle');
    expect(idle.status).toBe('Error');
    expect(idle.message).toContain('does not have the scope sessions:read');
    // Each of these is enough for one of the two nodes.
    for (const id of ['watching', 'sending']) expect(await credentialTest(id)).toMatchObject({ status: 'OK' });

    const sent = await run('Manual Send', 'watching');
    expect(sent.status).toBe('error');
    expect(sent.data).toContain(
      sentence('WAB_SCOPE_MISSING', { keyId: keys.get('watching')!, scope: 'messages:send' }),
    );
    const listened = await run('WaBridge Trigger', 'sending');
    expect(listened.status).toBe('error');
    expect(listened.data).toContain('The key of the credential does not have the scope events:read');
  });

  test('where the bridge is reached under an address that it does not know', async () => {
    const text = sentence('WAB_WRONG_AUTHORITY', { seen: mapped.authority });
    expect(await credentialTest('mapped')).toEqual({ status: 'Error', message: `${text} (WAB_WRONG_AUTHORITY)` });
    for (const start of ['Manual List', 'WaBridge Trigger'] as const) {
      const { status, data } = await run(start, 'mapped');
      expect(status).toBe('error');
      expect(data).toContain(text);
    }
  });

  test('when a key is revoked: the open stream closes within a second, and n8n says why', async () => {
    const text = sentence('WAB_KEY_REVOKED', { keyId: keys.get('revoked')! });
    expect(await credentialTest('revoked')).toMatchObject({ status: 'OK' });
    const why = 'the key of the credential was revoked or has expired, and the bridge closed the stream.';
    expect(n8n.output).not.toContain(why);
    await bridge.client.request('DELETE', `/v1/keys/${keys.get('revoked')!}`);
    await untilSaid(why, 1_000);

    const executions = await n8n.untilIdle(PUBLISHED.revoked, { atLeast: 1 });
    expect(executions.map(({ status }) => status)).toEqual(['error']);
    expect((await n8n.execution(executions[0]!.id)).data).toContain(why);
    expect(await credentialTest('revoked')).toEqual({ status: 'Error', message: `${text} (WAB_KEY_REVOKED)` });
    expect((await run('Manual List', 'revoked')).data).toContain(text);
    expect((await run('WaBridge Trigger', 'revoked')).data).toContain(text);
  });

  test('when the clocks differ by minutes', async () => {
    await bridge.stop();
    const preload = join(folder, 'clock-ahead.cjs');
    await writeFile(preload, `const now = Date.now; Date.now = () => now() + ${CLOCK_AHEAD_S * 1_000};`);
    bridge = new BridgeProcess(bridge.dataDir, bridge.port, { NODE_OPTIONS: `--require=${preload}` });
    await bridge.start();
    const text = /the client’s clock is about (\d+) s behind the bridge’s clock\. Correct the one that is wrong/;
    const tested = await credentialTest('good');
    expect(tested.status).toBe('Error');
    const off = Number(text.exec(tested.message)?.[1]);
    expect(Math.abs(off - CLOCK_AHEAD_S)).toBeLessThan(15);
    for (const start of ['Manual List', 'WaBridge Trigger'] as const) {
      const { status, data } = await run(start, 'good');
      expect(status).toBe('error');
      expect(data).toMatch(text);
    }
  });
});
