/** The action node in n8n, beside a bridge that a test scripts. */
import { OFFERED_BY_HAND } from '../../nodes/WaBridge/overlays/overlays';
import { OPERATIONS } from '../../nodes/shared/operations.generated';
import { afterEach, beforeEach } from '@jest/globals';
import type { INode, INodeExecutionData, INodeParameters, IRun } from 'n8n-workflow';
import type { OutboxMessage } from '../../nodes/shared/contract.generated';
import { FakeBridge, messageEvent, type SeenRequest } from './support/fake-bridge';
import { ACTION, execute, node, SIGNING_KEY, TRIGGER, workflowOf, type RunOptions } from './support/n8n';

export let bridge: FakeBridge;
export const credential = () => ({ baseUrl: `${bridge.url}/`, privateKey: SIGNING_KEY });

export const accepted = (overrides: Partial<OutboxMessage> = {}): OutboxMessage => ({
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

export const locator = (value: string, mode = 'name') => ({ __rl: true, mode, value });

export const sendText = (parameters: INodeParameters = {}): INodeParameters => ({
  resource: 'message',
  operation: 'sendText',
  session: locator('support'),
  chat: locator('={{ $json.chat.chatId }}', 'id'),
  text: '={{ "echo " + $json.text }}',
  ...parameters,
});

/** An item as the trigger puts it out. */
export function eventItem(seq: number, attempt = 1): INodeExecutionData {
  const { data, ...envelope } = messageEvent(seq);
  return { json: { ...data, ...envelope, delivery: { attempt, subscription: 'n8n:i:w:n', cursor: `cur-${seq}` } } };
}

export const trigger = (): INode => node('WaBridge Trigger', TRIGGER, { events: ['message.received'] });
export const answer = (parameters = sendText(), rest: Partial<INode> = {}): INode =>
  node('Answer', ACTION, parameters, rest);

export async function runAnswer(
  items: INodeExecutionData[],
  action = answer(),
  options: RunOptions = {},
): Promise<IRun> {
  return await execute(workflowOf([trigger(), action]), credential(), items, options);
}

export const sends = (): SeenRequest[] =>
  bridge.requests.filter(({ method, path }) => method === 'POST' && path === '/v1/messages');

export const keys = (): string[] => sends().map(({ headers }) => String(headers['idempotency-key']));

export const bodies = (): Record<string, unknown>[] =>
  sends().map(({ body }) => JSON.parse(body.toString()) as Record<string, unknown>);

/** The same without the deadline, which all of them have. */
export const messages = (): Record<string, unknown>[] => bodies().map(({ expiresInSeconds: _limit, ...body }) => body);

export const errorOf = (run: IRun) =>
  run.data.resultData.error as unknown as {
    message: string;
    description: string;
    httpCode?: string;
    context: Record<string, unknown>;
  };

/** Another bridge takes the place of the one that was stopped. It does not listen yet. */
export function replaceBridge(): FakeBridge {
  bridge = new FakeBridge();
  bridge.answers.set('POST /v1/messages', { status: 202, json: accepted() });
  return bridge;
}

/** A bridge for each test of the file. */
export function useBridge(): void {
  beforeEach(async () => {
    await replaceBridge().start();
  });

  afterEach(async () => {
    await bridge.stop();
  });
}

/** The operations of the node that send, by their values. */
export function sendOperations(): readonly string[] {
  const derived = Object.entries(OPERATIONS).filter(
    ([id, { carrier }]) => carrier === 'outbox' && !OFFERED_BY_HAND.some((each) => each === id),
  );
  return [...derived.map(([id]) => id.replace('message.', '')), 'sendMedia'].sort();
}
