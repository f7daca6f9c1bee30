import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { LoadOptionsContext } from 'n8n-core';
import { NodeHelpers } from 'n8n-workflow';
import type {
  IConnections,
  IExecuteFunctions,
  ILoadOptionsFunctions,
  INode,
  INodeExecutionData,
  INodeParameters,
  INodeType,
  IRun,
} from 'n8n-workflow';
import { MEDIA_ID_PATTERN, type OutboxMessage } from '../../nodes/shared/contract.generated';
import { WaBridge } from '../../nodes/WaBridge/WaBridge.node';
import { FakeBridge, messageEvent, problem, type SeenRequest } from './support/fake-bridge';
import {
  ACTION,
  additionalData,
  chain,
  execute,
  node,
  nodeTypes,
  outputOf,
  SIGNING_KEY,
  TRIGGER,
  workflowOf,
  type RunOptions,
} from './support/n8n';

let bridge: FakeBridge;
const credential = () => ({ baseUrl: `${bridge.url}/`, privateKey: SIGNING_KEY });

const accepted = (overrides: Partial<OutboxMessage> = {}): OutboxMessage => ({
  id: 'out_00000000000000000000000001',
  session: 'support',
  chat: { chatId: '4915112345678@c.us' },
  type: 'text',
  state: 'accepted',
  messageId: 'true_4915112345678@c.us_1',
  attempts: 1,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  nextAttemptAt: null,
  expiresAt: null,
  error: null,
  replayed: false,
  ...overrides,
});

beforeEach(async () => {
  bridge = new FakeBridge();
  bridge.answers.set('POST /v1/messages', { status: 202, json: accepted() });
  await bridge.start();
});

afterEach(async () => {
  await bridge.stop();
});

const locator = (value: string, mode = 'name') => ({ __rl: true, mode, value });
const sendText = (parameters: INodeParameters = {}): INodeParameters => ({
  resource: 'message',
  operation: 'sendText',
  session: locator('support'),
  chat: locator('={{ $json.chat.chatId }}', 'id'),
  text: '={{ "echo " + $json.text }}',
  ...parameters,
});

/** An item as the trigger puts it out. */
function eventItem(seq: number, attempt = 1): INodeExecutionData {
  const { data, ...envelope } = messageEvent(seq);
  return { json: { ...data, ...envelope, delivery: { attempt, subscription: 'n8n:i:w:n', cursor: `cur-${seq}` } } };
}

const trigger = (): INode => node('WaBridge Trigger', TRIGGER, { events: ['message.received'] });
const answer = (parameters = sendText(), rest: Partial<INode> = {}): INode => node('Answer', ACTION, parameters, rest);

async function runAnswer(items: INodeExecutionData[], action = answer(), options: RunOptions = {}): Promise<IRun> {
  return await execute(workflowOf([trigger(), action]), credential(), items, options);
}

const sends = (): SeenRequest[] =>
  bridge.requests.filter(({ method, path }) => method === 'POST' && path === '/v1/messages');
const keys = (): string[] => sends().map(({ headers }) => String(headers['idempotency-key']));
const bodies = (): Record<string, unknown>[] =>
  sends().map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>);
/** The same without the deadline, which all of them have. */
const messages = (): Record<string, unknown>[] => bodies().map(({ expiresInSeconds: _limit, ...body }) => body);
const errorOf = (run: IRun) =>
  run.data.resultData.error as unknown as {
    message: string;
    description: string;
    httpCode?: string;
    context: Record<string, unknown>;
  };

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

describe('send within', () => {
  const limits = (): unknown[] => bodies().map(({ expiresInSeconds }) => expiresInSeconds);

  test('is an hour unless set, and a field of every operation that sends', async () => {
    await runAnswer([eventItem(1)]);
    await runAnswer([eventItem(2)], answer(sendText({ sendWithinMinutes: 5 })));
    await runAnswer([eventItem(3)], answer(sendText({ sendWithinMinutes: 0 })));
    await runAnswer([eventItem(4)], answer(sendText({ sendWithinMinutes: 0.001 })));
    expect(limits()).toEqual([3_600, 300, undefined, 1]);
    const shown = new WaBridge().description.properties.filter(({ name }) => name === 'sendWithinMinutes');
    expect(shown.map(({ displayOptions }) => displayOptions?.show?.['operation']).sort()).toEqual([
      ['react'],
      ['sendMedia'],
      ['sendText'],
    ]);
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

describe('the idempotency key', () => {
  test('is the same for the same event, whatever the execution, and for a renamed node', async () => {
    await runAnswer([eventItem(1)], answer(), { executionId: '1' });
    await runAnswer([eventItem(1, 2)], { ...answer(), name: 'Renamed' }, { executionId: '2' });
    expect(keys()[0]).toMatch(/^[\x21-\x7e]{1,255}$/);
    expect(keys()[1]).toBe(keys()[0]);
    expect(sends().map(({ query }) => query.get('firstAnswer'))).toEqual([null, 'true']);
  });

  test('differs by event, item, node, workflow and run', async () => {
    await runAnswer([eventItem(1), eventItem(1)]);
    await runAnswer([eventItem(2)]);
    await runAnswer([eventItem(1)], answer(sendText(), { id: 'another-node' }));
    await execute(workflowOf([trigger(), answer()], undefined, nodeTypes(), 'another-workflow'), credential(), [
      eventItem(1),
    ]);
    // The node runs twice: once after the trigger and once after another node.
    const pass = node('Pass', 'test.pass');
    const connections: IConnections = {
      ...chain(pass, answer()),
      'WaBridge Trigger': {
        main: [
          [
            { node: 'Answer', type: 'main', index: 0 },
            { node: 'Pass', type: 'main', index: 0 },
          ],
        ],
      },
    };
    await execute(
      workflowOf([trigger(), answer(), pass], connections, nodeTypes({ 'test.pass': new Pass() })),
      credential(),
      [eventItem(3)],
    );
    expect(keys()).toHaveLength(7);
    expect(new Set(keys()).size).toBe(7);
  });

  test('without an event comes from the execution; on a retry from the original one', async () => {
    const item = { json: { text: 'x', chat: { chatId: '1@c.us' } } };
    const run = await runAnswer([item], answer(), { executionId: '500' });
    await runAnswer([item], answer(), { executionId: '501' });
    expect(keys()[1]).not.toBe(keys()[0]);
    const contextData = run.data.executionData?.contextData as unknown as Record<string, Record<string, unknown>>;
    await runAnswer([item], answer(), { executionId: '502', mode: 'retry', contextData });
    expect(keys()[2]).toBe(keys()[0]);
    expect(sends()[2]?.query.get('firstAnswer')).toBe('true');
  });

  test('in the editor comes from the execution, so that a pinned event can be tried again', async () => {
    await runAnswer([eventItem(1)]);
    const pinned = workflowOf(
      [node('Start', 'test.pass'), answer()],
      undefined,
      nodeTypes({ 'test.pass': new Pass() }),
    );
    await execute(pinned, credential(), [eventItem(1)], { mode: 'manual', executionId: '7' });
    await execute(pinned, credential(), [eventItem(1)], { mode: 'manual', executionId: '8' });
    expect(new Set(keys()).size).toBe(3);
  });

  test('of a retried execution is that of the first attempt, and the bridge is told that it is another one', async () => {
    await runAnswer([eventItem(1)], answer(), { executionId: '1' });
    await runAnswer([eventItem(1)], answer(sendText({ text: 'changed' })), { executionId: '2', mode: 'retry' });
    expect(keys()[1]).toBe(keys()[0]);
    expect(sends().map(({ query }) => query.get('firstAnswer'))).toEqual([null, 'true']);
  });

  test('in an evaluation comes from the execution, so that the same event can be evaluated again', async () => {
    const start = workflowOf([node('Start', 'test.pass'), answer()], undefined, nodeTypes({ 'test.pass': new Pass() }));
    await execute(start, credential(), [eventItem(1)], { mode: 'evaluation', executionId: '7' });
    await execute(start, credential(), [eventItem(1)], { mode: 'evaluation', executionId: '8' });
    expect(new Set(keys()).size).toBe(2);
  });

  test('of an event in the item itself follows the content: nothing else in the execution knows the event', async () => {
    const alone = async (text: string, executionId: string, attempt = 1): Promise<void> =>
      void (await execute(workflowOf([answer(sendText({ text }))]), credential(), [eventItem(1, attempt)], {
        mode: 'integrated',
        executionId,
      }));
    await alone('a', '1');
    await alone('b', '2');
    await alone('a', '3', 2);
    expect(keys()[1]).not.toBe(keys()[0]);
    expect(keys()[2]).toBe(keys()[0]);
    expect(sends().map(({ query }) => query.get('firstAnswer'))).toEqual([null, null, 'true']);
  });

  test('of a tool execution follows the content, whatever the type of the node is called', async () => {
    const asTool = new WaBridge();
    const run = async (context: IExecuteFunctions) => await new WaBridge().execute.call(context);
    asTool.execute = async function (this: IExecuteFunctions) {
      return await run(
        new Proxy(this, {
          get: (target, name) =>
            name === 'isToolExecution' ? () => true : (Reflect.get(target, name, target) as unknown),
        }),
      );
    };
    const call = async (text: string, executionId: string): Promise<void> =>
      void (await execute(
        workflowOf([trigger(), answer(sendText({ text }))], undefined, nodeTypes({ [ACTION]: asTool })),
        credential(),
        [eventItem(1)],
        { executionId },
      ));
    await call('first', '1');
    await call('second', '1');
    await call('first', '2');
    expect(keys()[1]).not.toBe(keys()[0]);
    expect(keys()[2]).toBe(keys()[0]);
  });

  test('set by the user wins, in a form that a header can carry', async () => {
    await runAnswer([eventItem(1)], answer(sendText({ options: { idempotencyKey: 'order-4711' } })));
    await runAnswer([eventItem(2)], answer(sendText({ options: { idempotencyKey: 'größe 1' } })));
    await runAnswer([eventItem(3)], answer(sendText({ options: { idempotencyKey: 'größe 1' } })));
    expect(keys()[0]).toBe('order-4711');
    expect(keys()[1]).toMatch(/^n8n-user-[\w-]+$/);
    expect(keys()[2]).toBe(keys()[1]);
  });

  test('of a call by an AI agent follows the content: the same message once, another one too', async () => {
    const tool = (text: string): INode => node('Answer', `${ACTION}Tool`, sendText({ text }));
    await runAnswer([eventItem(1)], tool('first'), { executionId: '1' });
    await runAnswer([eventItem(1)], tool('second'), { executionId: '1' });
    await runAnswer([eventItem(1, 2)], tool('first'), { executionId: '2' });
    expect(keys()[1]).not.toBe(keys()[0]);
    expect(keys()[2]).toBe(keys()[0]);
  });

  test('in a sub-workflow that was handed the event follows the content as well', async () => {
    const start = node('Start', 'test.pass');
    const sub = (text: string) =>
      workflowOf([start, answer(sendText({ text }))], undefined, nodeTypes({ 'test.pass': new Pass() }));
    await execute(sub('a'), credential(), [eventItem(1)], { mode: 'integrated', executionId: '1' });
    await execute(sub('b'), credential(), [eventItem(1)], { mode: 'integrated', executionId: '2' });
    await execute(sub('a'), credential(), [eventItem(1, 2)], { mode: 'integrated', executionId: '3' });
    expect(keys()[1]).not.toBe(keys()[0]);
    expect(keys()[2]).toBe(keys()[0]);
  });
});

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
    expect(shown.sort()).toEqual([
      ['accepted', ['react']],
      ['accepted', ['sendMedia']],
      ['accepted', ['sendText']],
    ]);
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

describe('errors', () => {
  test('have the sentence of the catalogue, the code and the status', async () => {
    bridge.answers.set(
      'POST /v1/messages',
      problem(409, 'WAB_SESSION_NOT_READY', 'Session support is awaiting_scan, not ready. Scan the QR code.'),
    );
    const run = await runAnswer([eventItem(1)]);
    expect(run.data.resultData.error?.name).toBe('NodeApiError');
    expect(errorOf(run)).toMatchObject({
      message: 'Session support is awaiting_scan, not ready. Scan the QR code.',
      httpCode: '409',
      context: { code: 'WAB_SESSION_NOT_READY', itemIndex: 0 },
    });
    expect(errorOf(run).description).toContain('Retry On Fail');
  });

  test('say where nothing answers, at once to a person who runs the node by hand', async () => {
    const workflow = workflowOf([trigger(), answer()]);
    const nowhere = { baseUrl: 'http://127.0.0.1:9', privateKey: SIGNING_KEY };
    const run = await execute(workflow, nowhere, [eventItem(1)], { mode: 'manual' });
    expect(errorOf(run).message).toBe(
      'The bridge at http://127.0.0.1:9 cannot be reached: the connection was refused.',
    );
  });

  test('say where something else answers, or redirects', async () => {
    bridge.answers.set('POST /v1/messages', { status: 302, headers: { location: '/login' } });
    const run = await runAnswer([eventItem(1)]);
    expect(errorOf(run).message).toContain('the answer is not from wabridge');
    expect(errorOf(run).description).toContain('redirects');
    expect(bridge.requests).toHaveLength(1);
  });

  test('become items where the node continues on fail', async () => {
    bridge.answers.set('POST /v1/messages', ({ body }) =>
      body.includes('hello 1')
        ? problem(422, 'WAB_ADDRESS_INVALID', 'The recipient is no WhatsApp address.')
        : { status: 202, json: accepted() },
    );
    const run = await runAnswer([eventItem(1), eventItem(2)], answer(sendText(), { onError: 'continueRegularOutput' }));
    const [failed, fine] = outputOf(run, 'Answer');
    expect(failed).toMatchObject({
      json: { error: 'The recipient is no WhatsApp address.', details: { code: 'WAB_ADDRESS_INVALID' } },
      pairedItem: { item: 0 },
    });
    expect(fine).toEqual({ json: accepted(), pairedItem: { item: 1 } });
  });

  test('go to the error output where there is one', async () => {
    bridge.answers.set(
      'POST /v1/messages',
      problem(422, 'WAB_ADDRESS_INVALID', 'The recipient is no WhatsApp address.'),
    );
    const run = await runAnswer([eventItem(1)], answer(sendText(), { onError: 'continueErrorOutput' }));
    const [success, failure] = run.data.resultData.runData['Answer']?.[0]?.data?.['main'] ?? [];
    expect(success).toEqual([]);
    expect(failure?.[0]?.json).toMatchObject({
      error: 'The recipient is no WhatsApp address.',
      details: { code: 'WAB_ADDRESS_INVALID' },
    });
  });

  test('say what is wrong with the credential', async () => {
    const run = await execute(workflowOf([trigger(), answer()]), { baseUrl: bridge.url, privateKey: 'wabk_short' }, [
      eventItem(1),
    ]);
    expect(errorOf(run).message).toContain('signing key of the WaBridge credential is incomplete');
  });
});

describe('a bridge that restarts', () => {
  test('is waited for: the send is repeated under one key, each time signed again', async () => {
    let asked = 0;
    bridge.answers.set('POST /v1/messages', () =>
      ++asked < 3
        ? problem(503, 'WAB_SHUTTING_DOWN', 'The bridge is shutting down.')
        : { status: 202, json: accepted() },
    );
    const run = await runAnswer([eventItem(1)]);
    expect(outputOf(run, 'Answer')).toEqual([{ json: accepted(), pairedItem: { item: 0 } }]);
    expect(keys()).toHaveLength(3);
    expect(new Set(keys()).size).toBe(1);
    expect(new Set(sends().map(({ headers }) => headers['signature'])).size).toBe(3);
  });

  test('is waited for where nothing listens yet', async () => {
    const { port } = bridge;
    const where = credential();
    await bridge.stop();
    const run = execute(workflowOf([trigger(), answer()]), where, [eventItem(1)]);
    bridge = new FakeBridge();
    bridge.answers.set('POST /v1/messages', { status: 202, json: accepted() });
    await new Promise((resolve) => setTimeout(resolve, 400));
    await bridge.start(port);
    expect(outputOf(await run, 'Answer')).toEqual([{ json: accepted(), pairedItem: { item: 0 } }]);
    expect(sends()).toHaveLength(1);
  });

  test('is not waited for where the refusal stands', async () => {
    bridge.answers.set('POST /v1/messages', problem(409, 'WAB_SESSION_NOT_READY', 'Session support is stopped.'));
    await runAnswer([eventItem(1)]);
    expect(sends()).toHaveLength(1);
  });
});

describe('send media', () => {
  const media = (parameters: INodeParameters = {}): INode =>
    answer({
      ...sendText(),
      operation: 'sendMedia',
      binaryPropertyName: 'file',
      kind: 'auto',
      caption: 'look',
      ...parameters,
    });
  const withFile = (bytes: string, mimeType = 'image/png', seq = 1): INodeExecutionData => ({
    ...eventItem(seq),
    binary: { file: { data: Buffer.from(bytes).toString('base64'), mimeType, fileName: 'cat.png' } },
  });
  const uploads = (): SeenRequest[] => bridge.requests.filter(({ method }) => method === 'PUT');

  beforeEach(() => {
    const put = bridge.answers.get.bind(bridge.answers);
    bridge.answers.get = (key) => (key.startsWith('PUT /v1/media/') ? { status: 201, json: {} } : put(key));
  });

  test('uploads the raw bytes with their digest, then sends the message that names them', async () => {
    await runAnswer([withFile('PNG!')], media());
    const [upload] = uploads();
    expect(upload?.body.toString()).toBe('PNG!');
    expect(upload?.headers).toMatchObject({
      'content-type': 'image/png',
      'content-digest': `sha-256=:${createHash('sha256').update('PNG!').digest('base64')}:`,
    });
    expect(upload?.query.get('fileName')).toBe('cat.png');
    const mediaId = upload?.path.split('/').at(-1) ?? '';
    expect(mediaId).toMatch(new RegExp(MEDIA_ID_PATTERN));
    expect(messages()).toEqual([
      { session: 'support', to: '4915112345678@c.us', type: 'image', text: 'look', fileName: 'cat.png', mediaId },
    ]);
  });

  test('a second run uploads under the same id and sends under the same key; other bytes get another id', async () => {
    await runAnswer([withFile('PNG!')], media());
    await runAnswer([withFile('PNG!')], media());
    await runAnswer([withFile('other')], media());
    const ids = uploads().map(({ path }) => path);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(new Set(keys()).size).toBe(1);
  });

  test('what keys are made of does not change: an event may come again after an update of the pack', async () => {
    // Nothing but the content tells this send from another one of the same event (see "of an event in the item itself").
    const alone = async (item: INodeExecutionData, action: INode): Promise<void> =>
      void (await execute(workflowOf([action]), credential(), [item], { mode: 'integrated', executionId: '1' }));
    await alone(withFile('PNG!'), media());
    await alone(withFile('OGG!', 'audio/ogg'), media());
    const keyOf = (type: string, bytes: string): string => {
      const sha256 = createHash('sha256').update(bytes).digest('base64');
      const content = {
        session: 'support',
        to: '4915112345678@c.us',
        type,
        caption: 'look',
        fileName: 'cat.png',
        sha256,
      };
      const parts = [messageEvent(1).id, 'wf-1', 'id-of-answer', content];
      return `n8n-${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
    };
    expect(keys()).toEqual([keyOf('image', 'PNG!'), keyOf('audio', 'OGG!')]);
    expect(messages().map(({ text }) => text)).toEqual(['look', undefined]);
  });

  test.each([
    ['image/jpeg', 'image'],
    ['video/mp4', 'video'],
    ['audio/ogg', 'audio'],
    ['image/svg+xml', 'document'],
    ['application/pdf', 'document'],
  ])('automatic: %s goes as %s', async (mimeType, type) => {
    await runAnswer([withFile('x', mimeType)], media());
    expect(bodies()[0]?.['type']).toBe(type);
  });

  test('an item without the file is refused', async () => {
    const run = await runAnswer([eventItem(1)], media());
    expect(errorOf(run).message).toContain('binary');
    expect(bridge.requests).toHaveLength(0);
  });
});

describe('react', () => {
  const react = (parameters: INodeParameters = {}, rest: Partial<INode> = {}): INode =>
    answer(
      {
        resource: 'message',
        operation: 'react',
        session: locator('support'),
        chat: locator('={{ $json.chat.chatId }}', 'id'),
        messageId: '={{ $json.messageId }}',
        emoji: '👍',
        ...parameters,
      },
      rest,
    );

  test('sends the emoji for the message of the item, under a key of its own', async () => {
    const run = await runAnswer([eventItem(1), eventItem(2)], react());
    const body = { session: 'support', to: '4915112345678@c.us', type: 'reaction', emoji: '👍' };
    expect(messages()).toEqual([
      { ...body, messageId: 'false_4915112345678@c.us_1' },
      { ...body, messageId: 'false_4915112345678@c.us_2' },
    ]);
    expect(new Set(keys()).size).toBe(2);
    expect(outputOf(run, 'Answer')).toHaveLength(2);
  });

  test('is the same reaction in a second run of the same event, and another one at another node', async () => {
    await runAnswer([eventItem(1)], react(), { executionId: '1' });
    await runAnswer([eventItem(1, 2)], react(), { executionId: '2' });
    await runAnswer([eventItem(1)], react({ emoji: '' }, { id: 'another-node' }), { executionId: '1' });
    expect(keys()[1]).toBe(keys()[0]);
    expect(sends().map(({ query }) => query.get('firstAnswer'))).toEqual([null, 'true', null]);
    expect(keys()[2]).not.toBe(keys()[0]);
  });

  test('of an AI agent follows what it reacts with', async () => {
    const tool = (emoji: string): INode => ({ ...react({ emoji }), type: `${ACTION}Tool` });
    await runAnswer([eventItem(1)], tool('👍'), { executionId: '1' });
    await runAnswer([eventItem(1)], tool('❤️'), { executionId: '1' });
    await runAnswer([eventItem(1, 2)], tool('👍'), { executionId: '2' });
    expect(keys()[1]).not.toBe(keys()[0]);
    expect(keys()[2]).toBe(keys()[0]);
  });

  test('an empty emoji takes the reaction back', async () => {
    await runAnswer([eventItem(1)], react({ emoji: ' ' }));
    expect(bodies()[0]).toMatchObject({ type: 'reaction', emoji: '' });
  });

  test('waits until WhatsApp has taken it, and fails with the sentence of what it was refused for', async () => {
    const error = { code: 'WAB_MESSAGE_UNKNOWN', message: 'This session does not have this message in this chat.' };
    bridge.answers.set('POST /v1/messages', { status: 202, json: accepted({ state: 'failed', error }) });
    const run = await runAnswer([eventItem(1)], react());
    expect(Number(sends()[0]?.query.get('waitMs'))).toBeGreaterThan(0);
    expect(errorOf(run)).toMatchObject({ message: error.message, context: { code: 'WAB_MESSAGE_UNKNOWN' } });
  });

  test('without a message is refused before anything is sent', async () => {
    const run = await runAnswer([eventItem(1)], react({ messageId: '={{ $json.nothing }}' }));
    expect(errorOf(run).message).toContain('The message to react to is missing');
    expect(sends()).toHaveLength(0);
  });
});

describe('chats', () => {
  const about = (operation: string, parameters: INodeParameters = {}): INode =>
    answer({
      resource: 'chat',
      operation,
      session: locator('support'),
      chat: locator('={{ $json.chat.chatId }}', 'id'),
      ...parameters,
    });
  const SEEN = 'POST /v1/sessions/support/chats/4915112345678%40c.us/read';
  const TYPING = 'POST /v1/sessions/support/chats/4915112345678%40c.us/typing';
  const done = { json: { success: true, session: 'support', chat: '4915112345678@c.us' }, pairedItem: { item: 0 } };

  test('mark as read asks once, without a body and without a key', async () => {
    bridge.answers.set(SEEN, { status: 204 });
    const run = await runAnswer([eventItem(1)], about('markAsRead'));
    expect(outputOf(run, 'Answer')).toEqual([done]);
    expect(bridge.requests).toHaveLength(1);
    expect(bridge.requests[0]?.body.toString()).toBe('');
    expect(bridge.requests[0]?.headers['idempotency-key']).toBeUndefined();
  });

  test.each(['composing', 'recording', 'paused'])('send typing: %s', async (state) => {
    bridge.answers.set(TYPING, { status: 204 });
    const run = await runAnswer([eventItem(1)], about('typing', { state }));
    expect(outputOf(run, 'Answer')).toEqual([done]);
    expect(JSON.parse(bridge.requests[0]?.body.toString() ?? '')).toEqual({ state });
  });

  test('a phone number goes into the path as it is written', async () => {
    bridge.answers.set('POST /v1/sessions/support/chats/%2B49%20151%2012345678/read', { status: 204 });
    const run = await runAnswer([eventItem(1)], about('markAsRead', { chat: locator('+49 151 12345678', 'phone') }));
    expect(run.data.resultData.error).toBeUndefined();
  });

  test('what the bridge does not do at once is told and not asked for again, though it could help later', async () => {
    bridge.answers.set(TYPING, problem(503, 'WAB_OPERATION_FAILED', 'WhatsApp did not do this.'));
    const run = await runAnswer([eventItem(1)], about('typing', { state: 'composing' }));
    expect(errorOf(run)).toMatchObject({
      message: 'WhatsApp did not do this.',
      context: { code: 'WAB_OPERATION_FAILED', itemIndex: 0 },
    });
    expect(bridge.requests).toHaveLength(1);
  });

  test('an expression that gives no chat is refused before anything is asked', async () => {
    const run = await runAnswer([eventItem(1)], about('markAsRead', { chat: locator('={{ $json.nobody }}', 'id') }));
    expect(errorOf(run).message).toContain('The chat is missing');
    expect(bridge.requests).toHaveLength(0);
  });
});

describe('sessions', () => {
  const sessions = [
    { name: 'support', engine: 'webjs', state: 'ready', simulated: false },
    { name: 'demo', engine: 'sandbox', state: 'awaiting_scan', simulated: true },
  ];
  const about = (operation: string, parameters: INodeParameters = {}): INode =>
    answer({ resource: 'session', operation, session: locator('support'), ...parameters });

  test('list gives one item each', async () => {
    bridge.answers.set('GET /v1/sessions', { json: { sessions } });
    const run = await runAnswer([eventItem(1)], about('list'));
    expect(outputOf(run, 'Answer')).toEqual(sessions.map((json) => ({ json, pairedItem: { item: 0 } })));
  });

  test.each([
    ['get', 'GET /v1/sessions/support'],
    ['start', 'POST /v1/sessions/support/start'],
    ['stop', 'POST /v1/sessions/support/stop'],
  ])('%s is %s', async (operation, request) => {
    bridge.answers.set(request, { json: sessions[0] });
    const run = await runAnswer([eventItem(1)], about(operation));
    expect(outputOf(run, 'Answer')).toEqual([{ json: sessions[0], pairedItem: { item: 0 } }]);
  });

  test('get QR code gives an image', async () => {
    bridge.answers.set('GET /v1/sessions/support/qr', {
      bytes: Buffer.from('PNG'),
      headers: { 'content-type': 'image/png' },
    });
    const run = await runAnswer([eventItem(1)], about('getQr', { binaryPropertyName: 'code' }));
    expect(bridge.requests[0]?.query.get('format')).toBe('png');
    expect(outputOf(run, 'Answer')[0]?.binary?.['code']).toMatchObject({
      mimeType: 'image/png',
      fileName: 'support-qr.png',
      data: Buffer.from('PNG').toString('base64'),
    });
  });

  test('request pairing code gives the code for a phone number', async () => {
    const given = { code: 'ABCD1234', expiresAt: '2026-01-01T00:03:00.000Z' };
    bridge.answers.set('POST /v1/sessions/support/pairing-code', { status: 201, json: given });
    const run = await runAnswer([eventItem(1)], about('requestPairingCode', { phone: ' +49 151 23456789 ' }));
    expect(JSON.parse(String(bridge.requests[0]?.body))).toEqual({ phone: '+49 151 23456789' });
    expect(outputOf(run, 'Answer')).toEqual([{ json: { session: 'support', ...given }, pairedItem: { item: 0 } }]);
  });

  test('can be searched for in the editor', async () => {
    bridge.answers.set('GET /v1/sessions', { json: { sessions } });
    const context = new LoadOptionsContext(workflowOf([answer()]), answer(), additionalData(credential()), '');
    const search = new WaBridge().methods.listSearch.searchSessions;
    expect(await search.call(context as unknown as ILoadOptionsFunctions)).toEqual({
      results: [
        { name: 'demo (awaiting scan, simulated)', value: 'demo' },
        { name: 'support (ready)', value: 'support' },
      ],
    });
    expect((await search.call(context as unknown as ILoadOptionsFunctions, 'SUP')).results).toHaveLength(1);
  });
});

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
