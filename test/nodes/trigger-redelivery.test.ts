/** Events that come again, and workflows that are published again. */
import { describe, expect, test } from '@jest/globals';
import { messageEvent } from './support/fake-bridge';
import type { IRun } from 'n8n-workflow';
import { Deliveries, type DeliveryOptions } from '../../nodes/WaBridgeTrigger/delivery';
import { Runs } from '../../nodes/WaBridgeTrigger/runs';
import { bridge, trigger, stream, open, roundTrip, useBridge } from './trigger-harness';

useBridge();

describe('redelivery', () => {
  test('of a running event attaches to that run and is answered when it ends', async () => {
    await open();
    stream.deliver(messageEvent(1));
    const run = await trigger.run(1);
    stream.socket.terminate();
    const second = await bridge.stream(2);
    await second.subscribe();
    second.deliver(messageEvent(1), 2);
    await roundTrip(second);
    expect(trigger.emitted).toHaveLength(1);
    expect(second.count('ack')).toBe(0);
    run.finish('success');
    expect(await second.next('ack')).toMatchObject({ cursors: ['cur-1'], attempt: 2 });
    await roundTrip(second);
    expect(second.count('ack')).toBe(1);
  });

  test('of a running event attaches also after the workflow was published again', async () => {
    await open({}, 'wf-again');
    const first = trigger;
    stream.deliver(messageEvent(1));
    const run = await first.run(1);
    const closing = first.close();
    await open({}, 'wf-again');
    stream.deliver(messageEvent(1), 2);
    await roundTrip();
    expect(trigger.emitted).toHaveLength(0);
    run.finish('success');
    await closing;
    expect(await stream.next('ack')).toMatchObject({ attempt: 2 });
  });

  test('of an acknowledged event is acknowledged without a run', async () => {
    await open();
    stream.deliver(messageEvent(1));
    (await trigger.run(1)).finish('success');
    await stream.next('ack');
    stream.deliver(messageEvent(1), 2);
    expect(await stream.nth('ack', 2)).toMatchObject({ attempt: 2 });
    expect(trigger.emitted).toHaveLength(1);
  });

  test('of a refused event runs again, under another deduplication key', async () => {
    await open({ acknowledge: 'succeeded' }, 'wf-refused');
    stream.deliver(messageEvent(1));
    (await trigger.run(1)).finish('error');
    await stream.next('nack');
    stream.deliver(messageEvent(1), 2);
    const again = await trigger.run(2);
    const [first, second] = trigger.emitted.map(({ key }) => key?.split(':'));
    expect(first?.slice(0, 3)).toEqual(['wf-refused', 'id-of-wabridge-trigger', messageEvent(1).id]);
    expect(first?.[3]).toMatch(/^[0-9a-f-]{36}$/);
    expect(second).toEqual([...(first ?? []).slice(0, 4), '2']);
    expect(again.items[0]?.json['delivery']).toMatchObject({ attempt: 2 });
  });
});

describe('a workflow that is published again while a file is fetched', () => {
  /** Two triggers of one subscription, as after another publishing; the first waits for a file. */
  function predecessorAndSuccessor(mode: DeliveryOptions['mode']) {
    const runs = new Runs();
    let fetched: () => void = () => {};
    const file = new Promise<void>((resolve) => (fetched = resolve));
    const answers: string[] = [];
    const started: string[] = [];
    const make = (name: string): Deliveries =>
      new Deliveries({
        mode,
        maxInFlight: 5,
        runs,
        toItem: async () => {
          await file;
          return { json: {} };
        },
        emit: async () => {
          started.push(name);
          return { status: 'success' } as unknown as IRun;
        },
        deduplicationKey: () => 'key',
        acknowledge: (_cursor, attempt) => answers.push(`${name} acknowledges ${attempt}`),
        refuse: (_cursor, attempt) => answers.push(`${name} refuses ${attempt}`),
        notices: { warn: () => {} } as unknown as ConstructorParameters<typeof Deliveries>[0]['notices'],
      });
    const offer = (to: Deliveries, attempt: number): void =>
      to.offer({ type: 'event', subscription: 's', cursor: 'c', previous: null, attempt, event: messageEvent(1) });
    const settle = async (): Promise<void> => {
      fetched();
      await new Promise((resolve) => setImmediate(resolve));
    };
    return { old: make('old'), young: make('young'), offer, settle, answers, started };
  }

  test('the event comes again, since its run was never started', async () => {
    const { old, young, offer, settle, answers, started } = predecessorAndSuccessor('finished');
    offer(old, 1);
    await old.drain(0);
    offer(young, 2);
    await settle();
    expect(started).toEqual([]);
    expect(answers).toEqual(['young refuses 2']);
    offer(young, 3);
    await settle();
    expect(started).toEqual(['young']);
    expect(answers).toEqual(['young refuses 2', 'young acknowledges 3']);
  });

  test('a delivery that came before the acknowledgement "when received" is answered too', async () => {
    const { old, young, offer, settle, answers, started } = predecessorAndSuccessor('received');
    offer(old, 1);
    offer(young, 2);
    await settle();
    expect(started).toEqual(['old']);
    expect(answers).toEqual(['old acknowledges 1', 'young acknowledges 2']);
  });
});
