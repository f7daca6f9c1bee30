/**
 * The whole road once: somebody writes to the (simulated) phone, the event goes through log and stream to a workflow in
 * a real n8n, and the workflow's answer arrives on the phone.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { BridgeProcess, freePort } from './bridge-process.ts';
import { publish, usualN8nIn } from './n8n-at-test.ts';
import type { N8nServer, WorkflowFile } from './n8n-server.ts';

jest.setTimeout(240_000);

interface Received {
  readonly messageId: string;
  readonly text: string | null;
  readonly via: string;
  readonly quotedMessageId: string | null;
}

let folder: string;
let bridge: BridgeProcess;
let n8n: N8nServer;
let workflow: WorkflowFile;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-answer-'));
  bridge = new BridgeProcess(join(folder, 'bridge'), await freePort());
  await bridge.start();
  await bridge.client.request('POST', '/v1/sessions', { body: { name: 'demo', engine: 'sandbox' } });
  workflow = JSON.parse(
    await readFile(new URL('../../examples/answer-a-message.json', import.meta.url), 'utf8'),
  ) as WorkflowFile;
  n8n = await usualN8nIn(join(folder, 'n8n'));
  await publish(n8n, bridge, [workflow]);
});

afterAll(async () => {
  await n8n?.stop();
  await bridge?.stop();
  await rm(folder, { recursive: true, force: true });
});

const say = async (from: string, text: string): Promise<string> =>
  (await bridge.client.request<{ messageId: string }>('POST', '/v1/sandbox/demo/receive', { body: { from, text } }))
    .messageId;
const inboxOf = async (to: string, atLeast: number): Promise<readonly Received[]> =>
  await bridge.client.request('GET', '/v1/sandbox/demo/inbox', {
    query: { to, via: 'bridge', atLeast, waitMs: 30_000 },
  });

describe('the example workflow "answer a message"', () => {
  test('answers what was written, once, and quotes it', async () => {
    const messageId = await say('+4915112345678', 'hello there');
    const inbox = await inboxOf('+4915112345678', 1);
    expect(inbox.map(({ text }) => text)).toEqual(['You wrote: hello there']);
    expect(inbox[0]).toMatchObject({ quotedMessageId: messageId });
  });

  test('answers each of several people', async () => {
    const people = ['+4915100000001', '+4915100000002', '+4915100000003'];
    await Promise.all(people.map((person, index) => say(person, `question ${index}`)));
    for (const [index, person] of people.entries()) {
      expect((await inboxOf(person, 1)).map(({ text }) => text)).toEqual([`You wrote: question ${index}`]);
    }
  });

  test('survives a restart of n8n: what was written meanwhile is answered afterwards', async () => {
    await n8n.stop();
    await say('+4915100000009', 'are you there?');
    await n8n.start();
    expect((await inboxOf('+4915100000009', 1)).map(({ text }) => text)).toEqual(['You wrote: are you there?']);
    const executions = await n8n.untilIdle(workflow.id, { atLeast: 5 });
    expect(executions.map(({ status }) => status)).toEqual(Array(5).fill('success'));
  });
});
