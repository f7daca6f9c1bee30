/** Operations that are done at once, between the registry and an engine that does what a test tells it. */
import { expect, test } from '@jest/globals';
import type { SessionName } from '../../../bridge/src/contract/ids.ts';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import { markRead } from '../../../bridge/src/contract/operations/chat/mark-read.ts';
import { type OperationTarget, performAtOnce } from '../../../bridge/src/sessions/engine-operations.ts';
import { FakeEngine, ManualClock } from './fake-engine.ts';

const name = 'support' as SessionName;
const idle = { signal: () => undefined, fact: () => Promise.resolve() };

function engineThat(onOperation: FakeEngine['onOperation']): FakeEngine {
  const engine = new FakeEngine(idle);
  engine.onOperation = onOperation;
  return engine;
}
const session: Omit<OperationTarget, 'ready'> = {
  name,
  state: 'ready',
  engine: 'sandbox',
  supports: ['chat.markRead'],
};
const input = { session: name, chatId: '+49 151 12345678' };
const act = (onOperation: FakeEngine['onOperation'], clock = new ManualClock()): Promise<unknown> =>
  performAtOnce({ ...session, ready: engineThat(onOperation) }, markRead, input, clock);

test('the engine is asked once, under a chat id', async () => {
  const asked: unknown[] = [];
  await act(async (...what) => void asked.push(what));
  expect(asked).toEqual([['chat.markRead', { chatId: '4915112345678@c.us' }]]);
});

test.each([
  [new EngineError('fail', 'WAB_CHAT_UNKNOWN', 'nobody'), 'WAB_CHAT_UNKNOWN'],
  [new EngineError('fail', 'WAB_OPERATION_FAILED', 'the page threw'), 'WAB_OPERATION_FAILED'],
  [new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the line is down'), 'WAB_SESSION_NOT_READY'],
  [new EngineError('defer', 'WAB_SEND_REFUSED', 'busy'), 'WAB_OPERATION_FAILED'],
  [new EngineError('unknown', 'WAB_SESSION_NOT_READY', 'cut off'), 'WAB_OPERATION_FAILED'],
  [new TypeError('undefined is not a function'), 'WAB_OPERATION_FAILED'],
])('%s is told as %s', async (error, code) => {
  let calls = 0;
  const acting = act(() => {
    calls += 1;
    throw error;
  });
  await expect(acting).rejects.toMatchObject({ name: 'WabError', code });
  expect(calls).toBe(1);
});

test('an engine that does not answer is waited for a few seconds', async () => {
  const clock = new ManualClock();
  const acting = act(() => new Promise(() => undefined), clock);
  const refused = expect(acting).rejects.toMatchObject({ code: 'WAB_OPERATION_FAILED' });
  await clock.pass(8_000);
  await refused;
});

test('without an engine nothing is kept for later', async () => {
  const acting = performAtOnce({ ...session, state: 'reconnecting', ready: null }, markRead, input, new ManualClock());
  await expect(acting).rejects.toMatchObject({
    code: 'WAB_SESSION_NOT_READY',
    message: expect.stringContaining('reconnecting'),
  });
});

test('what the engine cannot do, and an address that is none, are refused before it is asked', async () => {
  const engine = engineThat(() => Promise.reject(new Error('asked all the same')));
  const unable = performAtOnce({ ...session, supports: [], ready: engine }, markRead, input, new ManualClock());
  await expect(unable).rejects.toMatchObject({ code: 'WAB_OPERATION_UNSUPPORTED' });
  const nowhere = { ...input, chatId: 'nobody@nowhere' };
  const lost = performAtOnce({ ...session, ready: engine }, markRead, nowhere, new ManualClock());
  await expect(lost).rejects.toMatchObject({ code: 'WAB_ADDRESS_INVALID' });
});
