/**
 * Events that do harm: one that makes n8n run out of memory each time, and events whose workflow fails. n8n really dies
 * here, and a supervisor starts it again as systemd or Docker would; the witness outside of both counts the runs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { BridgeProcess, freePort } from './bridge-process.ts';
import { n8nIn, publish } from './n8n-at-test.ts';
import type { N8nServer } from './n8n-server.ts';
import { Witness, type WitnessedRun } from './witness.ts';
import { witnessedWorkflow } from './workflows.ts';

const MAX_LOST = 3;
const MAX_ATTEMPTS = 3;
/** Enough for n8n and its workflows, not for what the witness sends for a poison event. */
const N8N_HEAP_MB = 512;
/** A list of numbers that takes 8 bytes each once it is parsed: more than the heap in one piece, so that n8n dies at once. */
const TOO_MUCH = Buffer.from(`[${'0,'.repeat(64 * 1024 * 1024)}0]`);
/** n8n has to start again, on a slow machine, before an answer can come. */
const ANSWER_DEADLINE_MS = 90_000;

jest.setTimeout(600_000);

const WORKFLOWS = [
  { session: 'poisoned', id: 'quarantine000001', acknowledge: 'finished' },
  { session: 'strict', id: 'quarantine000002', acknowledge: 'succeeded' },
  { session: 'lenient', id: 'quarantine000003', acknowledge: 'finished' },
] as const;

interface DeadLetter {
  readonly id: string;
  readonly subscription: string;
  readonly eventType: string;
  readonly session: string;
  readonly reason: string;
  readonly attempts: number;
}

let folder: string;
let witness: Witness;
let bridge: BridgeProcess;
let n8n: N8nServer;
let deaths = 0;
let deathsByPoison = 0;
let supervising = true;
let supervisor: Promise<void> = Promise.resolve();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-quarantine-'));
  witness = new Witness();
  await witness.start();
  bridge = new BridgeProcess(join(folder, 'bridge'), await freePort(), {
    WABRIDGE_DELIVERY_MAX_LOST: String(MAX_LOST),
    WABRIDGE_DELIVERY_MAX_ATTEMPTS: String(MAX_ATTEMPTS),
  });
  await bridge.start();
  for (const { session } of WORKFLOWS) {
    await bridge.client.request('POST', '/v1/sessions', { body: { name: session, engine: 'sandbox' } });
  }
  n8n = await n8nIn(join(folder, 'n8n'), { NODE_OPTIONS: `--max-old-space-size=${N8N_HEAP_MB}` });
  await publish(
    n8n,
    bridge,
    WORKFLOWS.map((workflow) => witnessedWorkflow({ ...workflow, witnessUrl: witness.url })),
  );
  supervisor = supervise();
});

afterAll(async () => {
  supervising = false;
  await n8n?.kill();
  await supervisor;
  await n8n?.kill();
  await bridge?.stop();
  await witness?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Starts n8n again whenever it has died. It may die again before it is up. */
async function supervise(): Promise<void> {
  for (;;) {
    await n8n.untilEnded();
    if (!supervising) return;
    deaths += 1;
    await n8n.start().catch(() => undefined);
  }
}

const say = async (session: string, from: string, text: string): Promise<void> =>
  void (await bridge.client.request('POST', `/v1/sandbox/${session}/receive`, { body: { from, text } }));

/** What the bridge sent to somebody, once there are so many. */
async function answersTo(session: string, to: string, atLeast: number): Promise<readonly (string | null)[]> {
  const deadline = Date.now() + ANSWER_DEADLINE_MS;
  for (;;) {
    const inbox = await bridge.client.request<readonly { text: string | null }[]>(
      'GET',
      `/v1/sandbox/${session}/inbox`,
      { query: { to, via: 'bridge', atLeast, waitMs: 30_000 } },
    );
    if (inbox.length >= atLeast || Date.now() > deadline) return inbox.map(({ text }) => text);
  }
}

/** Resolves once nothing of a workflow's subscription is under way or waits. */
async function untilDone(workflow: string): Promise<void> {
  const deadline = Date.now() + ANSWER_DEADLINE_MS;
  for (;;) {
    const { subscriptions } = await bridge.client.request<{
      subscriptions: readonly { name: string; waiting: number; inFlight: number }[];
    }>('GET', '/v1/subscriptions');
    const own = subscriptions.find(({ name }) => name.includes(workflow));
    if (own?.waiting === 0 && own.inFlight === 0) return;
    if (Date.now() > deadline) throw new Error(`something is still under way: ${JSON.stringify(own)}`);
    await sleep(100);
  }
}

const deadLetters = async (): Promise<readonly DeadLetter[]> =>
  (await bridge.client.request<{ deadLetters: readonly DeadLetter[] }>('GET', '/v1/dead-letters')).deadLetters;

async function untilDeadLetter(session: string, deadlineMs: number): Promise<DeadLetter> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const found = (await deadLetters()).find((deadLetter) => deadLetter.session === session);
    if (found) return found;
    if (Date.now() > deadline)
      throw new Error(`no dead letter in time after ${deaths} deaths\n${bridge.output}\n${n8n.output}`);
    await sleep(200);
  }
}

const runsOf = (text: string): readonly WitnessedRun[] => witness.runs.filter((run) => run.text === text);

function answerWithTooMuch(run: WitnessedRun, response: ServerResponse): boolean {
  if (run.text !== 'poison') return false;
  response.setHeader('content-type', 'application/json');
  response.end(TOO_MUCH);
  return true;
}

function answerWithFailure(run: WitnessedRun, response: ServerResponse): boolean {
  if (!run.text.startsWith('fail')) return false;
  response.statusCode = 500;
  response.end();
  return true;
}

describe('an event that makes n8n run out of memory', () => {
  const poisoner = '+4915111110000';
  const innocents = ['+4915111110001', '+4915111110002', '+4915111110003'];
  const latecomer = '+4915111110009';

  test('is quarantined after a bounded number of deaths, and takes nobody with it', async () => {
    witness.respond = answerWithTooMuch;
    await say('poisoned', poisoner, 'poison');
    await say('poisoned', poisoner, 'after the poison');
    for (const person of innocents) await say('poisoned', person, `hello from ${person}`);

    const deadLetter = await untilDeadLetter('poisoned', 420_000);
    expect(deadLetter).toMatchObject({ eventType: 'message.received', attempts: MAX_LOST });
    expect(deadLetter.reason).toBe(`the connection was lost ${MAX_LOST} times while this event was being processed`);
    // n8n died of it, again and again, and of nothing else: never more often than the bridge allows.
    expect(n8n.output).toMatch(/FATAL ERROR: .*out of memory/);
    expect(deaths).toBeGreaterThan(1);
    expect(deaths).toBeLessThanOrEqual(MAX_LOST);
    const attempts = runsOf('poison').map(({ attempt }) => attempt);
    expect(attempts).toHaveLength(deaths);
    expect(new Set(attempts).size).toBe(deaths);
    deathsByPoison = deaths;

    // The chat goes on, and so do all others.
    expect(await answersTo('poisoned', poisoner, 1)).toEqual(['answer to after the poison']);
    for (const person of innocents) {
      expect(await answersTo('poisoned', person, 1)).toEqual([`answer to hello from ${person}`]);
    }
    await say('poisoned', latecomer, 'still there?');
    expect(await answersTo('poisoned', latecomer, 1)).toEqual(['answer to still there?']);
    expect(await deadLetters()).toHaveLength(1);
    expect(deaths).toBe(deathsByPoison);
  });

  test('runs when it is redriven after the cause was removed', async () => {
    witness.respond = undefined;
    const deadLetter = await untilDeadLetter('poisoned', 0);
    await bridge.client.request('POST', `/v1/dead-letters/${deadLetter.id}/redrive`);
    expect(await answersTo('poisoned', poisoner, 2)).toEqual(['answer to after the poison', 'answer to poison']);
    expect(runsOf('poison').at(-1)).toMatchObject({ attempt: MAX_LOST + 1 });
    expect(await deadLetters()).toEqual([]);
    expect(deaths).toBe(deathsByPoison);
  });
});

describe('a workflow that fails', () => {
  const person = '+4915122220000';

  test('with acknowledge "succeeded" is run again, with growing pauses, and then filed as a dead letter', async () => {
    witness.respond = answerWithFailure;
    await say('strict', person, 'fail strictly');
    await say('strict', person, 'next');
    const deadLetter = await untilDeadLetter('strict', 60_000);
    expect(deadLetter.attempts).toBe(MAX_ATTEMPTS);
    expect(deadLetter.reason).toContain('the execution ended with status error');
    const runs = runsOf('fail strictly');
    expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    const [first, second, third] = runs.map(({ at }) => at) as [number, number, number];
    expect(second - first).toBeGreaterThanOrEqual(2_000);
    expect(third - second).toBeGreaterThanOrEqual(4_000);
    // What follows in the chat waits for its turn and is not held up for ever.
    expect(await answersTo('strict', person, 1)).toEqual(['answer to next']);
    expect(runsOf('next')[0]!.at).toBeGreaterThan(third);
  });

  test('with acknowledge "finished" is run once', async () => {
    witness.respond = answerWithFailure;
    await say('lenient', person, 'fail leniently');
    await say('lenient', person, 'next please');
    // The chat's next event is delivered only once the failed one is acknowledged.
    expect(await answersTo('lenient', person, 1)).toEqual(['answer to next please']);
    await untilDone('quarantine000003');
    expect(runsOf('fail leniently').map(({ attempt }) => attempt)).toEqual([1]);
    expect((await deadLetters()).filter(({ session }) => session === 'lenient')).toEqual([]);
    expect(deaths).toBe(deathsByPoison);
  });
});
