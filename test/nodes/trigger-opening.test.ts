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
    await expect(ActiveTrigger.open(credential())).rejects.toThrow('does not have the scope events:read');
  });

  test('is refused for a key that was not copied whole', async () => {
    await expect(ActiveTrigger.open({ baseUrl: bridge.url, privateKey: 'wabk_test_short' })).rejects.toThrow(
      'is incomplete',
    );
  });

  test.each([
    [{ events: [] }, 'No event type is selected'],
    [{ sessionScope: 'several', sessions: [] }, 'No session is selected'],
    [
      { sessionScope: 'one', session: { __rl: true, mode: 'name', value: 'Not A Name' } },
      'is not a valid session name',
    ],
    [{ options: { maxInFlight: 0 } }, 'Executions at a Time is out of range'],
    // Without its country code, a number of no country, no address at all, a group.
    [{ filters: { from: '+49 151 12345678, 0151 12345678' } }, 'From can never match "+015112345678"'],
    [{ filters: { from: '+49' } }, 'From can never match "+49"'],
    [{ filters: { from: 'Ada' } }, 'From can never match "Ada"'],
    [{ filters: { from: '120363@g.us' } }, 'From can never match "120363@g.us"'],
    [{ events: ['session.degraded'], filters: { from: '+4915112345678' } }, 'From can never match the chosen events'],
    [{ events: ['session.degraded'], filters: { fromMe: 'others' } }, 'From Me can never match the chosen events'],
  ])('is refused for settings that cannot work: %j', async (parameters, message) => {
    const opening = ActiveTrigger.open(credential(), parameters);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toBeInstanceOf(NodeOperationError);
    expect(bridge.upgrades).toHaveLength(0);
  });

  const whoami = (...scopes: string[]) => bridge.answers.set('GET /v1/whoami', { json: { keyId: 'test', scopes } });
  const sessions = (...names: string[]) =>
    bridge.answers.set('GET /v1/sessions', { json: { sessions: names.map((name) => ({ name, state: 'stopped' })) } });
  const oneSession = { sessionScope: 'one', session: { __rl: true, mode: 'name', value: 'suport' } };

  test('is refused for a session that the bridge does not have, with those that it has', async () => {
    whoami('events:read', 'messages:read', 'sessions:read');
    sessions('support', 'sales');
    const opening = ActiveTrigger.open(credential(), oneSession);
    await expect(opening).rejects.toThrow(
      'The bridge has no session "suport" that this key may use, so nothing would ever start this workflow. It has sales, support.',
    );
    expect(bridge.upgrades).toHaveLength(0);
  });

  test('is refused for a key without messages:read where messages are listened to, and only there', async () => {
    whoami('events:read', 'sessions:read');
    await expect(ActiveTrigger.open(credential())).rejects.toThrow('does not have the scope messages:read');
    expect(bridge.upgrades).toHaveLength(0);
    const opening = ActiveTrigger.open(credential(), { events: ['session.degraded'] });
    await (await bridge.stream(1)).subscribe();
    opened = await opening;
    expect(opened.failures).toEqual([]);
  });

  test('succeeds for a session that exists and is not ready, since that heals', async () => {
    whoami('events:read', 'messages:read', 'sessions:read');
    sessions('suport');
    const opening = ActiveTrigger.open(credential(), oneSession);
    await (await bridge.stream(1)).subscribe();
    opened = await opening;
    expect(opened.failures).toEqual([]);
  });

  test('at the start of n8n, where nobody would read a refusal, is shown once and goes on', async () => {
    whoami('events:read', 'messages:read', 'sessions:read');
    sessions('support');
    const opening = ActiveTrigger.open(credential(), oneSession, { activation: 'init' });
    await (await bridge.stream(1)).subscribe();
    opened = await opening;
    expect(opened.failures).toHaveLength(1);
    expect(opened.failures[0]).toContain('no session "suport"');
  });

  test('while the bridge is away checks the settings as soon as it is there', async () => {
    const { port } = bridge;
    const away = credential();
    await bridge.stop();
    opened = await ActiveTrigger.open(away, oneSession);
    bridge = new FakeBridge();
    whoami('events:read', 'messages:read', 'sessions:read');
    sessions('support');
    await bridge.start(port);
    await (await bridge.stream(1)).subscribe();
    await opened.untilFailures(1);
    expect(opened.failures[0]).toContain('no session "suport"');
  });

  test('succeeds while the bridge is away, and the trigger connects when it is back', async () => {
    const { port } = bridge;
    const away = credential();
    await bridge.stop();
    opened = await ActiveTrigger.open(away);
    expect(opened.log.join('\n')).toContain('cannot be reached: the connection was refused');
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
      problem(401, 'WAB_SIGNATURE_EXPIRED', 'The client’s clock is off by about 90 s.'),
    );
    opened = await ActiveTrigger.open(credential());
    expect(opened.failures).toHaveLength(1);
    expect(opened.failures[0]).toContain('The client’s clock is off by about 90 s.');
  });

  test.each([
    [429, 'this key has too many streams open', 'open streams that the bridge allows for one key'],
    [503, 'too many streams are open', 'reached its limit of open streams'],
  ])('says which limit a bridge has reached that refuses streams with %i, and no proxy', async (status, text, said) => {
    bridge.refuseUpgrades = true;
    bridge.answers.set('GET /v1/whoami', { json: { keyId: 'test', scopes: ['events:read', 'messages:read'] } });
    const headers = { 'content-type': 'text/plain' };
    bridge.answers.set('GET /v1/stream', { status, bytes: Buffer.from(text), headers });
    opened = await ActiveTrigger.open(credential());
    expect(opened.failures).toHaveLength(1);
    expect(opened.failures[0]).toContain(said);
    expect(opened.failures[0]).not.toContain('proxy');
    // It connects as soon as there is room.
    bridge.refuseUpgrades = false;
    await (await bridge.stream(1)).subscribe();
  });

  test('names the proxy where the bridge would open a stream', async () => {
    bridge.refuseUpgrades = true;
    bridge.answers.set('GET /v1/whoami', { json: { keyId: 'test', scopes: ['events:read', 'messages:read'] } });
    bridge.answers.set('GET /v1/stream', problem(400, 'WAB_INVALID_REQUEST', 'This is a WebSocket.'));
    opened = await ActiveTrigger.open(credential());
    expect(opened.failures[0]).toContain('A proxy in between must forward upgrade requests');
  });
});

describe('a bridge that cannot be reached', () => {
  /** In minutes: half a second. */
  const SOON = 0.5 / 60;
  const noted = (text: string): string[] => (opened as ActiveTrigger).log.filter((line) => line.includes(text));

  test('for too long is one failed execution, and one note when it is back', async () => {
    const opening = ActiveTrigger.open(credential(), { options: { outageMinutes: SOON } });
    await (await bridge.stream(1)).subscribe();
    opened = await opening;
    const { port } = bridge;
    await bridge.stop();
    await opened.untilFailures(1);
    expect(opened.failures[0]).toMatch(/no connection to the bridge for \d+ second.*\. The /);
    // Long enough for a second one, and for some more tries.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(opened.failures).toHaveLength(1);

    bridge = new FakeBridge();
    await bridge.start(port);
    await (await bridge.stream(1)).subscribe({ resumed: 3 });
    while (noted('connected again after').length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(noted('connected again after')).toEqual([expect.stringMatching(/^info .*3 events arrived in the meantime/)]);
    await bridge.stop();
    await opened.untilFailures(2);
    bridge = new FakeBridge();
    await bridge.start(port);
  });

  test('when the workflow is published is told as well', async () => {
    const { port } = bridge;
    const away = credential();
    await bridge.stop();
    opened = await ActiveTrigger.open(away, { options: { outageMinutes: SOON } });
    await opened.untilFailures(1);
    bridge = new FakeBridge();
    await bridge.start(port);
  });

  test('for less than that is none, and neither is one with 0', async () => {
    for (const options of [{}, { outageMinutes: 0 }]) {
      const opening = ActiveTrigger.open(credential(), { options });
      const before = bridge.connections;
      await (await bridge.stream(before + 1)).subscribe();
      opened = await opening;
      (await bridge.stream(before + 1)).socket.terminate();
      await (await bridge.stream(before + 2)).subscribe();
      await opened.close();
      expect(opened.failures).toEqual([]);
      expect(noted('connected again after')).toEqual([]);
    }
  });

  test('that says why is told at once and not a second time', async () => {
    bridge.refuseUpgrades = true;
    bridge.answers.set('GET /v1/whoami', problem(401, 'WAB_SIGNATURE_EXPIRED', 'The clock is off by about 90 s.'));
    opened = await ActiveTrigger.open(credential(), { options: { outageMinutes: SOON } });
    await opened.untilFailures(1);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(opened.failures).toHaveLength(1);
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
