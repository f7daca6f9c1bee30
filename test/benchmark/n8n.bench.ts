/**
 * Event → the workflow's next HTTP call in a real n8n, against n8n's own Webhook node fed by HTTP with the same payload.
 *
 * Both times begin with an HTTP request of this process and end when the workflow's HTTP Request node arrives at a
 * witness in this process. Ours on the way: a phone network (simulated), a real bridge process, the engine, the durable
 * log, the attempt on disk, the stream, the WaBridge Trigger, and the acknowledgement afterwards. The webhook: n8n alone.
 * It loses what comes while n8n is down, and it keeps no order within a chat.
 *
 * n8n runs with its default expression engine, as users have it. Traced in n8n (its debug log with the queries of its
 * database), an execution is the same work on both ways: three transactions before the first node starts, of which the
 * deduplication of a trigger's event adds one query, then two nodes. What ours takes longer is the way to n8n.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { SessionName } from '../../bridge/src/contract/ids.ts';
import { N8N_SCOPES } from '../../bridge/src/contract/scopes.ts';
import { NetworkServer } from '../../bridge/src/engine/sandbox/network-server.ts';
import { RemoteNetwork } from '../../bridge/src/engine/sandbox/remote-network.ts';
import { BridgeProcess, freePort } from '../e2e/bridge-process.ts';
import { bridgeCredential, N8nServer, type WorkflowFile } from '../e2e/n8n-server.ts';
import { Witness } from '../e2e/witness.ts';
import { witnessedWorkflow } from '../e2e/workflows.ts';
import { median, percentile, type BenchmarkRow } from './benchmark.ts';

const SESSION = 'bench' as SessionName;
const TEXT_BYTES = 1_024;
const WARM_UP = 20;
const LATENCY_EVENTS = 100;
/**
 * After an execution has ended. n8n then writes it down, throws its expression engine's isolate away and builds the next
 * one on its main thread, which takes it some hundred milliseconds; and it answers a webhook before it does so, while a
 * trigger hears of the end afterwards. With a short pause the one way would meet n8n at rest, and the other at that work.
 */
const PAUSE_MS = 400;
const BURST = 300;
const BURSTS = 2;
const CHATS = 30;
/** Executions at a time, on both sides: the trigger's default. */
const IN_FLIGHT = 5;
/** On a busy machine fewer events are measured, and the row says how many. */
const LATENCY_BUDGET_MS = 120_000;
const LEAST_EVENTS = 30;
/** After so long, no further round of bursts begins. */
const BURST_BUDGET_MS = 30_000;
/** No single event and no burst may take longer, on however busy a machine. */
const DEADLINE_MS = 180_000;
const TRIGGER_WORKFLOW = 'benchTrigger0001';
const WEBHOOK_WORKFLOW = 'benchWebhook0001';
const WEBHOOK_PATH = 'wabridge-bench';

interface Way {
  /** Starts one event. Resolves once it is on its way, or once its execution has ended where the way says so. */
  readonly start: (text: string, chat: number) => Promise<unknown>;
  /** Resolves when nothing of what was started is under way any more. */
  readonly settled: () => Promise<void>;
}

const phoneOf = (chat: number): string => `+49151${String(23_456_100 + chat)}`;

/** A message text of a fixed size that tells its event apart. */
const newText = (): string => randomUUID().padEnd(TEXT_BYTES, 'x');

/** The trigger's workflow with n8n's Webhook node in the trigger's place; it answers when the workflow has ended. */
function webhookWorkflow(witnessUrl: string): WorkflowFile {
  const { nodes, settings } = witnessedWorkflow({ id: WEBHOOK_WORKFLOW, witnessUrl, answers: false });
  const call = JSON.parse(JSON.stringify(nodes[1]).replaceAll('$json.', '$json.body.')) as { name: string };
  const webhook = {
    id: `${WEBHOOK_WORKFLOW}-webhook`,
    name: 'Webhook',
    type: 'n8n-nodes-base.webhook',
    typeVersion: 2,
    position: [0, 0],
    webhookId: WEBHOOK_PATH,
    parameters: { httpMethod: 'POST', path: WEBHOOK_PATH, responseMode: 'lastNode', options: {} },
  };
  return {
    id: WEBHOOK_WORKFLOW,
    name: 'benchmark: webhook',
    nodes: [webhook, call],
    connections: { Webhook: { main: [[{ node: call.name, type: 'main', index: 0 }]] } },
    ...(settings === undefined ? {} : { settings }),
  };
}

/** What the WaBridge Trigger gives the workflow for the same message. */
function webhookPayload(text: string, chat: number): object {
  const id = randomUUID();
  const address = { chatId: `${phoneOf(chat).slice(1)}@c.us`, kind: 'direct', phone: phoneOf(chat), lid: null };
  return {
    messageId: id,
    fromMe: false,
    kind: 'text',
    text,
    mentions: [],
    quotedMessageId: null,
    id,
    seq: 1,
    type: 'message.received',
    session: SESSION,
    chat: address,
    sender: address,
    occurredAt: new Date().toISOString(),
    recordedAt: new Date().toISOString(),
    delivery: { attempt: 1, subscription: 'bench', cursor: id },
  };
}

/** Resolves when the witness was called with a text, and says when that was. */
class Arrivals {
  readonly #awaited = new Map<string, (at: number) => void>();

  constructor(witness: Witness) {
    witness.respond = ({ text }) => {
      this.#awaited.get(text)?.(performance.now());
      this.#awaited.delete(text);
      return false;
    };
  }

  of(text: string): Promise<number> {
    return new Promise((resolve) => this.#awaited.set(text, resolve));
  }
}

async function within<T>(what: string, work: Promise<T>, about: () => string): Promise<T> {
  const deadline = new AbortController();
  const late = sleep(DEADLINE_MS, undefined, { signal: deadline.signal }).then(() => {
    throw new Error(`${what} took longer than ${DEADLINE_MS / 1_000} s\n${about()}`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    late.catch(() => undefined);
    deadline.abort();
  }
}

/** One event from its start to the witness, in ms. */
async function timeOne(way: Way, arrivals: Arrivals, chat: number): Promise<number> {
  const text = newText();
  const arrival = arrivals.of(text);
  const startedAt = performance.now();
  const [at] = await Promise.all([arrival, way.start(text, chat)]);
  await way.settled();
  await sleep(PAUSE_MS);
  return at - startedAt;
}

/** A burst until its last call arrived, in events per second. @param concurrency starts under way at a time */
async function timeBurst(way: Way, arrivals: Arrivals, concurrency: number): Promise<number> {
  const texts = Array.from({ length: BURST }, newText);
  const all = Promise.all(texts.map((text) => arrivals.of(text)));
  const waiting = texts.entries();
  const startedAt = performance.now();
  const starter = async (): Promise<void> => {
    for (const [index, text] of waiting) await way.start(text, index % CHATS);
  };
  await Promise.all([all, ...Array.from({ length: concurrency }, starter)]);
  await way.settled();
  await sleep(PAUSE_MS);
  return (BURST / (Math.max(...(await all)) - startedAt)) * 1_000;
}

/** Both ways in turns, so that both meet the same machine. */
async function measure(ours: Way, webhook: Way, arrivals: Arrivals, about: () => string): Promise<BenchmarkRow[]> {
  const times = { ours: [] as number[], webhook: [] as number[] };
  const latencyUntil = performance.now() + LATENCY_BUDGET_MS;
  for (let index = 0; index < WARM_UP + LATENCY_EVENTS; index++) {
    if (times.ours.length >= LEAST_EVENTS && performance.now() > latencyUntil) break;
    const time = async (way: Way): Promise<number> =>
      await within(`event ${index}`, timeOne(way, arrivals, index % CHATS), about);
    const pair = { webhook: await time(webhook), ours: await time(ours) };
    if (index < WARM_UP) continue;
    times.ours.push(pair.ours);
    times.webhook.push(pair.webhook);
  }
  const rates = { ours: [] as number[], webhook: [] as number[] };
  const burstsUntil = performance.now() + BURST_BUDGET_MS;
  for (let round = 0; round < BURSTS; round++) {
    if (round > 0 && performance.now() > burstsUntil) break;
    rates.webhook.push(await within('a burst of posts', timeBurst(webhook, arrivals, IN_FLIGHT), about));
    // The phones all speak at once; the trigger's window is the brake.
    rates.ours.push(await within('a burst of messages', timeBurst(ours, arrivals, CHATS), about));
  }
  // Of equally many events in each burst, the harmonic mean is the rate over all of them.
  const overall = (values: readonly number[]): number =>
    values.length / values.reduce((sum, value) => sum + 1 / value, 0);

  const baselineIs =
    'the Webhook node of the same n8n, posted to directly with the same payload; nothing is durable, ' +
    'deduplicated or ordered per chat, and there is neither bridge nor phone network in between';
  const name = `event → the workflow's next HTTP call in n8n, ${times.ours.length} events one at a time`;
  return [
    { name, unit: 'ms p50', kind: 'time', ours: median(times.ours), baseline: median(times.webhook), baselineIs },
    {
      name,
      unit: 'ms p99',
      kind: 'time',
      ours: percentile(times.ours, 0.99),
      baseline: percentile(times.webhook, 0.99),
      baselineIs,
    },
    {
      name: `burst of ${BURST} events over ${CHATS} chats, ${IN_FLIGHT} executions at a time`,
      unit: 'events/s',
      kind: 'rate',
      ours: overall(rates.ours),
      baseline: overall(rates.webhook),
      baselineIs: `${baselineIs}; ${IN_FLIGHT} posts at a time, each answered when its execution ends`,
    },
  ];
}

async function allAcknowledged({ client }: BridgeProcess): Promise<void> {
  for (;;) {
    const { subscriptions } = await client.request<{
      subscriptions: readonly { readonly waiting: number; readonly inFlight: number }[];
    }>('GET', '/v1/subscriptions');
    if (subscriptions.every(({ waiting, inFlight }) => waiting + inFlight === 0)) return;
    await sleep(10);
  }
}

/** Resolves with the answer, which the Webhook node gives when the execution has ended. */
async function post(url: string, payload: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(payload) });
  const said = await answer.text();
  if (!answer.ok) throw new Error(`the webhook answered ${answer.status}: ${said}`);
}

/** Starts network, bridge and n8n, measures, and ends them whatever happens. */
export async function run(): Promise<BenchmarkRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wabridge-bench-'));
  const server = new NetworkServer({ folder: join(folder, 'network'), autoLink: true });
  const witness = new Witness();
  const endings: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const networkUrl = await server.start();
    endings.push(() => server.stop());
    const network = new RemoteNetwork(networkUrl);
    await witness.start();
    endings.push(() => witness.stop());
    const arrivals = new Arrivals(witness);

    const bridge = new BridgeProcess(join(folder, 'bridge'), await freePort(), {
      WABRIDGE_SANDBOX_NETWORK_URL: networkUrl,
    });
    endings.push(() => bridge.stop());
    await bridge.start();
    const { pid } = bridge;
    const killBridge = (): void => void process.kill(pid, 'SIGKILL');
    process.once('exit', killBridge);
    endings.push(async () => void process.off('exit', killBridge));
    await bridge.client.request('POST', '/v1/sessions', { body: { name: SESSION, engine: 'sandbox' } });
    const { secret } = await bridge.client.request<{ secret: string }>('POST', '/v1/keys', {
      body: { name: 'n8n', scopes: [...N8N_SCOPES] },
    });

    const n8n = new N8nServer({ folder: join(folder, 'n8n'), port: await freePort(), brokerPort: await freePort() });
    const trigger = witnessedWorkflow({
      id: TRIGGER_WORKFLOW,
      witnessUrl: witness.url,
      maxInFlight: IN_FLIGHT,
      answers: false,
    });
    const webhook = webhookWorkflow(witness.url);
    await n8n.prepare({ credentials: [bridgeCredential(bridge.url, secret)], workflows: [trigger, webhook] });
    endings.push(() => n8n.stop());
    await n8n.start();
    await n8n.untilPublished(trigger.id);
    await n8n.untilPublished(webhook.id);

    const ours: Way = {
      start: async (text, chat) => await network.drive('sandbox.receive', SESSION, { from: phoneOf(chat), text }),
      settled: async () => await allAcknowledged(bridge),
    };
    const posts: Way = {
      start: async (text, chat) => await post(`${n8n.url}/webhook/${WEBHOOK_PATH}`, webhookPayload(text, chat)),
      settled: async () => undefined,
    };
    return await measure(ours, posts, arrivals, () => `bridge:\n${bridge.output}\nn8n:\n${n8n.output}`);
  } finally {
    for (const end of endings.reverse()) await end();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`);
}
