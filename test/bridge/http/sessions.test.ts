/** Sessions over HTTP: how many there may be, their proxies, and what their engines can do. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { RealBridge } from './real-bridge.ts';

jest.setTimeout(30_000);
let real: RealBridge;
beforeAll(async () => {
  real = await RealBridge.start({ maxSessions: 2 });
});
afterAll(() => real.destroy());

const add = (body: object) => real.raw('POST', '/v1/sessions', { body: JSON.stringify(body) });
const setProxy = (session: string, proxy: unknown) =>
  real.raw('PUT', `/v1/sessions/${session}/proxy`, { body: JSON.stringify({ proxy }) });

test('one session more than allowed is refused, with the setting and what a session costs', async () => {
  await real.session('one');
  await real.session('two');
  const refused = await add({ name: 'three', engine: 'sandbox' });
  expect(refused.status).toBe(409);
  expect(refused.json).toMatchObject({
    code: 'WAB_SESSION_LIMIT',
    detail: expect.stringMatching(/limit of 2 .*WABRIDGE_MAX_SESSIONS.*GiB/),
  });
  expect((await real.raw('GET', '/v1/sessions/three')).status).toBe(404);
  expect((await real.raw('POST', '/v1/sessions/one/stop')).status).toBe(200);
  expect((await add({ name: 'three', engine: 'sandbox' })).status).toBe(201);
});

test('a proxy is refused by an engine that has no use for it, and what is no proxy is not repeated', async () => {
  const SECRET = 's3cret';
  for (const proxy of [`http://ada:${SECRET}@proxy.example:3128`, `nonsense:${SECRET}`]) {
    for (const answer of [await add({ name: 'far', engine: 'sandbox', proxy }), await setProxy('one', proxy)]) {
      expect(answer.status).toBe(422);
      expect(answer.json).toMatchObject({ code: 'WAB_PROXY_INVALID' });
      expect(answer.text).not.toContain(SECRET);
    }
  }
  expect((await setProxy('one', 7)).json).toMatchObject({ code: 'WAB_INVALID_REQUEST' });
  expect((await setProxy('nobody', null)).json).toMatchObject({ code: 'WAB_SESSION_NOT_FOUND' });
  expect((await setProxy('one', null)).json).toMatchObject({ name: 'one', proxy: null });
});

test('a session shows what its engine can do; without the engine, sends and codes say that it is not enabled', async () => {
  const first = await RealBridge.start();
  let second: RealBridge | undefined;
  try {
    await first.session('kept');
    const { json } = await first.raw('GET', '/v1/sessions/kept');
    expect(json).toMatchObject({
      engine: 'sandbox',
      simulated: true,
      capabilities: { chosenMessageIds: true, linking: ['qr', 'pairing_code'], parallelFiles: true },
    });
    expect(json.capabilities).not.toHaveProperty('simulated');
    expect(json.capabilities.operations).toContain('message.sendText');
    expect(json.capabilities.events).toContain('message.received');
    await first.stop();

    second = await RealBridge.start({ dataDir: first.dataDir, engines: [] });
    const shown = await second.raw('GET', '/v1/sessions/kept');
    const none = { chosenMessageIds: false, linking: [], parallelFiles: false, operations: [], events: [] };
    expect(shown.json).toMatchObject({ engine: 'sandbox', state: 'failed', capabilities: none });
    const pairing = { body: JSON.stringify({ phone: '+4915112345678' }) };
    for (const refused of [
      await second.send({ session: 'kept', to: '+4915112345678', type: 'text', text: 'hello' }),
      await second.raw('GET', '/v1/sessions/kept/qr'),
      await second.raw('GET', '/v1/sessions/kept/pairing-code'),
      await second.raw('POST', '/v1/sessions/kept/pairing-code', pairing),
    ])
      expect(refused).toMatchObject({ status: 409, json: { code: 'WAB_ENGINE_NOT_ENABLED' } });
    expect((await second.raw('GET', '/v1/messages')).json.messages).toEqual([]);
  } finally {
    await second?.stop();
    await first.destroy();
  }
});
