/** How events reach a workflow, and what becomes of them. */
import { describe, expect, test } from '@jest/globals';
import { messageEvent } from './support/fake-bridge';
import type { INodeProperties, WorkflowActivateMode } from 'n8n-workflow';
import { WaBridge } from '../../nodes/WaBridge/WaBridge.node';
import { WaBridgeTrigger } from '../../nodes/WaBridgeTrigger/WaBridgeTrigger.node';
import { bridge, trigger, stream, inChat, open, roundTrip, useBridge } from './trigger-harness';

useBridge();

describe('the subscription', () => {
  test('is durable, signed, and named after instance, workflow and node', async () => {
    await open(
      {
        sessionScope: 'one',
        session: { __rl: true, mode: 'name', value: 'support' },
        chatKinds: ['group', 'channel'],
        filters: { from: '+49 151 12345678', fromMe: 'others' },
      },
      'wf-named',
    );
    const subscribe = await stream.next('subscribe');
    expect(subscribe).toMatchObject({ durable: true, from: 'resume', window: 5 });
    expect(subscribe.subscription).toMatch(/^n8n:[0-9a-f]+:wf-named:id-of-wabridge-trigger$/);
    expect(subscribe.filter).toEqual({
      types: ['message.received'],
      sessions: ['support'],
      chatKinds: ['group', 'channel'],
      from: ['+4915112345678'],
      fromMe: false,
    });
    expect(bridge.upgrades[0]?.headers['signature-input']).toContain('keyid="test"');
  });
});

describe('old events', () => {
  const HOUR_MS = 3_600_000;
  const limitOf = async (options: Record<string, unknown>, activation: WorkflowActivateMode = 'activate') => {
    await open({ options }, undefined, activation);
    const { maxAgeMs } = await stream.next('subscribe');
    await trigger.close();
    return maxAgeMs === undefined ? null : Math.floor(maxAgeMs / 60_000) * 60_000;
  };

  test('are skipped when a workflow is published again, from an hour on unless set', async () => {
    expect(await limitOf({})).toBe(HOUR_MS);
    expect(await limitOf({ backlogHours: 3 })).toBe(3 * HOUR_MS);
    expect(await limitOf({ backlogHours: 0 })).toBeNull();
    expect(await limitOf({ whenPublishedAgain: 'now', backlogHours: 3 })).toBe(0);
  });

  test.each(['init', 'update', 'leadershipChange'] as const)('are all delivered after %s', async (activation) => {
    expect(await limitOf({}, activation)).toBeNull();
    expect(await limitOf({ whenPublishedAgain: 'now' }, activation)).toBeNull();
  });

  test('start no execution where that is set, are acknowledged and said', async () => {
    const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
    await open({ options: { maxAgeMinutes: 2 } });
    stream.deliver(messageEvent(1, { occurredAt: ago(600) }));
    stream.deliver(messageEvent(2, { occurredAt: ago(300) }));
    expect(await stream.nth('ack', 2)).toMatchObject({ cursors: ['cur-2'], attempt: 1 });
    stream.deliver(messageEvent(3, { occurredAt: ago(60) }));
    const run = await trigger.run(1);
    expect(run.items[0]?.json['seq']).toBe(3);
    run.finish('success');
    await stream.nth('ack', 3);
    expect(trigger.emitted).toHaveLength(1);
    expect(trigger.log.filter((line) => line.includes('because of their age'))).toHaveLength(1);
  });

  test('that came in time are run again after a failed execution, however late that is', async () => {
    const event = messageEvent(1, { occurredAt: new Date(Date.now() - 60_000).toISOString() });
    await open({ acknowledge: 'succeeded', options: { maxAgeMinutes: 2 } });
    stream.deliver(event);
    (await trigger.run(1)).finish('error');
    expect(await stream.next('nack')).toMatchObject({ cursors: ['cur-1'], attempt: 1 });
    stream.deliver({ ...event, occurredAt: new Date(Date.now() - 600_000).toISOString() }, 3);
    const again = await Promise.race([trigger.run(2), stream.next('ack').then(() => null)]);
    expect(again?.items[0]?.json['seq']).toBe(1);
    again?.finish('success');
    expect(await stream.next('ack')).toMatchObject({ cursors: ['cur-1'], attempt: 3 });
    expect(trigger.log.filter((line) => line.includes('because of their age'))).toEqual([]);
  });
});

describe('a new trigger', () => {
  test('listens to direct chats only; with no kind chosen, to all', async () => {
    await open();
    expect((await stream.next('subscribe')).filter).toEqual({ types: ['message.received'], chatKinds: ['direct'] });
    await trigger.close();
    await open({ chatKinds: [] });
    expect((await stream.next('subscribe')).filter).toEqual({ types: ['message.received'] });
  });

  test('puts files where the action node looks for them', () => {
    const names = (properties: INodeProperties[]): unknown[] =>
      properties.flatMap(({ name, default: preset, options = [] }) => [
        ...(/^binary/.test(name) ? [preset] : []),
        ...names(options.filter((option): option is INodeProperties => 'type' in option)),
      ]);
    expect(names(new WaBridgeTrigger().description.properties)).toEqual(['data']);
    expect(new Set(names(new WaBridge().description.properties))).toEqual(new Set(['data']));
  });
});

describe('acknowledging', () => {
  test('waits for the end of the run', async () => {
    await open();
    stream.deliver(messageEvent(1));
    const run = await trigger.run(1);
    await roundTrip();
    expect(stream.count('ack')).toBe(0);
    run.finish('success');
    expect(await stream.next('ack')).toEqual({
      type: 'ack',
      subscription: stream.subscription,
      cursors: ['cur-1'],
      attempt: 1,
    });
  });

  test.each(['error', 'waiting', 'canceled'] as const)(
    'finished: a run that ends with %s is acknowledged',
    async (status) => {
      await open();
      stream.deliver(messageEvent(1));
      (await trigger.run(1)).finish(status);
      await stream.next('ack');
      expect(stream.count('nack')).toBe(0);
    },
  );

  test('finished: a run that crashed did not finish', async () => {
    await open();
    stream.deliver(messageEvent(1));
    (await trigger.run(1)).finish('crashed');
    expect(await stream.next('nack')).toMatchObject({ cursors: ['cur-1'], attempt: 1 });
    expect(stream.count('ack')).toBe(0);
  });

  test('succeeded: a failed run is refused with a pause that grows, a parked one acknowledged', async () => {
    await open({ acknowledge: 'succeeded' });
    stream.deliver(messageEvent(1));
    (await trigger.run(1)).finish('error');
    const first = await stream.nth('nack', 1);
    stream.deliver(messageEvent(1), 2);
    (await trigger.run(2)).finish('error');
    const second = await stream.nth('nack', 2);
    expect(second.attempt).toBe(2);
    expect(second.retryAfterMs).toBeGreaterThan(first.retryAfterMs);
    expect(second.reason).toContain('error');
    stream.deliver(inChat(2, 2));
    (await trigger.run(3)).finish('waiting');
    expect(await stream.next('ack')).toMatchObject({ cursors: ['cur-2'] });
  });

  test('received: acknowledged at the start of the run, which keeps its place among those in flight', async () => {
    await open({ acknowledge: 'received', options: { maxInFlight: 1 } });
    stream.deliver(inChat(1, 1));
    await trigger.run(1);
    expect(await stream.next('ack')).toMatchObject({ cursors: ['cur-1'] });
    stream.deliver(inChat(2, 2));
    await roundTrip();
    expect(trigger.emitted).toHaveLength(1);
    trigger.emitted[0]?.finish('success');
    await trigger.run(2);
    expect(await stream.nth('ack', 2)).toMatchObject({ cursors: ['cur-2'] });
  });

  test('a run that n8n took for a duplicate never acknowledges', async () => {
    await open();
    stream.deliver(messageEvent(1));
    (await trigger.run(1)).finish(undefined);
    expect((await stream.next('nack')).reason).toContain('duplicate');
    expect(stream.count('ack')).toBe(0);
    stream.deliver(messageEvent(1), 2);
    (await trigger.run(2)).finish('success');
    expect(await stream.next('ack')).toMatchObject({ attempt: 2 });
  });

  test('a run that could not be started is refused', async () => {
    await open();
    stream.deliver(messageEvent(1));
    (await trigger.run(1)).finish(new Error('database is gone'));
    expect((await stream.next('nack')).reason).toContain('database is gone');
  });
});

test('a newer attempt takes the place of one that waits for its turn, so that the event runs once', async () => {
  await open({ options: { maxInFlight: 1 } });
  stream.deliver(inChat(1, 1));
  const first = await trigger.run(1);
  stream.deliver(inChat(2, 2), 1);
  stream.deliver(inChat(2, 2), 2);
  await roundTrip();
  first.finish('success');
  const second = await trigger.run(2);
  expect(second.items[0]?.json).toMatchObject({ seq: 2, delivery: { attempt: 2 } });
  second.finish('error');
  expect(await stream.nth('ack', 2)).toMatchObject({ cursors: ['cur-2'], attempt: 2 });
  await roundTrip();
  expect(trigger.emitted).toHaveLength(2);
  expect(stream.count('ack')).toBe(2);
});

test('keeps at most the set number of executions in flight', async () => {
  await open({ options: { maxInFlight: 2 } });
  expect((await stream.next('subscribe')).window).toBe(2);
  for (const seq of [1, 2, 3]) stream.deliver(inChat(seq, seq));
  await trigger.run(2);
  await roundTrip();
  expect(trigger.emitted).toHaveLength(2);
  trigger.emitted[1]?.finish('success');
  await trigger.run(3);
});

test('closing waits for runs, so that they are still acknowledged, and starts nothing more', async () => {
  await open({ options: { maxInFlight: 1 } });
  stream.deliver(inChat(1, 1));
  stream.deliver(inChat(2, 2));
  const run = await trigger.run(1);
  const closing = trigger.close();
  await roundTrip();
  expect(stream.count('ack')).toBe(0);
  run.finish('success');
  expect(await stream.next('ack')).toMatchObject({ cursors: ['cur-1'] });
  await closing;
  expect(await stream.closed).toBe(1000);
  expect(trigger.emitted).toHaveLength(1);
});
