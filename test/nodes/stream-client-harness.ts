/** The trigger's stream client, beside a bridge that a test scripts. */
import { afterEach, beforeEach, jest } from '@jest/globals';
import { Notices } from '../../nodes/WaBridgeTrigger/notices';
import { StreamClient, type Refusal } from '../../nodes/WaBridgeTrigger/stream-client';
import type { BridgeEvent } from '../../nodes/shared/contract.generated';
import { FakeBridge, type FakeStream } from './support/fake-bridge';

export let bridge: FakeBridge;
export let client: StreamClient;
export let events: BridgeEvent[];
let log: string[];
export let shown: string[];
export let waits: number[];
let refusal: Refusal;

interface Setup {
  readonly durable?: boolean;
  readonly maxBacklogAgeMs?: number;
  /** Ends the wait before a reconnect; the default waits not at all. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export function create({ durable = true, maxBacklogAgeMs, wait = async () => {} }: Setup = {}): StreamClient {
  const say = (message: string) => void log.push(message);
  const logger = { info: say, warn: say, error: say, debug: say };
  client = new StreamClient({
    subscription: 'n8n:i:w:n',
    durable,
    ...(maxBacklogAgeMs === undefined ? {} : { maxBacklogAgeMs }),
    filter: { types: ['message.received'] },
    window: 5,
    sign: async () => ({ url: bridge.url.replace('http', 'ws') + '/v1/stream', headers: { signature: 'wab=:x:' } }),
    fetchRefusal: async () => refusal,
    onEvent: (frame) => events.push(frame),
    notices: new Notices(logger, (text) => shown.push(text), {
      workflowId: 'w',
      nodeName: 'n',
      subscription: 'n8n:i:w:n',
    }),
    random: () => 0,
    wait: async (ms, signal) => {
      waits.push(ms);
      await wait(ms, signal);
    },
  });
  return client;
}

export async function subscribed(number: number, options: { heartbeatMs?: number } = {}): Promise<FakeStream> {
  const stream = await bridge.stream(number);
  await stream.subscribe(options);
  return stream;
}

export async function roundTrip(stream: FakeStream): Promise<void> {
  const before = stream.count('pong');
  stream.send({ type: 'ping', id: before + 1, positions: {} });
  await stream.nth('pong', before + 1);
}

/** Lets a test set the clock of the machine, and let time pass. */
export function settableClock(): { readonly set: (hours: number) => void; readonly pass: (ms: number) => void } {
  const [now, awake] = [Date.now.bind(Date), performance.now.bind(performance)];
  let [aheadMs, passedMs] = [0, 0];
  jest.spyOn(Date, 'now').mockImplementation(() => now() + passedMs + aheadMs);
  jest.spyOn(performance, 'now').mockImplementation(() => awake() + passedMs);
  return { set: (hours) => void (aheadMs = hours * 3_600_000), pass: (ms) => void (passedMs += ms) };
}

export const logged = (part: string) => log.filter((line) => line.includes(part));

/** Why the bridge refuses from now on. */
export const refuseWith = (next: Refusal): void => void (refusal = next);

/** A bridge for each test of the file; the client is stopped after it. */
export function useBridge(): void {
  beforeEach(async () => {
    bridge = new FakeBridge();
    await bridge.start();
    events = [];
    log = [];
    shown = [];
    waits = [];
    refusal = { reason: 'Nothing answers.', isTemporary: true, answered: false };
  });

  afterEach(async () => {
    await client.stop();
    await bridge.stop();
  });
}
