/** Metrics, readiness, the OpenAPI document and headers, on the composed bridge over a real socket. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { request } from 'node:http';
import { version } from '../../../bridge/src/version.ts';
import { RealBridge } from './real-bridge.ts';

jest.setTimeout(30_000);
let real: RealBridge;
const PERSON = '+4915112345678';

beforeAll(async () => {
  real = await RealBridge.start({ opsPort: 0 });
  await real.session('demo');
  await real.session('other');
  await becomeBusy();
}, 60_000);

afterAll(() => real.destroy(), 30_000);

/** A message in each direction, so that there is something to count. */
async function becomeBusy(): Promise<void> {
  const received = { body: JSON.stringify({ from: PERSON, text: 'hello' }) };
  await real.raw('POST', '/v1/sandbox/demo/receive', received);
  const sent = { session: 'demo', to: PERSON, type: 'text', text: 'hello back' };
  const headers = { 'idempotency-key': 'hello-back' };
  await real.raw('POST', '/v1/messages?waitMs=10000', { body: JSON.stringify(sent), headers });
  const metrics = async (): Promise<string> => (await fetch(`${real.bridge.opsUrl}/metrics`)).text();
  while (!(await metrics()).includes('type="message.received"'))
    await new Promise((resolve) => setTimeout(resolve, 50));
}

describe('operations', () => {
  test('metrics need their scope, count by route pattern, and hold no number, name or body', async () => {
    const sent = await real.send({ session: 'demo', to: PERSON, type: 'text', text: 'a very secret text' });
    await real.until(async () => (await real.raw('GET', `/v1/messages/${sent.json.id}`)).json.state === 'read');
    const weak = await real.key(['messages:send']);
    expect((await real.raw('GET', '/metrics', { key: weak })).json.code).toBe('WAB_SCOPE_MISSING');
    const scraper = await real.key(['metrics:read']);
    const { text, headers } = await real.raw('GET', '/metrics', { key: scraper });
    expect(headers.get('content-type')).toContain('text/plain');
    expect(text).toMatch(
      /wabridge_http_request_seconds_count\{route="\/v1\/sessions\/:name",method="GET",status="200"\} \d+/,
    );
    expect(text).toMatch(/wabridge_events_appended_total\{type="message.received"\} \d+/);
    expect(text).toMatch(/wabridge_outbox_messages\{state="read"\} \d+/);
    expect(text).toMatch(/wabridge_outbox_outcomes_total\{outcome="accepted"\} \d+/);
    expect(text).toMatch(/wabridge_sessions\{state="ready"\} \d+/);
    expect(text).not.toMatch(/15112345678|secret|demo/);
  });

  test('readiness says what works; the ops listener says it unsigned, on loopback alone', async () => {
    expect((await real.raw('GET', '/v1/ready')).json).toEqual({
      ready: true,
      checks: { lifecycle: 'ok', database: 'ok', stream: 'ok', mediaStore: 'ok' },
    });
    const ops = real.bridge.opsUrl!;
    expect(new URL(ops).hostname).toBe('127.0.0.1');
    expect(await (await fetch(`${ops}/readyz`)).json()).toMatchObject({ ready: true });
    expect(await (await fetch(`${ops}/metrics`)).text()).toContain('wabridge_log_head');
    expect(await (await fetch(`${ops}/v1/sessions`)).json()).toMatchObject({ code: 'WAB_NOT_FOUND' });
  });

  test('the ops listener answers nobody who asks it by another name, as a web page would', async () => {
    const { port } = new URL(real.bridge.opsUrl!);
    const ask = (host: string, path = '/metrics') =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const sent = request({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
          let text = '';
          response.on('data', (chunk: Buffer) => (text += chunk.toString()));
          response.on('end', () => resolve({ status: response.statusCode!, text }));
        });
        sent.on('error', reject).end();
      });
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, '127.0.0.1', '[::1]:80', 'LOCALHOST'])
      expect(await ask(host)).toMatchObject({ status: 200 });
    for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '127.0.0.1.evil.example'])
      for (const path of ['/metrics', '/readyz', '/nothing']) {
        const { status, text } = await ask(host, path);
        expect({ status, code: JSON.parse(text).code }).toEqual({ status: 421, code: 'WAB_OPS_HOST' });
      }
  });

  test('the OpenAPI document is served to any key', async () => {
    const key = await real.key(['messages:send']);
    expect((await real.raw('GET', '/v1/openapi.json', { key })).json).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'wabridge', version },
    });
  });

  test('answers carry the headers that keep browsers from harm', async () => {
    const { headers } = await real.raw('GET', '/healthz', { key: null });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('x-powered-by')).toBeNull();
  });
});
