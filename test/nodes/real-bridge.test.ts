/** The nodes against the real bridge: what they sign is what they send, and both mean the same by it. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { INode, INodeExecutionData, INodeParameters } from 'n8n-workflow';
import {
  ACTION,
  ActiveTrigger,
  execute,
  keepBinaryDataInFiles,
  node,
  outputOf,
  TRIGGER,
  workflowOf,
} from './support/n8n';
import { RealBridge } from './support/real-bridge';

jest.setTimeout(60_000);

interface Received {
  readonly text: string | null;
  readonly quotedMessageId: string | null;
  readonly media: { readonly mimeType: string; readonly sha256: string; readonly fileName?: string } | null;
}

const bridge = new RealBridge();
const locator = (value: string, mode = 'name') => ({ __rl: true, mode, value });
const say = async (from: string, said: object): Promise<{ messageId: string }> =>
  await bridge.request('POST', '/v1/sandbox/demo/receive', { from, ...said });
const inbox = async (to: string, atLeast = 1): Promise<Received[]> =>
  await bridge.request(
    'GET',
    `/v1/sandbox/demo/inbox?${new URLSearchParams({ to, via: 'bridge', atLeast: String(atLeast), waitMs: '20000' }).toString()}`,
  );

const answer = (parameters: INodeParameters): INode => node('Answer', ACTION, parameters);
async function run(parameters: INodeParameters, item: INodeExecutionData = { json: {} }, executionId = '1') {
  const workflow = workflowOf([
    node('WaBridge Trigger', TRIGGER, { events: ['message.received'] }),
    answer(parameters),
  ]);
  return await execute(workflow, bridge.credential, [item], { executionId });
}

beforeAll(async () => {
  await keepBinaryDataInFiles();
  await bridge.start();
  await bridge.request('POST', '/v1/sessions', { name: 'demo', engine: 'sandbox' });
  await bridge.untilState('demo', 'ready');
});

afterAll(async () => {
  await bridge.stop();
});

test('trigger and action: a message is received and answered, and a second run of its event sends nothing more', async () => {
  const trigger = await ActiveTrigger.open(bridge.credential, { filters: { from: '+49 151 0000 0001' } });
  await say('+4915100000002', { text: 'not for this workflow' });
  const { messageId } = await say('+4915100000001', { text: 'Grüße 👋' });
  const { items, finish } = await trigger.run(1);
  const [item] = items as [INodeExecutionData];
  expect(item.json).toMatchObject({
    type: 'message.received',
    session: 'demo',
    text: 'Grüße 👋',
    messageId,
    sender: { phone: '+4915100000001' },
  });

  const reply: INodeParameters = {
    resource: 'message',
    operation: 'sendText',
    // Session and chat are those of the event.
    text: '={{ "You wrote: " + $json.text }}',
    options: { quotedMessageId: '={{ $json.messageId }}' },
  };
  const first = await run(reply, item);
  expect(outputOf(first, 'Answer')[0]?.json).toMatchObject({
    type: 'text',
    state: expect.stringMatching(/^(accepted|delivered|read)$/),
    messageId: expect.stringMatching(/./),
    replayed: false,
  });
  const redelivered = { json: { ...item.json, delivery: { ...(item.json['delivery'] as object), attempt: 2 } } };
  const second = await run({ ...reply, text: 'something else' }, redelivered, '2');
  expect(outputOf(second, 'Answer')[0]?.json).toMatchObject({
    id: outputOf(first, 'Answer')[0]?.json['id'],
    replayed: true,
  });
  finish('success');
  expect(await inbox('+4915100000001')).toMatchObject([{ text: 'You wrote: Grüße 👋', quotedMessageId: messageId }]);
  await trigger.close();
  expect(trigger.emitted).toHaveLength(1);
});

test('media comes in as binary and goes out with its digest', async () => {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const trigger = await ActiveTrigger.open(bridge.credential);
  await say('+4915100000003', {
    text: 'look',
    media: { kind: 'image', mimeType: 'image/png', fileName: 'dot.png', base64: png.toString('base64') },
  });
  const { items, finish } = await trigger.run(1);
  const [item] = items as [INodeExecutionData];
  finish('success');
  expect(item.json['mediaError']).toBeUndefined();
  // Kept in a file, so that sending it streams.
  expect(item.binary?.['data']).toMatchObject({
    mimeType: 'image/png',
    id: expect.stringContaining('filesystem'),
    bytes: png.length,
  });

  const result = await run(
    {
      resource: 'message',
      operation: 'sendMedia',
      session: locator('demo'),
      chat: locator('+49 151 0000 0004', 'phone'),
      kind: 'auto',
      caption: 'back to you',
      fileName: 'a name (1).png',
      options: {},
    },
    item,
  );
  expect(result.data.resultData.error).toBeUndefined();
  const [received] = await inbox('+4915100000004');
  expect(received).toMatchObject({
    text: 'back to you',
    media: { mimeType: 'image/png', sha256: createHash('sha256').update(png).digest('hex') },
  });
  await trigger.close();
});

test('a message is marked as read, typing is shown, and a reaction is put and taken back', async () => {
  const trigger = await ActiveTrigger.open(bridge.credential, { filters: { from: '+49 151 0000 0005' } });
  await say('+4915100000005', { text: 'anybody?' });
  const { items, finish } = await trigger.run(1);
  const [item] = items as [INodeExecutionData];
  const chat = { session: locator('demo'), chat: locator('={{ $json.chat.chatId }}', 'id') };
  const react = { ...chat, resource: 'message', operation: 'react', messageId: '={{ $json.messageId }}' };
  const steps: INodeParameters[] = [
    { ...chat, resource: 'chat', operation: 'markAsRead' },
    { ...chat, resource: 'chat', operation: 'typing', state: 'composing' },
    { ...react, emoji: '👍', options: { idempotencyKey: 'put' } },
    { ...react, emoji: '', options: { idempotencyKey: 'taken back' } },
  ];
  for (const step of steps) {
    const { data } = await run(step, item);
    expect(data.resultData.error).toBeUndefined();
  }
  finish('success');
  const seen: object[] = await bridge.request('GET', '/v1/sandbox/demo/operations?to=%2B4915100000005');
  expect(seen).toMatchObject([
    { kind: 'read', read: 1 },
    { kind: 'typing', state: 'composing' },
    { kind: 'reaction', emoji: '👍', messageId: item.json['messageId'] },
    { kind: 'reaction', emoji: '', messageId: item.json['messageId'] },
  ]);
  await trigger.close();
});

describe('sessions', () => {
  test('are listed, stopped and started', async () => {
    const listed = await run({ resource: 'session', operation: 'list' });
    expect(outputOf(listed, 'Answer').map(({ json }) => json['name'])).toContain('demo');
    await bridge.request('POST', '/v1/sessions', { name: 'second', engine: 'sandbox' });
    await bridge.untilState('second', 'ready');
    const stopped = await run({ resource: 'session', operation: 'stop', session: locator('second') });
    expect(outputOf(stopped, 'Answer')[0]?.json).toMatchObject({
      name: 'second',
      state: expect.stringMatching(/^stop/),
    });
    await bridge.untilState('second', 'stopped');
    await run({ resource: 'session', operation: 'start', session: locator('second') });
    await bridge.untilState('second', 'ready');
  });

  test('a ready one has no QR code, and the node says so', async () => {
    const result = await run({
      resource: 'session',
      operation: 'getQr',
      session: locator('demo'),
      binaryPropertyName: 'data',
    });
    expect(result.data.resultData.error).toMatchObject({
      httpCode: '409',
      message: expect.stringContaining('Session demo has no QR code to scan'),
    });
  });
});

test.each([
  [
    'an unknown key',
    `wabk_nobody00_${Buffer.alloc(32, 1).toString('base64url')}`,
    'This bridge does not know key nobody00',
  ],
  ['a key with another seed', 'seed', 'The signature does not match the request'],
])(
  '%s is refused with the right error, in the action node and when a workflow is published',
  async (_what, key, sentence) => {
    const keyId = bridge.credential.privateKey.split('_')[1] ?? '';
    const credential = {
      ...bridge.credential,
      privateKey: key === 'seed' ? `wabk_${keyId}_${Buffer.alloc(32, 1).toString('base64url')}` : key,
    };
    const workflow = workflowOf([answer({ resource: 'session', operation: 'list' })]);
    const result = await execute(workflow, credential, [{ json: {} }]);
    expect(result.data.resultData.error?.message).toContain(sentence);
    await expect(ActiveTrigger.open(credential)).rejects.toThrow(sentence);
  },
);
