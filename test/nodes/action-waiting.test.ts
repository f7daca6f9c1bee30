/** How long the action node waits for a message to be taken. */
import { describe, expect, jest, test } from '@jest/globals';
import type { INode, INodeParameters } from 'n8n-workflow';
import type { OutboxMessage } from '../../nodes/shared/contract.generated';
import { WaBridge } from '../../nodes/WaBridge/WaBridge.node';
import { outputOf } from './support/n8n';
import {
  bridge,
  accepted,
  sendText,
  eventItem,
  answer,
  runAnswer,
  sends,
  sendOperations,
  keys,
  errorOf,
  useBridge,
} from './action-harness';

useBridge();

describe('waiting', () => {
  const queued = (): OutboxMessage => accepted({ state: 'queued', messageId: null, attempts: 0 });
  const waiting = (parameters: INodeParameters = {}, rest: Partial<INode> = {}): INode =>
    answer(sendText(parameters), rest);

  test('unless told otherwise asks the bridge to answer once WhatsApp has taken the message, within 10 s', async () => {
    const run = await runAnswer([eventItem(1)]);
    expect(sends()).toHaveLength(1);
    expect(Number(sends()[0]?.query.get('waitMs'))).toBeGreaterThan(9_000);
    expect(Number(sends()[0]?.query.get('waitMs'))).toBeLessThanOrEqual(10_000);
    expect(outputOf(run, 'Answer')[0]?.json).toMatchObject({
      state: 'accepted',
      messageId: 'true_4915112345678@c.us_1',
      replayed: false,
    });
  });

  test('is a field of every operation that sends, and of no other', () => {
    const shown = new WaBridge().description.properties
      .filter(({ name }) => name === 'wait')
      .map(({ default: preset, displayOptions }) => [preset, displayOptions?.show?.['operation']]);
    expect(shown.sort()).toEqual(sendOperations().map((operation) => ['accepted', [operation]]));
  });

  test('longer than one request may take asks again under the same key, and needs no other right than to send', async () => {
    let asked = 0;
    bridge.answers.set('POST /v1/messages', () => {
      asked += 1;
      return { status: 202, json: asked < 3 ? { ...queued(), replayed: asked > 1 } : accepted({ replayed: true }) };
    });
    const run = await runAnswer([eventItem(1)], waiting({ waitSeconds: 60 }));
    expect(bridge.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/messages',
      'POST /v1/messages',
      'POST /v1/messages',
    ]);
    expect(new Set(keys()).size).toBe(1);
    for (const { query } of sends()) expect(Number(query.get('waitMs'))).toBeLessThanOrEqual(20_000);
    expect(outputOf(run, 'Answer')[0]?.json).toMatchObject({ state: 'accepted', replayed: false });
  });

  test('asks for whole milliseconds, whatever fraction of a second is set', async () => {
    for (const waitSeconds of [1.1, 4.35, 8.2, 16.1, 1.0005]) await runAnswer([eventItem(1)], waiting({ waitSeconds }));
    const asked = sends().map(({ query }) => query.get('waitMs'));
    expect(asked).toHaveLength(5);
    for (const waitMs of asked) expect(waitMs).toMatch(/^[1-9]\d*$/);
  });

  test('lasts an hour at most', async () => {
    let asked = 0;
    bridge.answers.set('POST /v1/messages', () => {
      asked += 1;
      // The clock of the node has gone on by an hour when the bridge answers.
      if (asked === 1) jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 3_600_001);
      return { status: 202, json: asked < 3 ? queued() : accepted() };
    });
    try {
      const run = await runAnswer([eventItem(1)], waiting({ waitSeconds: 100_000 }));
      expect(outputOf(run, 'Answer')[0]?.json).toMatchObject({ state: 'queued' });
    } finally {
      jest.restoreAllMocks();
    }
    expect(asked).toBe(1);
  });

  test('fails with the sentence of a message that failed meanwhile', async () => {
    const error = { code: 'WAB_CHAT_UNKNOWN', message: 'WhatsApp has no chat or account with this address.' };
    bridge.answers.set('POST /v1/messages', { status: 202, json: accepted({ state: 'failed', error }) });
    const run = await runAnswer([eventItem(1)]);
    expect(errorOf(run).message).toBe(error.message);
    expect(errorOf(run).description).toContain('WAB_CHAT_UNKNOWN');
    const goesOn = await runAnswer([eventItem(1)], waiting({}, { onError: 'continueRegularOutput' }));
    expect(outputOf(goesOn, 'Answer')[0]?.json).toMatchObject({
      error: error.message,
      details: { code: 'WAB_CHAT_UNKNOWN' },
    });
  });

  test.each(['in_doubt', 'cancelled'] as const)('fails where the message is %s', async (state) => {
    bridge.answers.set('POST /v1/messages', { status: 202, json: accepted({ state }) });
    expect(errorOf(await runAnswer([eventItem(1)])).message).toContain('out_00000000000000000000000001');
  });

  test('goes on when the time is over, with the state in the output, and waits no more for the items after', async () => {
    bridge.answers.set('POST /v1/messages', { status: 202, json: queued() });
    const run = await runAnswer([eventItem(1), eventItem(2), eventItem(3)], waiting({ waitSeconds: 1 }));
    expect(outputOf(run, 'Answer').map(({ json }) => json['state'])).toEqual(['queued', 'queued', 'queued']);
    const waits = sends().map(({ body, query }) => [body.includes('hello 1'), query.has('waitMs')]);
    expect(waits.filter(([first]) => first === true).every(([, waited]) => waited)).toBe(true);
    expect(waits.filter(([first]) => first === false)).toEqual([
      [false, false],
      [false, false],
    ]);
  });

  test('waits no longer than was set although the clock was set back meanwhile', async () => {
    const real = Date.now.bind(Date);
    const now = jest.spyOn(Date, 'now');
    bridge.answers.set('POST /v1/messages', () => {
      now.mockImplementation(() => real() - 7_200_000);
      return { status: 202, json: queued() };
    });
    try {
      const run = await runAnswer([eventItem(1)], waiting({ waitSeconds: 1 }));
      expect(outputOf(run, 'Answer').map(({ json }) => json['state'])).toEqual(['queued']);
    } finally {
      now.mockRestore();
    }
  });

  test('fails when the time is over, where that is wished, and says that the message still goes', async () => {
    bridge.answers.set('POST /v1/messages', { status: 202, json: queued() });
    const run = await runAnswer([eventItem(1)], waiting({ wait: 'acceptedOrFail', waitSeconds: 1 }));
    expect(errorOf(run).message).toContain('queued');
    expect(errorOf(run).description).toContain('still be sent');
  });

  test('can be left out', async () => {
    bridge.answers.set('POST /v1/messages', { status: 202, json: accepted({ state: 'queued', messageId: null }) });
    const run = await runAnswer([eventItem(1)], waiting({ wait: 'stored' }));
    expect(sends().map(({ query }) => query.get('waitMs'))).toEqual([null]);
    expect(outputOf(run, 'Answer')[0]?.json).toMatchObject({ state: 'queued' });
  });

  test('is not ended by a proxy that answers in the place of the bridge', async () => {
    let asked = 0;
    bridge.answers.set('POST /v1/messages', () =>
      ++asked === 1
        ? { status: 504, bytes: Buffer.from('<h1>504 Gateway Time-out</h1>'), headers: { 'content-type': 'text/html' } }
        : { status: 202, json: accepted({ replayed: true }) },
    );
    const run = await runAnswer([eventItem(1)]);
    expect(outputOf(run, 'Answer')[0]?.json).toMatchObject({ state: 'accepted' });
    expect(new Set(keys()).size).toBe(1);
  });
});
