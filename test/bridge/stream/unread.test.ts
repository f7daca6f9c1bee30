/** Subscriptions that nobody reads: what counts as such, and that nothing is passed over without a word. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { systemClock, type Clock } from '../../../bridge/src/ops/clock.ts';
import { eventually, Harness, key, subscribeFrame, textOf, type HarnessOptions } from './harness.ts';

jest.setTimeout(30_000);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let harness: Harness;
const start = async (options: HarnessOptions = {}): Promise<Harness> =>
  (harness = await Harness.start({ ...options, settings: { heartbeatMs: 300_000, ...options.settings } }));
afterEach(() => harness.close());

/** A clock that a test sets, and that lets the hourly sweep come when the test says. */
class SetClock implements Clock {
  #now = Date.now();
  #wake: () => void = () => undefined;
  /** How often the sweep has lain down. */
  sleeps = 0;

  now(): number {
    return this.#now;
  }

  elapsed(): number {
    return systemClock.elapsed();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms !== HOUR) return systemClock.sleep(ms, signal);
    this.sleeps += 1;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      signal?.addEventListener('abort', () => resolve());
    });
  }

  pass(ms: number): void {
    this.#now += ms;
  }

  /** The hour of the sweep is over, after which the wall clock shows this much more; until it lies down again. */
  async hourEnds(ms = HOUR): Promise<void> {
    const { sleeps } = this;
    this.pass(ms);
    this.#wake();
    await eventually(() => expect(this.sleeps).toBe(sleeps + 1));
  }
}

const view = async () => (await harness.hub.subscriptions(key()))[0];

/** Leaves a subscription behind, with an event that waits for it. */
async function leaveUnread(): Promise<void> {
  const reader = await harness.connect();
  await reader.subscribe();
  reader.terminate();
  await eventually(async () => expect(await view()).toMatchObject({ connected: false }));
  await harness.say('1', 'kept');
}

describe('time in which nobody could read', () => {
  test.each([8, 31])('does not count after the bridge was off for %i days', async (days) => {
    const clock = new SetClock();
    await start({ clock });
    await leaveUnread();
    await harness.stop();
    clock.pass(days * DAY);
    const { sleeps } = clock;
    await harness.open();
    await eventually(() => expect(clock.sleeps).toBe(sleeps + 1));
    const back = await harness.connect();
    expect(await back.subscribe()).toMatchObject({ resumed: 1 });
    expect(textOf(await back.event())).toBe('kept');
  });

  test('does not count at once when the machine wakes up or its clock is set forward', async () => {
    const clock = new SetClock();
    await start({ clock });
    await leaveUnread();
    await clock.hourEnds(8 * DAY);
    expect(await view()).toMatchObject({ pausedAt: null, waiting: 1 });
    await clock.hourEnds();
    expect(await view()).toMatchObject({ pausedAt: new Date(clock.now()).toISOString() });
  });
});

describe('a subscription that is used while others are looked at', () => {
  /** Leaves one behind besides `sub`, which is looked at before it. */
  async function leaveTwo(clock: SetClock, idleDays: number): Promise<void> {
    await start({ clock });
    const other = await harness.connect();
    await other.subscribe({ subscription: 'another' });
    other.terminate();
    await eventually(() => expect(harness.hub.stats().connections).toBe(0));
    await leaveUnread();
    await eventually(async () => expect(await named('sub')).toMatchObject({ connected: false }));
    clock.pass(idleDays * DAY);
  }
  const named = async (name: string) => (await harness.hub.subscriptions(key())).find((each) => each.name === name);

  /** Looks for unused ones, and is stopped at the first while `sub` is read for a moment. */
  async function sweepWhileRead(operation: string): Promise<void> {
    const hold = harness.hold(operation);
    const sweep = harness.hub.sweep();
    await eventually(() => expect(hold.count).toBe(1));
    const reader = await harness.connect();
    await reader.subscribe();
    reader.terminate();
    await eventually(async () => expect(await named('sub')).toMatchObject({ connected: false }));
    hold.release();
    await sweep;
  }

  test('is not paused', async () => {
    await leaveTwo(new SetClock(), 8);
    await sweepWhileRead('stream.pause');
    expect(await named('another')).toMatchObject({ pausedAt: expect.any(String) });
    expect(await named('sub')).toMatchObject({ pausedAt: null, waiting: 1 });
  });

  test('is not removed', async () => {
    await leaveTwo(new SetClock(), 400);
    await sweepWhileRead('stream.removeSubscription');
    expect(await named('another')).toBeUndefined();
    expect(await named('sub')).toMatchObject({ connected: false });
  });
});

describe('a pause', () => {
  async function pauseUnread(): Promise<void> {
    const clock = new SetClock();
    await start({ clock });
    await leaveUnread();
    clock.pass(8 * DAY);
    await harness.hub.sweep();
    expect((await view())!.pausedAt).not.toBeNull();
  }

  test('is told to the next reader where the one before was gone too early to be told', async () => {
    await pauseUnread();
    let goOn!: () => void;
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    const scan = harness.events.scan.bind(harness.events);
    let scans = 0;
    harness.events.scan = async (...args) => {
      scans += 1;
      await gate;
      return scan(...args);
    };
    const gone = await harness.connect();
    gone.send(subscribeFrame());
    await eventually(() => expect(scans).toBe(1));
    gone.terminate();
    await eventually(() => expect(harness.hub.stats().connections).toBe(0));
    goOn();
    const back = await harness.connect();
    await back.subscribe();
    await back.settled();
    expect(back.frames.filter(({ type }) => type === 'reset')).toMatchObject([{ reason: 'paused', lost: 1 }]);
    back.terminate();
    await eventually(async () => expect(await view()).toMatchObject({ connected: false, pausedAt: null }));
  });

  test('refuses a dead letter that would be passed over with the rest, and keeps it', async () => {
    const clock = new SetClock();
    await start({ clock, settings: { maxRefusals: 1 } });
    const reader = await harness.connect();
    await reader.subscribe();
    await harness.say('1', 'refused');
    reader.nack(await reader.event());
    const deadLetters = () => harness.hub.deadLetters(key(), { limit: 10 });
    await eventually(async () => expect(await deadLetters()).toHaveLength(1));
    reader.terminate();
    await eventually(async () => expect(await view()).toMatchObject({ connected: false }));
    clock.pass(8 * DAY);
    await harness.hub.sweep();
    const { id } = (await deadLetters())[0]!;
    await expect(harness.hub.redrive(id, key())).rejects.toMatchObject({ code: 'WAB_SUBSCRIPTION_PAUSED' });
    expect(await deadLetters()).toHaveLength(1);
    const back = await harness.connect();
    await back.subscribe();
    await back.settled();
    await harness.hub.redrive(id, key());
    expect(textOf(await back.event())).toBe('refused');
  });
});
