import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NodeOperationError } from 'n8n-workflow';
import { FakeBridge, messageEvent, problem } from './support/fake-bridge';
import { ActiveTrigger, openTestRun, SIGNING_KEY } from './support/n8n';

let bridge: FakeBridge;
let opened: ActiveTrigger | undefined;
const credential = () => ({ baseUrl: bridge.url, privateKey: SIGNING_KEY });

beforeEach(async () => {
  bridge = new FakeBridge();
  await bridge.start();
  opened = undefined;
});

afterEach(async () => {
  await opened?.close();
  await bridge.stop();
});

describe('publishing a workflow', () => {
  test.each([
    ['an unknown key', 401, 'WAB_KEY_UNKNOWN'],
    ['a revoked key', 401, 'WAB_KEY_REVOKED'],
    ['a missing scope', 403, 'WAB_SCOPE_MISSING'],
  ])('is refused for %s, with the sentence of the bridge', async (_what, status, code) => {
    bridge.refuseUpgrades = true;
    bridge.answers.set('GET /v1/whoami', problem(status, code, 'What is wrong and what to do.'));
    await expect(ActiveTrigger.open(credential())).rejects.toThrow(`What is wrong and what to do. (${code})`);
    const dials = bridge.upgrades.length;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(bridge.upgrades).toHaveLength(dials);
  });

  test('is refused for a key that may not read events', async () => {
    bridge.refuseUpgrades = true;
    bridge.answers.set('GET /v1/whoami', { json: { keyId: 'test', scopes: ['messages:send'] } });
    await expect(ActiveTrigger.open(credential())).rejects.toThrow('lacks the scope events:read');
  });

  test('is refused for a key that was not copied whole', async () => {
    await expect(ActiveTrigger.open({ baseUrl: bridge.url, privateKey: 'wabk_test_short' })).rejects.toThrow(
      'is not complete',
    );
  });

  test.each([
    [{ events: [] }, 'No event type is chosen'],
    [{ sessionScope: 'several', sessions: [] }, 'No session is chosen'],
    [{ sessionScope: 'one', session: { __rl: true, mode: 'name', value: 'Not A Name' } }, 'is no session name'],
    [{ options: { maxInFlight: 0 } }, 'Executions at a Time is out of range'],
  ])('is refused for settings that cannot work: %j', async (parameters, message) => {
    const opening = ActiveTrigger.open(credential(), parameters);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toBeInstanceOf(NodeOperationError);
    expect(bridge.upgrades).toHaveLength(0);
  });

  test('succeeds while the bridge is away, and the trigger connects when it is back', async () => {
    const { port } = bridge;
    const away = credential();
    await bridge.stop();
    opened = await ActiveTrigger.open(away);
    expect(opened.log.join('\n')).toContain('cannot be reached: nothing listens there');
    expect(opened.failures).toEqual([]);
    bridge = new FakeBridge();
    await bridge.start(port);
    const stream = await bridge.stream(1);
    await stream.subscribe();
    stream.deliver(messageEvent(1));
    (await opened.run(1)).finish('success');
    expect(await stream.next('ack')).toMatchObject({ cursors: ['cur-1'] });
  });

  test('succeeds with a clock that is off, and says so where the workflow’s executions are listed', async () => {
    bridge.refuseUpgrades = true;
    bridge.answers.set(
      'GET /v1/whoami',
      problem(401, 'WAB_SIGNATURE_EXPIRED', 'The client clock is off by about 90 s.'),
    );
    opened = await ActiveTrigger.open(credential());
    expect(opened.failures).toHaveLength(1);
    expect(opened.failures[0]).toContain('The client clock is off by about 90 s.');
  });
});

describe('a test run in the editor', () => {
  test('takes the next event under a subscription of its own that leaves nothing behind', async () => {
    const { response, result } = await openTestRun(credential());
    const started = response.manualTriggerFunction?.();
    const stream = await bridge.stream(1);
    await stream.subscribe();
    await started;
    const subscribe = await stream.next('subscribe');
    expect(subscribe).toMatchObject({ durable: false, from: 'latest' });
    expect(subscribe.subscription).toMatch(/^n8n-test:/);
    stream.deliver(messageEvent(5));
    stream.deliver(messageEvent(6, { chat: { chatId: 'b@c.us' } }));
    expect((await result).flat().map(({ json }) => json['seq'])).toEqual([5]);
    await response.closeFunction?.();
    expect(await stream.closed).toBe(1000);
  });

  test('fails at once where the bridge cannot be reached', async () => {
    const { response } = await openTestRun({ baseUrl: 'http://127.0.0.1:9', privateKey: SIGNING_KEY });
    await expect(response.manualTriggerFunction?.()).rejects.toThrow('cannot be reached');
  });
});
