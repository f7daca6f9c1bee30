import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FakeBridge, messageEvent, problem, type FakeStream } from './support/fake-bridge';
import { ActiveTrigger, SIGNING_KEY } from './support/n8n';
import type { INodeParameters, INodeProperties, IRun, WorkflowActivateMode } from 'n8n-workflow';
import { WaBridge } from '../../nodes/WaBridge/WaBridge.node';
import { WaBridgeTrigger } from '../../nodes/WaBridgeTrigger/WaBridgeTrigger.node';
import { Deliveries, type DeliveryOptions } from '../../nodes/WaBridgeTrigger/delivery';
import { Runs } from '../../nodes/WaBridgeTrigger/runs';

let bridge: FakeBridge;
let trigger: ActiveTrigger;
let stream: FakeStream;

const inChat = (seq: number, chat: number) =>
  messageEvent(seq, { chat: { chatId: `${chat}@c.us` }, sender: { chatId: `${chat}@c.us` } });

beforeEach(async () => {
  bridge = new FakeBridge();
  await bridge.start();
});

afterEach(async () => {
  for (const run of trigger?.emitted ?? []) run.finish('success');
  await trigger?.close();
  await bridge.stop();
});

async function open(
  parameters: Record<string, unknown> = {},
  workflowId?: string,
  activation: WorkflowActivateMode = 'activate',
): Promise<void> {
  const opening = ActiveTrigger.open({ baseUrl: bridge.url, privateKey: SIGNING_KEY }, parameters as INodeParameters, {
    activation,
    ...(workflowId === undefined ? {} : { workflowId }),
  });
  stream = await bridge.stream(bridge.connections + 1);
  await stream.subscribe();
  trigger = await opening;
}

/** The client has answered nothing for a whole round trip. */
async function roundTrip(on: FakeStream = stream): Promise<void> {
  const id = Math.floor(Math.random() * 1e9);
  const before = on.count('pong');
  on.send({ type: 'ping', id, positions: {} });
  await on.nth('pong', before + 1);
}

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

describe('the item', () => {
  test('is the event, flat, with what is known of its delivery', async () => {
    await open();
    stream.deliver(messageEvent(7), 3);
    const { items } = await trigger.run(1);
    expect(items).toEqual([
      {
        json: {
          ...messageEvent(7).data,
          id: messageEvent(7).id,
          type: 'message.received',
          session: 'support',
          seq: 7,
          occurredAt: '2026-01-01T00:00:00.000Z',
          chat: { chatId: '4915112345678@c.us', phone: '+4915112345678', name: 'Ada', kind: 'direct' },
          isGroup: false,
          ageSeconds: expect.any(Number),
          sessionId: 'support:4915112345678@c.us',
          chatInput: 'hello 7',
          sender: { chatId: '4915112345678@c.us', phone: '+4915112345678', name: 'Ada' },
          delivery: { attempt: 3, subscription: stream.subscription, cursor: 'cur-7' },
        },
      },
    ]);
  });

  test('says how old the event is, what kind of chat it is of, and what an AI agent needs', async () => {
    await open({ events: ['message.received', 'session.degraded'], options: { maxInFlight: 5 } });
    const occurredAt = new Date(Date.now() - 90_000).toISOString();
    const group = { chatId: '120363000000000001@g.us', name: 'Team' };
    stream.deliver(messageEvent(1, { chat: group, occurredAt }));
    stream.deliver(messageEvent(2, { chat: { chatId: '5@lid' } }, { kind: 'image', text: null }));
    stream.deliver(messageEvent(3, { type: 'session.degraded', chat: null, sender: null, data: { reason: 'silent' } }));
    const items = await Promise.all([1, 2, 3].map(async (number) => (await trigger.run(number)).items[0]?.json));
    const byEvent = Object.fromEntries(items.map((json) => [json?.['seq'], json]));
    expect(byEvent[1]).toMatchObject({
      chat: { ...group, kind: 'group' },
      isGroup: true,
      sessionId: 'support:120363000000000001@g.us',
    });
    expect(byEvent[1]?.['ageSeconds']).toBeGreaterThanOrEqual(90);
    expect(byEvent[1]?.['ageSeconds']).toBeLessThan(120);
    expect(byEvent[2]).toMatchObject({ chat: { kind: 'direct' }, isGroup: false, text: null, chatInput: '' });
    expect(byEvent[3]).toMatchObject({ chat: null, isGroup: false, reason: 'silent' });
    expect(byEvent[3]).not.toHaveProperty('chatInput');
    expect(byEvent[3]).not.toHaveProperty('sessionId');
  });

  const downloads = () => bridge.requests.filter(({ path }) => path.startsWith('/v1/media/'));
  const withMedia = (seq: number) =>
    messageEvent(
      seq,
      {},
      {
        kind: 'image',
        text: 'look',
        media: { mediaId: 'med_00000000000000000000000001', kind: 'image', mimeType: 'image/png', fileName: 'cat.png' },
      },
    );

  test('carries media as binary, fetched with a bounded wait and a signed request', async () => {
    bridge.answers.set('GET /v1/media/med_00000000000000000000000001', {
      bytes: Buffer.from('PNG!'),
      headers: { 'content-type': 'image/png' },
    });
    await open({ options: { mediaWait: 7, binaryField: 'file' } });
    stream.deliver(withMedia(1));
    const { items } = await trigger.run(1);
    expect(items[0]?.binary?.['file']).toMatchObject({
      mimeType: 'image/png',
      fileName: 'cat.png',
      data: Buffer.from('PNG!').toString('base64'),
    });
    const [download] = downloads();
    expect(download?.query.get('waitMs')).toBe('7000');
    expect(download?.headers['signature']).toMatch(/^wab=:/);
  });

  test('says so where media cannot be had', async () => {
    bridge.answers.set(
      'GET /v1/media/med_00000000000000000000000001',
      problem(410, 'WAB_MEDIA_FAILED', 'Media could not be fetched from WhatsApp: gone.'),
    );
    await open();
    stream.deliver(withMedia(1));
    const { items } = await trigger.run(1);
    expect(items[0]?.binary).toBeUndefined();
    expect(items[0]?.json['mediaError']).toEqual({
      code: 'WAB_MEDIA_FAILED',
      message: 'Media could not be fetched from WhatsApp: gone.',
    });
  });

  test('leaves media alone where the download is switched off', async () => {
    await open({ options: { downloadMedia: false } });
    stream.deliver(withMedia(1));
    const { items } = await trigger.run(1);
    expect(items[0]?.json['mediaError']).toBeUndefined();
    expect(downloads()).toEqual([]);
  });
});
