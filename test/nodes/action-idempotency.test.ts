/** Under which key the action node sends: what is the same message, and what is another one. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type {
  IConnections,
  IExecuteFunctions,
  INode,
  INodeExecutionData,
  INodeParameters,
  INodeType,
} from 'n8n-workflow';
import { WaBridge } from '../../nodes/WaBridge/WaBridge.node';
import { messageEvent } from './support/fake-bridge';
import { ACTION, chain, execute, node, nodeTypes, workflowOf } from './support/n8n';
import { credential, sendText, eventItem, trigger, answer, runAnswer, sends, keys, useBridge } from './action-harness';

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

describe('the idempotency key', () => {
  test('is the same for the same event, whatever the execution, and for a renamed node', async () => {
    await runAnswer([eventItem(1)], answer(), { executionId: '1' });
    await runAnswer([eventItem(1, 2)], { ...answer(), name: 'Renamed' }, { executionId: '2' });
    expect(keys()[0]).toMatch(/^[\x21-\x7e]{1,255}$/);
    expect(keys()[1]).toBe(keys()[0]);
    expect(sends().map(({ query }) => query.get('firstAnswer'))).toEqual([null, 'true']);
  });

  test('is made of the same words in the same order in every version of the pack', async () => {
    const tool = (parameters: INodeParameters): INode => node('Answer', `${ACTION}Tool`, sendText(parameters));
    const options = { quotedMessageId: 'false_1', mentions: '7@lid' };
    await runAnswer([eventItem(1)], tool({ text: 'first', options }));
    await runAnswer([eventItem(1)], tool({ operation: 'react', messageId: 'false_2', emoji: '👍', options: {} }));
    const target = { session: 'support', to: '4915112345678@c.us' };
    const keyOf = (content: object): string => {
      const parts = [messageEvent(1).id, 'wf-1', 'id-of-answer', { ...target, ...content }];
      return `n8n-${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
    };
    expect(keys()).toEqual([
      keyOf({ quotedMessageId: 'false_1', mentions: ['7@lid'], type: 'text', text: 'first' }),
      keyOf({ type: 'reaction', messageId: 'false_2', emoji: '👍' }),
    ]);
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
