/** What the routes give, on the composed bridge over a real socket. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { WebSocket } from 'ws';
import { newMediaId } from '../../../bridge/src/contract/ids.ts';
import { signRequest } from '../../../bridge/src/auth/signer.ts';
import { version } from '../../../bridge/src/version.ts';
import { RealBridge } from './real-bridge.ts';

jest.setTimeout(30_000);
let real: RealBridge;
const PERSON = '+4915112345678';

beforeAll(async () => {
  real = await RealBridge.start({ opsPort: 0 });
  await real.session('demo');
  await real.session('other');
}, 60_000);

afterAll(() => real.destroy(), 30_000);

const say = (session: string, text: string) =>
  real.raw('POST', `/v1/sandbox/${session}/receive`, { body: JSON.stringify({ from: PERSON, text }) });

describe('sessions and keys', () => {
  test('whoami says which key asks, and the time of the bridge', async () => {
    const key = await real.key(['events:read'], ['demo']);
    const { json } = await real.raw('GET', '/v1/whoami', { key });
    expect(json).toMatchObject({
      keyId: key.keyId,
      scopes: ['events:read'],
      sessions: ['demo'],
      expiresAt: null,
      version,
    });
    expect(Math.abs(Date.parse(json.serverTime) - Date.now())).toBeLessThan(60_000);
  });

  test('a key sees the sessions it may use and no others', async () => {
    const key = await real.key(
      ['sessions:read', 'sessions:manage', 'messages:read', 'messages:send', 'events:read', 'events:manage'],
      ['demo'],
    );
    const listed = await real.raw('GET', '/v1/sessions', { key });
    expect(listed.json.sessions.map((session: { name: string }) => session.name)).toEqual(['demo']);
    for (const [method, path] of [
      ['GET', '/v1/sessions/other'],
      ['GET', '/v1/sessions/other/health'],
      ['POST', '/v1/sessions/other/stop'],
      ['DELETE', '/v1/sessions/other'],
      ['GET', '/v1/sessions/other/qr'],
      ['GET', '/v1/sandbox/other/inbox'],
      ['GET', '/v1/events?sessions=other'],
      ['GET', '/v1/messages?session=other'],
    ] as const) {
      expect(await real.raw(method, path, { key })).toMatchObject({
        status: 403,
        json: { code: 'WAB_SESSION_NOT_ALLOWED' },
      });
    }
    const sent = await real.send({ session: 'other', to: PERSON, type: 'text', text: 'x' });
    expect(sent.status).toBe(202);
    // An id of others answers like one that does not exist.
    expect((await real.raw('GET', `/v1/messages/${sent.json.id}`, { key })).json.code).toBe('WAB_OUTBOX_NOT_FOUND');
    expect((await real.raw('POST', `/v1/messages/${sent.json.id}/cancel`, { key })).json.code).toBe(
      'WAB_OUTBOX_NOT_FOUND',
    );
    const messages = await real.raw('GET', '/v1/messages', { key });
    expect(messages.json.messages.every((message: { session: string }) => message.session === 'demo')).toBe(true);
    const body = JSON.stringify({ name: 'third', engine: 'sandbox' });
    expect((await real.raw('POST', '/v1/sessions', { key, body })).json.code).toBe('WAB_SESSION_NOT_ALLOWED');
  });

  test('the life of a session: QR as JSON and PNG, scan, stop, start, logout, delete', async () => {
    const name = 'life';
    const manual = await RealBridge.start({ sandboxAutoLink: false });
    try {
      await manual.client.request('POST', '/v1/sessions', { body: { name, engine: 'sandbox' } });
      const state = async () => (await manual.client.request<{ state: string }>('GET', `/v1/sessions/${name}`)).state;
      await manual.until(async () => (await state()) === 'awaiting_scan');
      const qr = await manual.raw('GET', `/v1/sessions/${name}/qr`);
      expect(qr.json.code.length).toBeGreaterThan(10);
      expect(qr.headers.get('cache-control')).toBe('no-store');
      const png = await manual.client.download(`/v1/sessions/${name}/qr`, { query: { format: 'png' } });
      expect(png.subarray(0, 8)).toEqual(Buffer.from('89504e470d0a1a0a', 'hex'));
      const events = await manual.raw('GET', '/v1/events?types=session.qr_issued');
      expect(events.text).not.toContain(qr.json.code);

      expect((await manual.raw('POST', `/v1/sandbox/${name}/scan`, { body: '{}' })).status).toBe(204);
      await manual.until(async () => (await state()) === 'ready');
      const health = await manual.raw('GET', `/v1/sessions/${name}/health`);
      expect(health.json).toMatchObject({
        healthy: true,
        checks: [
          { name: 'session', state: 'ok' },
          { name: 'line', state: 'ok' },
          { name: 'events', state: 'ok' },
        ],
      });
      expect((await manual.raw('POST', `/v1/sessions/${name}/stop`)).json.state).toBe('stopped');
      await manual.raw('POST', `/v1/sessions/${name}/start`);
      await manual.until(async () => (await state()) === 'ready');
      await manual.raw('POST', `/v1/sessions/${name}/logout`);
      await manual.until(async () => (await state()) === 'logged_out');
      expect((await manual.raw('DELETE', `/v1/sessions/${name}`)).status).toBe(204);
      expect((await manual.raw('GET', `/v1/sessions/${name}`)).json.code).toBe('WAB_SESSION_NOT_FOUND');
    } finally {
      await manual.destroy();
    }
  });

  test('a session is linked by pairing code; neither code nor number is told to anybody else', async () => {
    const manual = await RealBridge.start({ sandboxAutoLink: false });
    const phone = '+49 151 12345678';
    try {
      await manual.client.request('POST', '/v1/sessions', { body: { name: 'pair', engine: 'sandbox' } });
      const path = '/v1/sessions/pair/pairing-code';
      const state = async () => (await manual.client.request<{ state: string }>('GET', '/v1/sessions/pair')).state;
      await manual.until(async () => (await state()) === 'awaiting_scan');
      expect((await manual.raw('GET', path)).json.code).toBe('WAB_PAIRING_CODE_NOT_AVAILABLE');
      expect(await manual.raw('POST', path, { body: '{"phone":"0151 12345678"}' })).toMatchObject({
        status: 422,
        json: { code: 'WAB_PHONE_INVALID' },
      });
      const given = await manual.raw('POST', path, { body: JSON.stringify({ phone }) });
      expect(given).toMatchObject({ status: 201, json: { code: expect.stringMatching(/^[0-9A-Z]{8}$/) } });
      expect(given.headers.get('cache-control')).toBe('no-store');
      const again = await manual.raw('GET', path);
      expect(again.json).toEqual(given.json);
      expect(again.headers.get('cache-control')).toBe('no-store');
      const key = await manual.key(['sessions:read']);
      expect((await manual.raw('GET', path, { key })).json.code).toBe('WAB_SCOPE_MISSING');

      await manual.raw('POST', '/v1/sandbox/pair/scan', { body: JSON.stringify({ code: given.json.code }) });
      await manual.until(async () => (await state()) === 'ready');
      const events = await manual.raw('GET', '/v1/events');
      expect(events.text).not.toContain(given.json.code);
      expect(events.text).not.toContain('4915112345678');
      expect((await manual.raw('GET', path)).json.code).toBe('WAB_PAIRING_CODE_NOT_AVAILABLE');
      expect((await manual.raw('POST', path, { body: JSON.stringify({ phone }) })).json).toMatchObject({
        code: 'WAB_SESSION_STATE',
        detail: expect.stringContaining('log it out'),
      });
    } finally {
      await manual.destroy();
    }
  });

  test('the messages of a deleted session fail before its name is free again', async () => {
    await real.session('doomed');
    await real.client.request('POST', '/v1/sessions/doomed/stop');
    const sent = await real.send({ session: 'doomed', to: PERSON, type: 'text', text: 'never' });
    expect(sent.json.state).toBe('queued');
    await real.client.request('DELETE', '/v1/sessions/doomed');
    const after = await real.raw('GET', `/v1/messages/${sent.json.id}`);
    expect(after.json).toMatchObject({ state: 'failed', error: { code: 'WAB_SESSION_NOT_FOUND' } });
  });
});

describe('messages, media and events', () => {
  test('a send that waits comes back accepted, and arrives once', async () => {
    const text = `hello ${Date.now()}`;
    const body = JSON.stringify({ session: 'demo', to: PERSON, type: 'text', text });
    const answer = await real.raw('POST', '/v1/messages?waitMs=10000', {
      body,
      headers: { 'idempotency-key': text.replace(' ', '-') },
    });
    expect(answer).toMatchObject({ status: 202, json: { replayed: false, session: 'demo', type: 'text' } });
    expect(['accepted', 'delivered', 'read']).toContain(answer.json.state);
    const inbox = await real.raw('GET', `/v1/sandbox/demo/inbox?text=${encodeURIComponent(text)}`);
    expect(inbox.json).toHaveLength(1);
    expect(inbox.headers.get('x-wabridge-simulated')).toBe('true');
  });

  test('media goes up, out to WhatsApp, and comes down again', async () => {
    const mediaId = newMediaId();
    const png = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    );
    const put = await real.raw('PUT', `/v1/media/${mediaId}?fileName=dot.png`, {
      body: png,
      contentType: 'application/octet-stream',
    });
    expect(put).toMatchObject({
      status: 201,
      json: { mediaId, mimeType: 'image/png', sizeBytes: png.length, fileName: 'dot.png', session: null },
    });
    const sent = await real.raw('POST', '/v1/messages?waitMs=10000', {
      body: JSON.stringify({ session: 'demo', to: PERSON, type: 'image', mediaId, text: 'a dot' }),
      headers: { 'idempotency-key': mediaId },
    });
    expect(sent.json.error).toBeNull();
    expect(await real.client.download(`/v1/media/${mediaId}`)).toEqual(png);
  });

  test('events come in pages; content only with messages:read; a page never skips', async () => {
    await say('demo', 'one');
    await say('other', 'two');
    await real.until(
      async () =>
        (await real.raw('GET', '/v1/events?types=message.received&from=%2B4915112345678')).json.events.length >= 2,
    );

    const blind = await real.key(['events:read'], ['demo']);
    const seen = await real.raw('GET', '/v1/events?types=message.received', { key: blind });
    expect(seen.json.events.length).toBeGreaterThan(0);
    for (const event of seen.json.events)
      expect(event).toMatchObject({ session: 'demo', data: null, withheld: 'scope' });
    expect(seen.text).not.toContain('"one"');

    const all: number[] = [];
    for (let after = 'earliest', more = true; more;) {
      const page = (await real.raw('GET', `/v1/events?limit=2&after=${after}`)).json;
      all.push(...page.events.map((event: { seq: number }) => event.seq));
      ({ cursor: after, more } = page);
    }
    const whole = (await real.raw('GET', '/v1/events?limit=500')).json.events.map(
      (event: { seq: number }) => event.seq,
    );
    // What was read later may have more: acknowledgements come in their own time.
    expect(all.length).toBeGreaterThan(2);
    expect(whole.slice(0, all.length)).toEqual(all);
  });

  test('the stream opens over a signed upgrade, and a refused one says why', async () => {
    const socket = await real.client.openStream();
    const hello = await new Promise<string>((resolve) =>
      socket.once('message', (data) => resolve((data as Buffer).toString())),
    );
    expect(JSON.parse(hello)).toMatchObject({ type: 'hello', protocol: 'wabridge.v1' });
    expect((await real.raw('GET', '/metrics')).text).toMatch(/^wabridge_streams 1$/m);
    const received = new Promise<{ cursor: string; attempt: number }>((resolve) => {
      socket.on('message', (data) => {
        const frame = JSON.parse((data as Buffer).toString());
        if (frame.type === 'event') resolve(frame);
      });
    });
    const subscription = 'test:metrics';
    socket.send(
      JSON.stringify({
        type: 'subscribe',
        subscription,
        durable: false,
        filter: { types: ['message.received'] },
        from: 'latest',
        window: 5,
      }),
    );
    await say('demo', 'counted');
    const { cursor, attempt } = await received;
    socket.send(JSON.stringify({ type: 'ack', subscription, cursors: [cursor], attempt }));
    await real.until(async () =>
      (await real.raw('GET', '/metrics')).text.includes('wabridge_deliveries_total{outcome="acked"} 1'),
    );
    expect((await real.raw('GET', '/metrics')).text).toContain('wabridge_deliveries_total{outcome="sent"} 1');
    socket.close();

    const refusal = (headers: Record<string, string>, path = '/v1/stream') =>
      new Promise<{ status: number; code: string }>((resolve, reject) => {
        const refused = new WebSocket(`${real.url.replace('http', 'ws')}${path}`, 'wabridge.v1', { headers });
        refused.on('error', () => undefined);
        refused.on('open', () => reject(new Error('the upgrade was accepted')));
        refused.on('unexpected-response', (_request, response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => resolve({ status: response.statusCode!, code: JSON.parse(text).code }));
        });
      });
    const url = `${real.url}/v1/stream`;
    expect(await refusal({})).toEqual({ status: 401, code: 'WAB_SIGNATURE_MISSING' });
    const weak = await real.key(['messages:send']);
    expect(await refusal(signRequest({ method: 'GET', url }, weak))).toEqual({
      status: 403,
      code: 'WAB_SCOPE_MISSING',
    });
    const signed = signRequest({ method: 'GET', url }, real.operator);
    const first = new WebSocket(url.replace('http', 'ws'), 'wabridge.v1', { headers: signed });
    await new Promise((resolve) => first.once('open', resolve));
    first.close();
    expect(await refusal(signed)).toEqual({ status: 401, code: 'WAB_SIGNATURE_REPLAYED' });
    const elsewhere = () => signRequest({ method: 'GET', url: `${real.url}/v1/whoami` }, real.operator);
    expect(await refusal(elsewhere())).toEqual({ status: 401, code: 'WAB_SIGNATURE_INVALID' });
    // Where there is no stream the request is answered as if it had asked for no upgrade.
    expect(await refusal(elsewhere(), '/v1/whoami')).toEqual({ status: 200, code: undefined });
    expect((await real.raw('GET', '/v1/stream')).json.code).toBe('WAB_INVALID_REQUEST');
  });
});
