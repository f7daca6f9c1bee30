/** The trigger node in n8n, beside a bridge that a test scripts. */
import { afterEach, beforeEach } from '@jest/globals';
import { FakeBridge, messageEvent, type FakeStream } from './support/fake-bridge';
import { ActiveTrigger, SIGNING_KEY } from './support/n8n';
import type { INodeParameters, WorkflowActivateMode } from 'n8n-workflow';

export let bridge: FakeBridge;
export let trigger: ActiveTrigger;
export let stream: FakeStream;

export const inChat = (seq: number, chat: number) =>
  messageEvent(seq, { chat: { chatId: `${chat}@c.us` }, sender: { chatId: `${chat}@c.us` } });

export async function open(
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
export async function roundTrip(on: FakeStream = stream): Promise<void> {
  const id = Math.floor(Math.random() * 1e9);
  const before = on.count('pong');
  on.send({ type: 'ping', id, positions: {} });
  await on.nth('pong', before + 1);
}

/** A bridge for each test of the file; what was opened is closed after it. */
export function useBridge(): void {
  beforeEach(async () => {
    bridge = new FakeBridge();
    await bridge.start();
  });

  afterEach(async () => {
    for (const run of trigger?.emitted ?? []) run.finish('success');
    await trigger?.close();
    await bridge.stop();
  });
}
