import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Notices } from '../../nodes/WaBridgeTrigger/notices';
import { pauseBeforeReconnect } from '../../nodes/WaBridgeTrigger/reconnect';
import { StreamClient, type Refusal } from '../../nodes/WaBridgeTrigger/stream-client';
import { MAX_AGE_MS, type BridgeEvent } from '../../nodes/shared/contract.generated';
import { FakeBridge, messageEvent, type FakeStream } from './support/fake-bridge';

let bridge: FakeBridge;
let client: StreamClient;
let events: BridgeEvent[];
let log: string[];
let shown: string[];
let waits: number[];
let refusal: Refusal;

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

interface Setup {
  readonly durable?: boolean;
  readonly maxBacklogAgeMs?: number;
  /** Ends the wait before a reconnect; the default waits not at all. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

function create({ durable = true, maxBacklogAgeMs, wait = async () => {} }: Setup = {}): StreamClient {
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

async function subscribed(number: number, options: { heartbeatMs?: number } = {}): Promise<FakeStream> {
  const stream = await bridge.stream(number);
  await stream.subscribe(options);
  return stream;
}

async function roundTrip(stream: FakeStream): Promise<void> {
  const before = stream.count('pong');
  stream.send({ type: 'ping', id: before + 1, positions: {} });
  await stream.nth('pong', before + 1);
}

/** Lets a test set the clock of the machine, and let time pass. */
function settableClock(): { readonly set: (hours: number) => void; readonly pass: (ms: number) => void } {
  const [now, awake] = [Date.now.bind(Date), performance.now.bind(performance)];
  let [aheadMs, passedMs] = [0, 0];
  jest.spyOn(Date, 'now').mockImplementation(() => now() + passedMs + aheadMs);
  jest.spyOn(performance, 'now').mockImplementation(() => awake() + passedMs);
  return { set: (hours) => void (aheadMs = hours * 3_600_000), pass: (ms) => void (passedMs += ms) };
}

const logged = (part: string) => log.filter((line) => line.includes(part));

test('sends its headers and subprotocol, subscribes, answers pings', async () => {
  const starting = create().start();
  const stream = await subscribed(1);
  expect(await starting).toBeNull();
  expect(bridge.upgrades[0]?.headers).toMatchObject({ signature: 'wab=:x:', 'sec-websocket-protocol': 'wabridge.v1' });
  expect(await stream.next('subscribe')).toEqual({
    type: 'subscribe',
    subscription: 'n8n:i:w:n',
    durable: true,
    filter: { types: ['message.received'] },
    from: 'resume',
    window: 5,
  });
  stream.send({ type: 'ping', id: 42, positions: {} });
  expect(await stream.next('pong')).toEqual({ type: 'pong', id: 42 });
});

describe('a refused upgrade', () => {
  test('asks why, tells once per distinct reason, and goes on for ever', async () => {
    bridge.refuseUpgrades = true;
    refusal = { reason: 'The clock is off by 90 s.', isTemporary: true, answered: true };
    let rounds = 0;
    const first = await create({
      wait: async () => {
        rounds += 1;
        if (rounds === 3) refusal = { reason: 'The key has expired.', isTemporary: false, answered: true };
        if (rounds === 6) bridge.refuseUpgrades = false;
      },
    }).start();
    expect(first).toEqual({ reason: 'The clock is off by 90 s.', isTemporary: true, answered: true });
    await subscribed(1);
    expect(rounds).toBe(6);
    expect(logged('The clock is off')).toHaveLength(1);
    expect(logged('The key has expired')).toHaveLength(1);
    expect(shown).toHaveLength(2);
  });

  test('is no news to the builder of the workflow where nothing answers', async () => {
    bridge.refuseUpgrades = true;
    await create({ wait: async () => void (bridge.refuseUpgrades = false) }).start();
    await subscribed(1);
    expect(logged('Nothing answers')).toHaveLength(1);
    expect(shown).toEqual([]);
  });

  test('waits longer each time', async () => {
    bridge.refuseUpgrades = true;
    await create({ wait: async () => void (bridge.refuseUpgrades = waits.length < 8) }).start();
    await subscribed(1);
    expect(waits.slice(0, 8)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
  });
});

test('half of a backoff is chance, so that many triggers do not return together', () => {
  const waitsOf = (failures: number) =>
    [0, 0.5, 1].map((random) => pauseBeforeReconnect({ kind: 'refused' }, failures, random));
  expect(waitsOf(1)).toEqual([250, 375, 500]);
  expect(waitsOf(4)).toEqual([2_000, 3_000, 4_000]);
  expect(waitsOf(1_000)).toEqual([30_000, 45_000, 60_000]);
});

describe('the end of a connection', () => {
  test('a refused subscription is told with the words of the bridge', async () => {
    const starting = create({
      wait: async (_ms, signal) => await new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    }).start();
    const stream = await bridge.stream(1);
    stream.send({ type: 'hello', protocol: 'wabridge.v1', connection: 'c', heartbeatMs: 15_000, maxWindow: 256 });
    await stream.next('subscribe');
    stream.send({
      type: 'error',
      subscription: 'n8n:i:w:n',
      code: 'WAB_SESSION_NOT_ALLOWED',
      message: 'Key k may not use session sales.',
    });
    expect(await starting).toEqual({
      reason: 'Key k may not use session sales. (WAB_SESSION_NOT_ALLOWED)',
      isTemporary: false,
      answered: true,
    });
  });

  test('a restart of the bridge: waits as long as it asks for', async () => {
    void create().start();
    const stream = await subscribed(1);
    stream.send({ type: 'bye', reason: 'restart', reconnectAfterMs: 3_000 });
    stream.socket.close(4000);
    await subscribed(2);
    expect(waits).toEqual([3_000]);
    expect(shown).toEqual([]);
  });

  test('superseded: waits at least a minute, and says why', async () => {
    void create().start();
    for (const number of [1, 2, 3]) {
      const stream = await subscribed(number);
      stream.send({ type: 'bye', reason: 'superseded', reconnectAfterMs: 0, subscription: 'n8n:i:w:n' });
      stream.socket.close(4002);
    }
    await subscribed(4);
    expect(waits).toEqual([60_000, 60_000, 60_000]);
    expect(shown[0]).toContain('another connection took over');
    expect(shown[0]).toContain('staging');
  });

  test('superseded: from then on takes the subscription from nobody, and asks every minute whether it is free', async () => {
    void create().start();
    const first = await subscribed(1);
    first.send({ type: 'bye', reason: 'superseded', reconnectAfterMs: 0, subscription: 'n8n:i:w:n' });
    first.socket.close(4002);
    for (const number of [2, 3]) {
      const stream = await bridge.stream(number);
      stream.send({ type: 'hello', protocol: 'wabridge.v1', connection: 'c', heartbeatMs: 15_000, maxWindow: 256 });
      expect(await stream.next('subscribe')).toMatchObject({ takeover: false });
      stream.send({
        type: 'error',
        subscription: 'n8n:i:w:n',
        code: 'WAB_SUBSCRIPTION_BUSY',
        message: 'It is in use.',
      });
    }
    const free = await subscribed(4);
    free.socket.terminate();
    const again = await subscribed(5);
    expect(await again.next('subscribe')).not.toHaveProperty('takeover');
    expect(waits.slice(0, 3)).toEqual([60_000, 60_000, 60_000]);
    expect(shown).toHaveLength(1);
  });

  test('a revoked key: is shown, and tried again after a minute, since a new key may be in the credential then', async () => {
    void create().start();
    const stream = await subscribed(1);
    stream.send({ type: 'bye', reason: 'key_revoked', reconnectAfterMs: 0 });
    stream.socket.close(4001);
    await subscribed(2);
    expect(waits[0]).toBeGreaterThanOrEqual(60_000);
    expect(shown[0]).toContain('revoked');
  });

  test('silence longer than two heartbeats: connects again', async () => {
    void create().start();
    const first = await subscribed(1, { heartbeatMs: 100 });
    const quietSince = Date.now();
    await first.closed;
    expect(Date.now() - quietSince).toBeGreaterThanOrEqual(190);
    await subscribed(2);
    expect(logged('silent')).toHaveLength(1);
  });

  test.each([-2, 2])(
    'silence is noticed in its time, though the clock is set by %i h',
    async (hours) => {
      void create().start();
      const first = await subscribed(1, { heartbeatMs: 1_000 });
      const { set } = settableClock();
      try {
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        await roundTrip(first);
        const quietSince = performance.now();
        set(hours);
        // By now it has looked, and would have taken the step for silence.
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        expect(logged('silent')).toHaveLength(0);
        await first.closed;
        expect(performance.now() - quietSince).toBeGreaterThanOrEqual(1_900);
        expect(performance.now() - quietSince).toBeLessThan(20_000);
        await subscribed(2);
        expect(logged('silent')).toHaveLength(1);
      } finally {
        jest.restoreAllMocks();
      }
    },
    30_000,
  );

  test.each([-2, 2])(
    'a connection that held is told from one that did not, though the clock is set by %i h',
    async (hours) => {
      void create().start();
      const { set, pass } = settableClock();
      try {
        for (const number of [1, 2, 3, 4]) {
          const stream = await subscribed(number);
          await roundTrip(stream);
          if (number === 3) pass(11_000);
          set(number % 2 === 0 ? 0 : hours);
          stream.socket.terminate();
        }
        await subscribed(5);
        const [first, second, held, after] = waits as [number, number, number, number];
        expect([second, held, after]).toEqual([2 * first, first, 2 * first]);
      } finally {
        jest.restoreAllMocks();
      }
    },
  );

  test('pings keep it open', async () => {
    void create().start();
    const stream = await subscribed(1, { heartbeatMs: 150 });
    for (let beat = 0; beat < 6; beat += 1) {
      await new Promise((resolve) => setTimeout(resolve, 75));
      await roundTrip(stream);
    }
    expect(bridge.connections).toBe(1);
  });

  test('stopping does not wait for a backoff', async () => {
    void create({
      wait: async (ms, signal) =>
        await new Promise((resolve) => {
          if (signal.aborted) resolve();
          else {
            signal.addEventListener('abort', () => resolve());
            void ms;
          }
        }),
    }).start();
    const stream = await subscribed(1);
    stream.send({ type: 'bye', reason: 'restart', reconnectAfterMs: 3_600_000 });
    stream.socket.close(4000);
    while (waits.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await client.stop();
    expect(waits).toEqual([3_600_000]);
  });
});

describe('missing events', () => {
  test('a gap in a chat: asks again, and goes on where the bridge delivers it', async () => {
    void create().start();
    const first = await subscribed(1);
    first.deliver(messageEvent(10));
    first.deliver(messageEvent(30), 1, 'cur-20');
    const second = await subscribed(2);
    second.deliver(messageEvent(20), 2, 'cur-10');
    second.deliver(messageEvent(30), 2, 'cur-20');
    await roundTrip(second);
    expect(events.map(({ event }) => event.seq)).toEqual([10, 20, 30]);
    expect(logged('is missing')).toHaveLength(1);
    expect(shown).toEqual([]);
  });

  test('a gap that the bridge insists on is shown, and the event is taken', async () => {
    void create().start();
    const first = await subscribed(1);
    first.deliver(messageEvent(10));
    first.deliver(messageEvent(30), 1, 'cur-20');
    const second = await subscribed(2);
    second.deliver(messageEvent(30), 2, 'cur-20');
    await roundTrip(second);
    expect(events.map(({ event }) => event.seq)).toEqual([10, 30]);
    expect(shown).toHaveLength(1);
    expect(shown[0]).toContain('does not deliver');
  });

  test('chats are judged apart, and redeliveries not at all', async () => {
    void create().start();
    const stream = await subscribed(1);
    const other = (seq: number) => messageEvent(seq, { chat: { chatId: 'other@c.us' } });
    stream.deliver(messageEvent(10), 1, 'cur-3');
    stream.deliver(other(11), 1, 'cur-7');
    stream.deliver(other(12), 1, 'cur-11');
    stream.deliver(messageEvent(13), 1, 'cur-10');
    stream.deliver(messageEvent(13), 2, 'cur-10');
    await roundTrip(stream);
    expect(events).toHaveLength(5);
    expect(bridge.connections).toBe(1);
  });

  test('are none of those that another reader had, and none of a log that begins again', async () => {
    void create().start();
    const first = await subscribed(1);
    first.deliver(messageEvent(10));
    await roundTrip(first);
    first.send({ type: 'bye', reason: 'superseded', reconnectAfterMs: 0, subscription: 'n8n:i:w:n' });
    first.socket.close(4002);
    const second = await subscribed(2);
    second.deliver(messageEvent(30), 1, 'cur-20');
    await roundTrip(second);
    second.send({ type: 'reset', subscription: 'n8n:i:w:n', reason: 'expired', oldest: 'cur-40', lost: 1 });
    second.deliver(messageEvent(50), 1, 'cur-45');
    await roundTrip(second);
    expect(events.map(({ event }) => event.seq)).toEqual([10, 30, 50]);
    expect(logged('is missing')).toEqual([]);
    expect(logged('does not deliver')).toEqual([]);
    expect(bridge.connections).toBe(2);
  });

  test('a reset is shown with what is lost', async () => {
    void create().start();
    const stream = await subscribed(1);
    stream.send({ type: 'reset', subscription: 'n8n:i:w:n', reason: 'expired', oldest: 'cur-90', lost: 80 });
    await roundTrip(stream);
    expect(shown[0]).toContain('Up to 80 events will not be delivered');
  });
});

describe('what waited too long', () => {
  const subscribedAfterSkipping = async (number: number, skipped: number): Promise<FakeStream> => {
    const stream = await bridge.stream(number);
    stream.send({ type: 'hello', protocol: 'wabridge.v1', connection: 'c', heartbeatMs: 15_000, maxWindow: 256 });
    const { subscription } = await stream.next('subscribe');
    stream.send({ type: 'subscribed', subscription, cursor: 'cur-0', resumed: 2, skipped });
    return stream;
  };

  test('is skipped at the first subscribe, said with its number, and no connection later skips anything', async () => {
    const starting = create({ maxBacklogAgeMs: 3_600_000 }).start();
    const first = await subscribedAfterSkipping(1, 214);
    await starting;
    const { maxAgeMs } = await first.next('subscribe');
    expect(maxAgeMs).toBeGreaterThanOrEqual(3_600_000);
    expect(maxAgeMs).toBeLessThan(3_660_000);
    expect(logged('skipped 214 events that were older than 60 minutes')).toHaveLength(1);
    first.socket.terminate();
    const second = await subscribed(2);
    expect(await second.next('subscribe')).not.toHaveProperty('maxAgeMs');
    expect(logged('skipped')).toHaveLength(1);
    expect(shown).toEqual([]);
  });

  test('and was let go by the bridge meanwhile is a line in the log, and a failed execution where all was wanted', async () => {
    const paused = { type: 'reset', subscription: 'n8n:i:w:n', reason: 'paused', oldest: 'cur-90', lost: 80 };
    for (const maxBacklogAgeMs of [3_600_000, undefined]) {
      void create(maxBacklogAgeMs === undefined ? {} : { maxBacklogAgeMs }).start();
      const stream = await subscribed(bridge.connections + 1);
      stream.send(paused);
      await roundTrip(stream);
      expect(logged('Up to 80 events will not be delivered')).not.toEqual([]);
      expect(shown).toHaveLength(maxBacklogAgeMs === undefined ? 1 : 0);
      await client.stop();
    }
  });

  test.each([
    ['however long the bridge is away after it', 5, 5 * 3_600_000 + 60_000],
    ['and is never less than was set, although the clock was set back', -2, 60_000],
    ['and grows with an outage during which the clock was set back', -2, 660_000, 600_000],
    ['and is never more than the bridge accepts, although the clock was set by 20 years', 20 * 8_766, MAX_AGE_MS],
  ])('is counted from the start of the trigger, %s', async (_name, step, atLeast, awayMs = 0) => {
    bridge.refuseUpgrades = true;
    const { set, pass } = settableClock();
    try {
      await create({
        maxBacklogAgeMs: 60_000,
        wait: async () => {
          set(step);
          pass(awayMs);
          bridge.refuseUpgrades = false;
        },
      }).start();
      const stream = await subscribed(1);
      const { maxAgeMs } = await stream.next('subscribe');
      expect(maxAgeMs).toBeGreaterThanOrEqual(atLeast);
      expect(maxAgeMs).toBeLessThanOrEqual(MAX_AGE_MS);
    } finally {
      jest.restoreAllMocks();
    }
  });
});

test('an ephemeral subscription begins at the latest event and goes on where it was', async () => {
  void create({ durable: false }).start();
  const first = await subscribed(1);
  expect(await first.next('subscribe')).toMatchObject({ durable: false, from: 'latest' });
  first.send({ type: 'ping', id: 1, positions: { 'n8n:i:w:n': 'cur-77' } });
  await first.next('pong');
  first.socket.terminate();
  const second = await bridge.stream(2);
  second.send({ type: 'hello', protocol: 'wabridge.v1', connection: 'c', heartbeatMs: 15_000, maxWindow: 2 });
  expect(await second.next('subscribe')).toMatchObject({ from: 'cur-77', window: 2 });
});
