/**
 * A staging copy of a production n8n: same encryption key, so the same instance id; same workflow and node, so the same
 * subscription. It takes the events once and says so in production; the two do not fight, and no event is run twice.
 */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { BridgeProcess, freePort } from './bridge-process.ts';
import { n8nIn, publish } from './n8n-at-test.ts';
import type { N8nServer } from './n8n-server.ts';
import { Witness } from './witness.ts';
import { witnessedWorkflow } from './workflows.ts';

const WORKFLOW = 'stagingTest00001';
/** Who lost a subscription asks again after a minute and up to a quarter of it as jitter. */
const ASKS_AGAIN_MS = 75_000;
const MARGIN_MS = 10_000;
const TAKEOVER_DEADLINE_MS = 60_000;

jest.setTimeout(360_000);

interface SubscriptionView {
  readonly name: string;
  readonly connected: boolean;
  readonly takeovers: number;
}

let folder: string;
let witness: Witness;
let bridge: BridgeProcess;
let production: N8nServer;
let staging: N8nServer;
let said = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-staging-'));
  witness = new Witness();
  await witness.start();
  bridge = new BridgeProcess(join(folder, 'bridge'), await freePort());
  await bridge.start();
  await bridge.client.request('POST', '/v1/sessions', { body: { name: 'demo', engine: 'sandbox' } });
  production = await n8nIn(join(folder, 'production'));
  await publish(production, bridge, [witnessedWorkflow({ id: WORKFLOW, witnessUrl: witness.url })]);
  await copyData(join(production.folder, '.n8n'), join(folder, 'staging', '.n8n'));
  staging = await n8nIn(join(folder, 'staging'));
});

afterAll(async () => {
  await Promise.all([staging?.kill(), production?.kill()]);
  await bridge?.stop();
  await witness?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What an operator copies of an n8n that runs: its encryption key, its community nodes and its database. */
async function copyData(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const part of ['config', 'nodes']) await cp(join(from, part), join(to, part), { recursive: true });
  const database = new DatabaseSync(join(from, 'database.sqlite'), { readOnly: true });
  await backup(database, join(to, 'database.sqlite'));
  database.close();
}

/** Each time somebody else, so that nothing waits behind another event of its chat. */
async function say(): Promise<void> {
  said += 1;
  await bridge.client.request('POST', '/v1/sandbox/demo/receive', {
    body: { from: `+49151${String(23_456_000 + said)}`, text: `message ${String(said).padStart(3, '0')}` },
  });
}

async function untilAllRan(deadlineMs: number): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (witness.seen.size < said) {
    if (Date.now() > deadline)
      throw new Error(
        `only ${witness.seen.size} of ${said} events ran\nproduction:\n${production.output}\nstaging:\n${staging.output}`,
      );
    await sleep(100);
  }
}

/** Resolves once production has said that the copy took over; the database of the copy calls the workflow published before. */
async function untilTold(): Promise<void> {
  const deadline = Date.now() + TAKEOVER_DEADLINE_MS;
  for (;;) {
    const failed = await production.executions(WORKFLOW, { status: ['error'] });
    if (failed.length > 0 && (await subscription()).connected) return;
    if (Date.now() > deadline)
      throw new Error(`no takeover in time\nproduction:\n${production.output}\nstaging:\n${staging.output}`);
    await sleep(100);
  }
}

async function subscription(): Promise<SubscriptionView> {
  const { subscriptions } = await bridge.client.request<{ subscriptions: readonly SubscriptionView[] }>(
    'GET',
    '/v1/subscriptions',
  );
  // Production and copy are one subscriber to the bridge.
  expect(subscriptions).toHaveLength(1);
  return subscriptions[0]!;
}

describe('a staging copy of n8n beside production', () => {
  test('takes the subscription once, production says so, and takes over again when the copy is gone', async () => {
    await say();
    await untilAllRan(30_000);
    expect(await subscription()).toMatchObject({ connected: true, takeovers: 0 });

    await staging.start();
    await untilTold();
    const takenAt = Date.now();
    expect(await subscription()).toMatchObject({ connected: true, takeovers: 1 });

    // Production says what happened, in its log and where the workflow's executions are listed.
    const sentence = /another connection took over the subscription .* copy of this n8n/;
    expect(production.output).toMatch(sentence);
    const failed = await production.executions(WORKFLOW, { status: ['error'] });
    expect(failed).toHaveLength(1);
    expect((await production.execution(failed[0]!.id)).data).toMatch(sentence);

    // Production asks again in this time, and is told that the subscription is in use.
    while (Date.now() < takenAt + ASKS_AGAIN_MS + MARGIN_MS) {
      await say();
      await untilAllRan(10_000);
      expect(await subscription()).toMatchObject({ connected: true, takeovers: 1 });
      await sleep(3_000);
    }
    // Said once, not each time it asks.
    expect(await production.executions(WORKFLOW, { status: ['error', 'crashed'] })).toHaveLength(1);

    await staging.stop();
    expect(await subscription()).toMatchObject({ connected: false });
    const ranBefore = witness.runs.length;
    await say();
    await say();
    expect(witness.runs).toHaveLength(ranBefore);
    await untilAllRan(ASKS_AGAIN_MS + MARGIN_MS);
    expect(await subscription()).toMatchObject({ connected: true, takeovers: 1 });

    // Each event once, by one of the two.
    expect(witness.runs.map(({ text }) => text).sort()).toEqual(
      Array.from({ length: said }, (_, index) => `message ${String(index + 1).padStart(3, '0')}`),
    );
    expect(witness.runs.every(({ attempt }) => attempt === 1)).toBe(true);
    expect(await production.executions(WORKFLOW, { status: ['error', 'crashed'] })).toHaveLength(1);
  });
});
