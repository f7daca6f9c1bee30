/** Reactions, read state and typing on the simulated network, and what goes wrong with them when told to. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { ChatId, SessionName, MessageId } from '../../../../bridge/src/contract/ids.ts';
import type { EngineError } from '../../../../bridge/src/engine/engine.ts';
import { type Engine } from '../../../../bridge/src/engine/engine.ts';
import { LocalNetwork } from '../../../../bridge/src/engine/sandbox/local-network.ts';
import type { SandboxFaults } from '../../../../bridge/src/engine/sandbox/sandbox-contract.ts';
import { SandboxEngineFactory } from '../../../../bridge/src/engine/sandbox/sandbox-factory.ts';
import { EngineRecording } from '../../../conformance/engine-recording.ts';

jest.setTimeout(60_000);
const SESSION = 'acts' as SessionName;
const CHAT = '4915112345678@c.us' as ChatId;

let folder: string;
let network: LocalNetwork;
let engine: Engine;
let target: MessageId;

const openNetwork = (): LocalNetwork => new LocalNetwork({ folder: join(folder, 'network'), autoLink: true });
async function launch(): Promise<void> {
  const recording = new EngineRecording();
  const factory = new SandboxEngineFactory(network, { callDeadlineMs: 1_000 });
  engine = factory.create(SESSION, join(folder, 'profile'), recording);
  await engine.start();
  await recording.untilSignal('ready');
}
const react = (emoji: string, about = target): Promise<unknown> =>
  engine.perform('message.react', { chatId: CHAT, messageId: about, emoji }, null);
const shown = async (): Promise<(string | null)[]> =>
  (await network.drive('sandbox.operations', SESSION, { kind: 'reaction' })).map(({ emoji }) => emoji);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-acts-'));
  network = openNetwork();
  await launch();
  target = (await network.drive('sandbox.receive', SESSION, { from: CHAT, text: 'hello' })).messageId as MessageId;
});
afterEach(async () => {
  await engine.stop();
  await network.close();
  await rm(folder, { recursive: true, force: true });
});

test.each<[keyof SandboxFaults, EngineError['outcome'], number]>([
  ['sendRefused', 'fail', 0],
  ['sendDeferred', 'defer', 0],
  ['sendHangs', 'unknown', 0],
  ['dropBeforeSend', 'unknown', 0],
  ['answerLost', 'unknown', 1],
  ['dropAfterSend', 'unknown', 1],
])('a reaction with %s is %s', async (fault, outcome, arrived) => {
  await network.drive('sandbox.setFaults', SESSION, { [fault]: {} });
  await expect(react('👍')).rejects.toMatchObject({ outcome });
  expect(await shown()).toHaveLength(arrived);
});

test('a reaction names a message of its chat, also under the other address of a person', async () => {
  const lid = '77000000000001@lid';
  await network.drive('sandbox.putContact', SESSION, { phone: CHAT, lid });
  await engine.perform('message.react', { chatId: lid as ChatId, messageId: target, emoji: '👍' }, null);
  expect(await shown()).toEqual(['👍']);
  const elsewhere = '4915187654321@c.us' as ChatId;
  for (const call of [
    react('👍', `false_${CHAT}_3EB0NOTHING` as MessageId),
    react('👍', 'nonsense' as MessageId),
    engine.perform('message.react', { chatId: elsewhere, messageId: target, emoji: '👍' }, null),
  ])
    await expect(call).rejects.toMatchObject({ outcome: 'fail', code: 'WAB_MESSAGE_UNKNOWN' });
});

test('reading turns what was unread into read, once, chat by chat', async () => {
  await network.drive('sandbox.receive', SESSION, { from: CHAT, text: 'again' });
  await network.drive('sandbox.receive', SESSION, { from: '4915187654321@c.us', text: 'another chat' });
  await engine.perform('chat.markRead', { chatId: CHAT });
  await engine.perform('chat.markRead', { chatId: CHAT });
  expect((await network.drive('sandbox.operations', SESSION, { kind: 'read' })).map(({ read }) => read)).toEqual([
    2, 0,
  ]);
  expect(await network.drive('sandbox.operations', SESSION, { kind: 'read', to: '+4915187654321' })).toEqual([]);
});

test('reactions and read state survive the end of the network; typing does not', async () => {
  await react('👍');
  await engine.perform('chat.markRead', { chatId: CHAT });
  await engine.perform('chat.setTyping', { chatId: CHAT, state: 'composing' });
  await engine.stop();
  await network.close();
  network = openNetwork();
  await launch();
  expect((await network.drive('sandbox.operations', SESSION)).map(({ kind }) => kind)).toEqual(['reaction', 'read']);
  await engine.perform('chat.markRead', { chatId: CHAT });
  expect((await network.drive('sandbox.operations', SESSION, { kind: 'read' })).map(({ read }) => read)).toEqual([
    1, 0,
  ]);
});

test('operationHangs: no answer, and nobody sees anything', async () => {
  await network.drive('sandbox.setFaults', SESSION, { operationHangs: { count: 2 } });
  for (const call of [
    engine.perform('chat.markRead', { chatId: CHAT }),
    engine.perform('chat.setTyping', { chatId: CHAT, state: 'recording' }),
  ])
    await expect(call).rejects.toMatchObject({ outcome: 'unknown' });
  expect(await network.drive('sandbox.operations', SESSION)).toEqual([]);
});

test('whoever waits is told as soon as there is enough, or what there is', async () => {
  const waiting = network.drive('sandbox.operations', SESSION, { kind: 'typing', atLeast: 2, waitMs: 30_000 });
  await engine.perform('chat.setTyping', { chatId: CHAT, state: 'composing' });
  await engine.perform('chat.setTyping', { chatId: CHAT, state: 'paused' });
  expect((await waiting).map(({ state }) => state)).toEqual(['composing', 'paused']);
  expect(await network.drive('sandbox.operations', SESSION, { kind: 'reaction', atLeast: 1, waitMs: 20 })).toEqual([]);
});
