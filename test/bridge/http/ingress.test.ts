/** What the other side sends to an engine, over a real socket: unsigned by our keys, bounded, and as the bytes that it signed. */
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { Log } from '../../../bridge/src/ops/logger.ts';
import { MAX_BODY_BYTES, OfficialApiFactory, signatureOf } from './official-api.ts';
import { RealBridge } from './real-bridge.ts';

jest.setTimeout(60_000);
const SECRETS = { appSecret: 'app-secret-of-the-test', verifyToken: 'verify-token-of-the-test' };
const PATH = '/v1/ingress/sandbox/official';
const BODY = '{ "id":"3EB0A1",  "from":"4915112345678@c.us","text":"Grüße\u0021" }';

let logged: string;
const line = (...said: readonly unknown[]): void => void (logged += `${JSON.stringify(said)}\n`);
const log: Log = { debug: line, info: line, warn: line, error: line, fatal: line, child: () => log };

let factory: OfficialApiFactory;
let real: RealBridge;
beforeEach(async () => {
  logged = '';
  factory = new OfficialApiFactory();
  real = await RealBridge.start({ engines: [] }, log, [factory]);
  const body = { name: 'official', engine: 'sandbox', settings: { account: '1', ...SECRETS } };
  await real.client.request('POST', '/v1/sessions', { body });
  await real.until(async () => (await real.raw('GET', '/v1/sessions/official')).json.state === 'ready');
});
afterEach(() => real.destroy());

const post = (body: string, path = PATH, signature = signatureOf(body, SECRETS.appSecret)) =>
  real.raw('POST', path, { key: null, body, headers: { 'x-hub-signature-256': signature } });
const events = async () => (await real.raw('GET', '/v1/events?types=message.received')).json.events;

test('a message that the other side signed is an event before it is answered', async () => {
  const answer = await post(BODY);
  expect(answer).toMatchObject({ status: 200, json: { success: true } });
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(await events()).toMatchObject([{ session: 'official', data: { text: 'Grüße!' } }]);
});

test('the engine decides whom it believes, by the bytes that were sent', async () => {
  expect((await post(BODY, PATH, signatureOf(JSON.stringify(JSON.parse(BODY)), SECRETS.appSecret))).status).toBe(401);
  expect((await post(BODY, PATH, signatureOf(BODY, 'another secret'))).status).toBe(401);
  expect(await events()).toEqual([]);
});

test('the address is confirmed by GET, of which the bridge neither reads nor logs the query', async () => {
  const query = (token: string) => `?hub.mode=subscribe&hub.verify_token=${token}&hub.challenge=1158201444`;
  const confirmed = await real.raw('GET', PATH + query(SECRETS.verifyToken), { key: null });
  expect(confirmed).toMatchObject({ status: 200, text: '1158201444' });
  expect((await real.raw('GET', PATH + query('a-guess'), { key: null })).status).toBe(403);
  await real.until(async () => logged.includes('/v1/ingress/sandbox/:name'));
  expect(logged).not.toContain(SECRETS.verifyToken);
});

test('a session that is stopped, or does not exist, answers the same: try again', async () => {
  await real.raw('POST', '/v1/sessions/official/stop');
  const [stopped, unknown] = [await post(BODY), await post(BODY, '/v1/ingress/sandbox/nobody')];
  expect(stopped).toMatchObject({ status: 503, json: { code: 'WAB_INGRESS_UNAVAILABLE' } });
  expect(unknown.json.detail).toBe(stopped.json.detail);
  expect(await events()).toEqual([]);
});

test('an engine that fails is no answer for the other side, which sends again', async () => {
  const failed = await post('not JSON, but signed');
  expect(failed).toMatchObject({ status: 503, json: { code: 'WAB_INGRESS_UNAVAILABLE' } });
  expect(failed.text + logged).not.toContain('not JSON');
  expect(logged).toContain('the engine could not take a request');
});

test('a body larger than the engine takes, and more requests at once than the bridge takes, do not reach it', async () => {
  const large = await post('x'.repeat(MAX_BODY_BYTES + 1));
  expect(large).toMatchObject({ status: 413, json: { code: 'WAB_BODY_TOO_LARGE' } });
  expect(factory.received).toBe(0);
  let release!: () => void;
  factory.held = new Promise((resolve) => (release = resolve));
  const bodies = Array.from({ length: 32 }, (_, index) => BODY.replace('3EB0A1', `3EB0B${index}`));
  const taken = bodies.map((body) => post(body));
  await real.until(async () => factory.received === 32);
  expect(await post(BODY)).toMatchObject({ status: 503, json: { code: 'WAB_OVERLOADED' } });
  release();
  expect((await Promise.all(taken)).map(({ status }) => status)).toEqual(bodies.map(() => 200));
  expect((await post(BODY)).status).toBe(200);
});

/** More clients than there are places say something, one after the other, and go away once it was `sent` or answered. */
async function visits(text: string, until: 'sent' | 'answered'): Promise<void> {
  const { hostname, port } = new URL(real.url);
  for (let round = 0; round < 40; round++) {
    const socket = connect(Number(port), hostname);
    socket.write(text, () => until === 'sent' && socket.destroy());
    socket.once('data', () => socket.destroy());
    await once(socket, 'close');
  }
}

test('clients that go away in the middle of a body give their places back', async () => {
  await visits(`POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf`, 'sent');
  await real.until(async () => (await post(BODY)).status === 200);
});

test('an engine that hangs collects no more requests than it may have at once, and serves again once it goes on', async () => {
  let release!: () => void;
  factory.held = new Promise((resolve) => (release = resolve));
  const head = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: ${signatureOf(BODY, SECRETS.appSecret)}`;
  const { hostname, port } = new URL(real.url);
  const whole = `${head}\r\nContent-Length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}`;
  for (let taken = 1; taken <= 32; taken++) {
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    socket.write(whole);
    await real.until(async () => factory.received === taken);
    // Its place is free again, while the engine still has what it sent.
    socket.destroy();
  }
  expect(await post(BODY)).toMatchObject({ status: 503, json: { code: 'WAB_INGRESS_UNAVAILABLE' } });
  expect(factory.received).toBe(32);
  release();
  await real.until(async () => (await post(BODY)).status === 200);
});

test('requests for an upgrade give their places back', async () => {
  await visits(`GET ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`, 'answered');
  expect((await post(BODY)).status).toBe(200);
});

test('many requests on one connection leave nothing behind on it', async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on('warning', note);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let round = 0; round < 12; round++) {
    const [answer] = (await once(request(real.url + PATH, { agent }).end(), 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
  }
  agent.destroy();
  process.off('warning', note);
  expect(warnings).toEqual([]);
});

test('nothing is open if no engine asks for it, and other methods and paths ask for a signature', async () => {
  expect((await real.raw('PUT', PATH, { key: null, body: '{}' })).json.code).toBe('WAB_SIGNATURE_MISSING');
  expect((await real.raw('POST', '/v1/ingress/webjs/official', { key: null })).json.code).toBe('WAB_SIGNATURE_MISSING');
  const closed = await RealBridge.start();
  try {
    expect((await closed.raw('POST', PATH, { key: null, body: '{}' })).json.code).toBe('WAB_SIGNATURE_MISSING');
    expect((await closed.raw('POST', PATH, { body: '{}' })).json.code).toBe('WAB_NOT_FOUND');
  } finally {
    await closed.destroy();
  }
});
