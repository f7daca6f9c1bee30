/** What the action node sends, and to whom. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { NodeHelpers } from 'n8n-workflow';
import type { INode, INodeExecutionData, INodeType } from 'n8n-workflow';
import { WaBridge } from '../../nodes/WaBridge/WaBridge.node';
import { ACTION, execute, node, nodeTypes, outputOf, workflowOf } from './support/n8n';
import {
  bridge,
  credential,
  accepted,
  locator,
  sendText,
  eventItem,
  trigger,
  answer,
  runAnswer,
  sends,
  keys,
  bodies,
  messages,
  errorOf,
  useBridge,
  sendOperations,
} from './action-harness';

useBridge();

class Pass implements INodeType {
  description = {
    displayName: 'Pass',
    name: 'pass',
    group: ['transform'],
    version: 1,
    description: '',
    defaults: {},
    inputs: ['main'],
    outputs: ['main'],
    properties: [],
  } as unknown as INodeType['description'];

  readonly execute: NonNullable<INodeType['execute']>;

  constructor(change: (items: INodeExecutionData[]) => INodeExecutionData[] = (items) => items) {
    this.execute = async function () {
      return [change(this.getInputData())];
    };
  }
}

describe('send text', () => {
  test('sends one signed request per item and links each result to its item', async () => {
    const run = await runAnswer(
      [eventItem(1), eventItem(2)],
      answer(sendText({ options: { quotedMessageId: '={{ $json.messageId }}', mentions: '+49 151 1, 7@lid' } })),
    );
    expect(messages()).toEqual([
      {
        session: 'support',
        to: '4915112345678@c.us',
        quotedMessageId: 'false_4915112345678@c.us_1',
        mentions: ['+491511', '7@lid'],
        type: 'text',
        text: 'echo hello 1',
      },
      {
        session: 'support',
        to: '4915112345678@c.us',
        quotedMessageId: 'false_4915112345678@c.us_2',
        mentions: ['+491511', '7@lid'],
        type: 'text',
        text: 'echo hello 2',
      },
    ]);
    const [first] = sends();
    const digest = createHash('sha256')
      .update(first?.body ?? '')
      .digest('base64');
    expect(first?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-digest': `sha-256=:${digest}:`,
    });
    expect(first?.headers['signature-input']).toContain('"content-digest" "idempotency-key"');
    expect(outputOf(run, 'Answer')).toEqual([
      { json: accepted(), pairedItem: { item: 0 } },
      { json: accepted(), pairedItem: { item: 1 } },
    ]);
  });

  test('an expression that gives no chat is refused before anything is sent', async () => {
    const run = await runAnswer([eventItem(1)], answer(sendText({ chat: locator('={{ $json.nobody }}', 'id') })));
    expect(errorOf(run).message).toContain('The chat is missing');
    expect(sends()).toHaveLength(0);
  });
});

test('a location is sent with the words that were given for it, and never one that nobody chose', async () => {
  const { text: _text, ...sendLocation } = sendText({ operation: 'sendLocation' });
  await runAnswer([eventItem(1)], answer({ ...sendLocation, latitude: -33.5, longitude: 151.25, name: 'Here' }));
  const place = { type: 'location', latitude: -33.5, longitude: 151.25, name: 'Here' };
  const [sent] = sends();
  const body = JSON.parse(String(sent?.body)) as object;
  expect(body).toMatchObject(place);
  expect(body).not.toHaveProperty('address');
  const undecided = await runAnswer([eventItem(2)], answer(sendLocation));
  expect(errorOf(undecided).message).toBe('Latitude is not a number');
  expect(sends()).toHaveLength(1);
});

describe('send within', () => {
  const limits = (): unknown[] => bodies().map(({ expiresInSeconds }) => expiresInSeconds);

  test('is an hour unless set, and a field of every operation that sends', async () => {
    await runAnswer([eventItem(1)]);
    await runAnswer([eventItem(2)], answer(sendText({ sendWithinMinutes: 5 })));
    await runAnswer([eventItem(3)], answer(sendText({ sendWithinMinutes: 0 })));
    await runAnswer([eventItem(4)], answer(sendText({ sendWithinMinutes: 0.001 })));
    expect(limits()).toEqual([3_600, 300, undefined, 1]);
    const shown = new WaBridge().description.properties.filter(({ name }) => name === 'sendWithinMinutes');
    expect(shown.map(({ displayOptions }) => displayOptions?.show?.['operation']).sort()).toEqual(
      sendOperations().map((operation) => [operation]),
    );
  });

  test('that runs out within the wait is an error with its code', async () => {
    const error = { code: 'WAB_SEND_EXPIRED', message: 'The message could not be sent in time.' };
    bridge.answers.set('POST /v1/messages', { status: 202, json: accepted({ state: 'failed', error }) });
    const run = await runAnswer([eventItem(1)], answer(sendText({ sendWithinMinutes: 0.05 })));
    expect(errorOf(run)).toMatchObject({ message: error.message, context: { code: 'WAB_SEND_EXPIRED' } });
  });

  test('says nothing about which message is meant: a call of an agent keeps its key', async () => {
    const tool = (sendWithinMinutes: number): INode =>
      node('Answer', `${ACTION}Tool`, sendText({ text: 'same', sendWithinMinutes }));
    await runAnswer([eventItem(1)], tool(5));
    await runAnswer([eventItem(1, 2)], tool(10));
    expect(new Set(keys()).size).toBe(1);
  });
});

describe('session and chat', () => {
  const left = (value = '', mode = 'phone') => ({
    session: locator('', 'list'),
    chat: locator(value, mode),
  });
  const toWhom = () => bodies().map(({ session, to }) => `${String(session)} ${String(to)}`);

  test('left empty are those of the event, also behind a node that puts out something else', async () => {
    await runAnswer([eventItem(1)], answer(sendText(left())));
    const forget = node('Forget', 'test.forget');
    const types = nodeTypes({ 'test.forget': new Pass((items) => items.map(() => ({ json: { order: 4711 } }))) });
    await execute(workflowOf([trigger(), forget, answer(sendText(left()))], undefined, types), credential(), [
      eventItem(2),
    ]);
    // Nothing at all in the parameters, as in a workflow written by hand.
    const { session: _session, chat: _chat, ...bare } = sendText();
    await runAnswer([eventItem(3)], answer(bare));
    expect(toWhom()).toEqual(Array(3).fill('support 4915112345678@c.us'));
  });

  test('left empty are those of the event that a sub-workflow was handed, and of a test in the editor', async () => {
    const start = node('Start', 'test.pass');
    const sub = workflowOf([start, answer(sendText(left()))], undefined, nodeTypes({ 'test.pass': new Pass() }));
    await execute(sub, credential(), [eventItem(1)], { mode: 'integrated' });
    await execute(sub, credential(), [eventItem(2)], { mode: 'manual' });
    expect(toWhom()).toEqual(Array(2).fill('support 4915112345678@c.us'));
  });

  test('an expression that gives nothing is not taken for one that was left empty', async () => {
    for (const parameters of [left('={{ $json.nobody }}', 'id'), { ...left(), session: locator('={{ "" }}') }]) {
      const run = await runAnswer([eventItem(1)], answer(sendText(parameters)));
      expect(errorOf(run).message).toMatch(/The chat is missing|No session is selected/);
      expect(errorOf(run).description).toContain('The expression returned nothing for this item');
    }
    expect(sends()).toHaveLength(0);
  });

  test('left empty without an event are refused', async () => {
    const run = await runAnswer([{ json: {} }], answer(sendText({ ...left(), session: locator('support') })));
    expect(errorOf(run).message).toContain('The chat is missing');
    expect(errorOf(run).description).toContain('but this execution has no such event');
    expect(sends()).toHaveLength(0);
  });

  test('left empty are no issue to n8n, and a number without digits still is', () => {
    const type = new WaBridge().description;
    const issues = (chat: string, mode: string) =>
      NodeHelpers.getNodeParametersIssues(type.properties, answer(sendText(left(chat, mode))), type);
    expect(issues('', 'phone')).toBeNull();
    expect(issues('', 'id')).toBeNull();
    expect(issues('+49 151 12345678', 'phone')).toBeNull();
    expect(issues('Ada', 'phone')?.parameters?.['chat']).toHaveLength(1);
  });

  test('of the operations of a session are never assumed', async () => {
    const stopping = runAnswer([eventItem(1)], answer({ resource: 'session', operation: 'stop', ...left() }));
    await expect(stopping).rejects.toThrow('Parameter "Session" is required');
    expect(bridge.requests).toHaveLength(0);
  });
});
