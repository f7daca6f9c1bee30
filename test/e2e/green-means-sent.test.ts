/**
 * What the colour of an execution says, in a real n8n: green is sent, a failed send is red and starts the error workflow,
 * and so does a bridge that cannot be reached. What cannot work is refused when it is published.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { BridgeProcess, freePort } from './bridge-process.ts';
import { issueKey, n8nIn, publish } from './n8n-at-test.ts';
import { bridgeCredential, type Execution, type N8nServer, type WorkflowFile } from './n8n-server.ts';
import { Witness } from './witness.ts';
import { errorWorkflow, witnessedWorkflow } from './workflows.ts';

// Most of it is the start of n8n, on a machine that others may load.
jest.setTimeout(480_000);

const WORKFLOW = 'greenMeansSent01';
const ERRORS = 'greenMeansSent02';
const OUTAGE_S = 6;
/** On a session of its own, with short limits. */
const LIMITED = 'greenMeansSent03';
const BACKLOG_S = 15;

let folder: string;
let bridge: BridgeProcess;
let n8n: N8nServer;
/** What ran, and what the error workflow was told. */
const witness = new Witness();
const errors = new Witness();
let workflow: WorkflowFile;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-green-'));
  await Promise.all([witness.start(), errors.start()]);
  bridge = new BridgeProcess(join(folder, 'bridge'), await freePort());
  await bridge.start();
  for (const name of ['demo', 'limited'])
    await bridge.client.request('POST', '/v1/sessions', { body: { name, engine: 'sandbox' } });
  n8n = await n8nIn(join(folder, 'n8n'));
  workflow = witnessedWorkflow({
    id: WORKFLOW,
    witnessUrl: witness.url,
    session: 'demo',
    triggerOptions: { outageMinutes: OUTAGE_S / 60 },
    answer: { waitSeconds: 3 },
    settings: { errorWorkflow: ERRORS, saveDataSuccessExecution: 'all' },
  });
  const limited = witnessedWorkflow({
    id: LIMITED,
    witnessUrl: witness.url,
    session: 'limited',
    triggerOptions: { backlogHours: BACKLOG_S / 3_600 },
    answer: { sendWithinMinutes: 3 / 60, waitSeconds: 30 },
    settings: { saveDataSuccessExecution: 'all' },
  });
  await publish(n8n, bridge, [errorWorkflow(ERRORS, errors.url), workflow, limited]);
});

afterAll(async () => {
  await n8n?.stop();
  await bridge?.stop();
  await Promise.all([witness.stop(), errors.stop()]);
  await rm(folder, { recursive: true, force: true });
});

const say = async (from: string, text: string, session = 'demo'): Promise<void> =>
  void (await bridge.client.request('POST', `/v1/sandbox/${session}/receive`, { body: { from, text } }));
const setFaults = async (faults: object, session = 'demo'): Promise<void> =>
  await bridge.client.request('PUT', `/v1/sandbox/${session}/faults`, { body: faults });
const inboxOf = async (to: string): Promise<readonly { text: string | null }[]> =>
  await bridge.client.request('GET', '/v1/sandbox/demo/inbox', {
    query: { to, via: 'bridge', atLeast: 1, waitMs: 30_000 },
  });

async function until(what: string, holds: () => boolean | Promise<boolean>, deadlineMs = 60_000): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come in time:\n${n8n.output}`);
    await sleep(100);
  }
}

/** The newest execution of the workflow once there are so many and all have ended, with its data. */
async function newestOf(count: number, id = WORKFLOW): Promise<Execution & { readonly data: string }> {
  const executions = await n8n.untilIdle(id, { atLeast: count });
  expect(executions).toHaveLength(count);
  return await n8n.execution(executions[0]!.id);
}

describe('a send', () => {
  test('is green once WhatsApp has taken it, with the state and the id of the message', async () => {
    await say('+4915100000001', 'first');
    const execution = await newestOf(1);
    expect(execution.status).toBe('success');
    expect(execution.data).toMatch(/"(accepted|delivered|read)"/);
    expect(execution.data).toMatch(/"messageId"/);
    expect(execution.data).toMatch(/"true_4915100000001@c\.us_/);
    expect(await inboxOf('+4915100000001')).toMatchObject([{ text: 'answer to first' }]);
  });

  test('that fails after the bridge has stored it is red, and starts the error workflow', async () => {
    await setFaults({ sendRefused: {}, delays: { answer: 500 } });
    await say('+4915100000002', 'second');
    const execution = await newestOf(2);
    expect(execution.status).toBe('error');
    expect(execution.data).toContain('WAB_SEND_REFUSED');
    await until('the error workflow', () => errors.runs.length === 1);
  });

  test('that takes longer than the wait goes on, says so, and leaves later', async () => {
    await setFaults({ sendDeferred: { count: 1_000 } });
    await say('+4915100000003', 'third');
    const execution = await newestOf(3);
    expect(execution.status).toBe('success');
    expect(execution.data).toContain('"queued"');
    await setFaults({});
    expect(await inboxOf('+4915100000003')).toMatchObject([{ text: 'answer to third' }]);
  });
});

describe('what is too old', () => {
  test('is not sent any more, and the node says so', async () => {
    await setFaults({ sendDeferred: { count: 1_000 } }, 'limited');
    await say('+4915100000005', 'too late', 'limited');
    const execution = await newestOf(1, LIMITED);
    expect(execution.status).toBe('error');
    expect(execution.data).toContain('WAB_SEND_EXPIRED');
    await setFaults({}, 'limited');
  });

  test('is skipped when the workflow is published again, and what came since is not', async () => {
    await n8n.rest('POST', `/workflows/${LIMITED}/deactivate`, {});
    await until('the end of the trigger', async () => {
      const { subscriptions } = await bridge.client.request<{
        subscriptions: readonly { name: string; connected: boolean }[];
      }>('GET', '/v1/subscriptions');
      return subscriptions.some(({ name, connected }) => name.includes(LIMITED) && !connected);
    });
    await say('+4915100000006', 'old', 'limited');
    await sleep((BACKLOG_S + 1) * 1_000);
    await say('+4915100000007', 'new', 'limited');
    const { versionId } = await n8n.rest<{ versionId: string }>('GET', `/workflows/${LIMITED}`);
    await n8n.rest('POST', `/workflows/${LIMITED}/activate`, { versionId });
    const execution = await newestOf(2, LIMITED);
    expect(execution.status).toBe('success');
    expect(witness.runs.map(({ text }) => text)).toContain('new');
    expect(witness.runs.map(({ text }) => text)).not.toContain('old');
    expect(n8n.output).toContain('skipped 1 event that was older than 15 seconds');
  });
});

describe('a bridge that cannot be reached', () => {
  test('is one failed execution, starts the error workflow once, and is noted when it is back', async () => {
    const told = errors.runs.length;
    await bridge.kill();
    await until('the error workflow', () => errors.runs.length > told);
    expect(errors.runs[told]?.text).toContain('no connection to the bridge for');
    const recorded = await newestOf(4);
    expect(recorded).toMatchObject({ status: 'error', mode: 'trigger' });
    // Another one would have come by now.
    await sleep(2 * OUTAGE_S * 1_000);
    expect(errors.runs).toHaveLength(told + 1);

    await bridge.start();
    await until('the note', () => n8n.output.includes('connected again after'));
    await say('+4915100000004', 'fourth');
    expect((await newestOf(5)).status).toBe('success');
    expect(await inboxOf('+4915100000004')).toMatchObject([{ text: 'answer to fourth' }]);
  });
});

describe('publishing', () => {
  /** Publishes a new workflow with one trigger. @returns what n8n shows in its place */
  async function refusalOf(parameters: object, credential = 'wabridge-local'): Promise<string> {
    const { id: _id, ...content } = workflow;
    const [trigger] = content.nodes as readonly [{ parameters: object }];
    const node = {
      ...trigger,
      parameters: { ...trigger.parameters, ...parameters },
      credentials: { waBridgeApi: { id: credential, name: 'wabridge' } },
    };
    const { id, versionId } = await n8n.rest<{ id: string; versionId: string }>('POST', '/workflows', {
      ...content,
      nodes: [node],
      connections: {},
      settings: { executionOrder: 'v1' },
    });
    await n8n.rest('POST', `/workflows/${id}/activate`, { versionId });
    let message = '';
    await until('the refusal', async () => {
      const { status, triggers } = await n8n.rest<{
        status: string;
        triggers: readonly { errorMessage: string | null }[];
      }>('GET', `/workflows/${id}/publication-status`);
      message = triggers.map(({ errorMessage }) => errorMessage ?? '').join('\n');
      return status === 'failed';
    });
    return message;
  }

  test('is refused for a session that does not exist, for a From of nobody, and for a key that may not read messages', async () => {
    const { secret } = await issueKey(bridge, 'blind', ['events:read', 'sessions:read']);
    const { data } = bridgeCredential(bridge.url, secret);
    const blind = await n8n.rest<{ id: string }>('POST', '/credentials', { name: 'blind', type: 'waBridgeApi', data });
    // At once, since n8n tries each of them for a quarter of a minute.
    const [session, from, key] = await Promise.all([
      refusalOf({ sessionScope: 'one', session: { __rl: true, mode: 'name', value: 'nowhere' } }),
      refusalOf({ filters: { from: '0151 12345678' } }),
      refusalOf({}, blind.id),
    ]);
    expect(session).toContain('The bridge has no session "nowhere"');
    expect(from).toContain('From can never match "+015112345678"');
    expect(key).toContain('does not have the scope messages:read');
  });
});
