/** Events that do not come: gaps, resets, and what waited too long. */
import { describe, expect, jest, test } from '@jest/globals';
import { MAX_AGE_MS } from '../../nodes/shared/contract.generated';
import { messageEvent, type FakeStream } from './support/fake-bridge';
import {
  bridge,
  client,
  shown,
  create,
  subscribed,
  roundTrip,
  settableClock,
  logged,
  events,
  useBridge,
} from './stream-client-harness';

useBridge();

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
