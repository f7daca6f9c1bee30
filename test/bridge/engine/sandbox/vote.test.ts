/** People vote in polls of the simulated account. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SessionName } from '../../../../bridge/src/contract/ids.ts';
import { eventOf } from '../../../../bridge/src/events/event-constructors.ts';
import type { EngineFact } from '../../../../bridge/src/engine/engine.ts';
import { LocalNetwork } from '../../../../bridge/src/engine/sandbox/local-network.ts';
import { SandboxEngineFactory } from '../../../../bridge/src/engine/sandbox/sandbox-factory.ts';
import { EngineRecording } from '../../../conformance/engine-recording.ts';

const SESSION = 'demo' as SessionName;
const PERSON = '+4915112345678';

let folder: string;
let network: LocalNetwork;
let messageId: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-vote-'));
  network = new LocalNetwork({ folder, autoLink: true });
  const poll = { kind: 'poll', question: 'When?', options: ['Monday', 'Tuesday'] } as const;
  ({ messageId } = await network.drive('sandbox.sendFromPhone', SESSION, {
    to: PERSON,
    ...poll,
    options: [...poll.options],
  }));
});
afterEach(async () => {
  await network.close();
  await rm(folder, { recursive: true, force: true });
});

const vote = (options: string[], from = PERSON, of = messageId): Promise<void> =>
  network.drive('sandbox.vote', SESSION, { from, messageId: of, options });

test('a vote is reported with the options chosen; each change and a withdrawal are events of their own', async () => {
  const recording = new EngineRecording();
  const engine = new SandboxEngineFactory(network).create(SESSION, join(folder, 'profile'), recording);
  await engine.start();
  await recording.untilSignal('ready');
  await vote(['Monday']);
  await vote([]);
  const votes = (): readonly EngineFact<'poll.voted'>[] =>
    recording.facts.filter((fact): fact is EngineFact<'poll.voted'> => fact.type === 'poll.voted');
  await recording.until('two votes', () => votes().length === 2 || undefined);
  await engine.stop();
  expect(votes().map(({ data }) => data)).toMatchObject([
    { messageId, voter: { phone: PERSON }, options: ['Monday'], fromMe: false },
    { messageId, voter: { phone: PERSON }, options: [], fromMe: false },
  ]);
  const [first, second] = votes().map((fact) => eventOf(SESSION, fact));
  expect(first?.id).not.toBe(second?.id);
  expect(eventOf(SESSION, votes()[0]!).id).toBe(first?.id);
});

test.each([
  ['an option that the poll does not have', ['Sunday'], PERSON, 'WAB_INVALID_REQUEST'],
  ['two options where one is allowed', ['Monday', 'Tuesday'], PERSON, 'WAB_INVALID_REQUEST'],
  ['somebody outside of the chat', ['Monday'], '+4915187654321', 'WAB_CHAT_UNKNOWN'],
])('%s is refused', async (_what, options, from, code) => {
  await expect(vote(options, from)).rejects.toMatchObject({ code });
});

test('a message that is not a poll of the account cannot be voted in', async () => {
  const said = await network.drive('sandbox.sendFromPhone', SESSION, { to: PERSON, text: 'hi' });
  await expect(vote(['Monday'], PERSON, said.messageId)).rejects.toMatchObject({ code: 'WAB_MESSAGE_UNKNOWN' });
});
