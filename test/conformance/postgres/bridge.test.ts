/** A whole bridge on PostgreSQL: it starts, sends, restarts, and says what it waits for. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../servers/postgres.ts';
import type { ServerProcess } from '../../servers/server-process.ts';
import { TcpProxy } from '../../servers/tcp-proxy.ts';
import { until } from '../../until.ts';
import { CliProcesses, stopped } from '../../bridge/cli/cli-process.ts';
import { RealBridge } from '../../bridge/http/real-bridge.ts';

jest.setTimeout(180_000);

const PASSWORD = 'a-secret-of-the-server';
const TEXT = { session: 'demo', to: '+4915112345678', type: 'text', text: 'hello' };
const dataDir = mkdtempSync(join(tmpdir(), 'wabridge-on-postgres-'));
let server: ServerProcess;
let proxy: TcpProxy;
let databaseUrl: string;
let bridge: RealBridge;

beforeAll(async () => {
  server = await startPostgres();
  proxy = await TcpProxy.before(Number(new URL(server.url).port));
  databaseUrl = Object.assign(new URL(proxy.through(server.url)), { password: PASSWORD }).href;
  bridge = await RealBridge.start({ dataDir, databaseUrl });
});
afterAll(async () => {
  await proxy.forward();
  await bridge.destroy();
  await proxy.stop();
  await server.stop();
});

const message = async (id: string) => (await bridge.raw('GET', `/v1/messages/${id}`)).json;

test('a session and a message, both still there after a restart, and no file of SQLite', async () => {
  await bridge.session('demo');
  const sent = await bridge.send(TEXT);
  expect(sent.status).toBe(202);
  const { id } = sent.json;
  await bridge.until(async () => ['delivered', 'read'].includes((await message(id)).state));
  await bridge.stop();
  bridge = await RealBridge.start({ dataDir, databaseUrl });
  expect((await message(id)).id).toBe(id);
  expect((await bridge.raw('GET', '/v1/sessions')).json.sessions).toMatchObject([{ name: 'demo' }]);
  expect((await bridge.raw('GET', '/v1/ready')).json).toMatchObject({ ready: true, checks: { database: 'ok' } });
  expect(existsSync(join(dataDir, 'wabridge.db'))).toBe(false);
});

test('while the server is away, requests are refused soon, and readiness and metrics say why', async () => {
  const idempotencyKey = { 'idempotency-key': 'sent-again-after-the-outage' };
  await proxy.refuse();
  const began = Date.now();
  // Its signature's nonce has to be stored, so it meets the outage before it is carried out.
  const refused = await bridge.send(TEXT, idempotencyKey);
  expect(refused).toMatchObject({ status: 503, json: { code: 'WAB_DATABASE_UNAVAILABLE' } });
  expect(refused.json.detail).toMatch(/Idempotency-Key/);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(Date.now() - began).toBeLessThan(30_000);
  const list = await bridge.raw('GET', '/v1/messages');
  expect(list).toMatchObject({ status: 503, json: { code: 'WAB_DATABASE_UNAVAILABLE' } });

  const ready = await bridge.raw('GET', '/v1/ready');
  expect(ready).toMatchObject({ status: 503, json: { ready: false } });
  expect(ready.json.checks.database).toMatch(/ PostgreSQL at 127\.0\.0\.1:\d+\/postgres: .*, since 2.*Z\. /);
  const metrics = await bridge.raw('GET', '/metrics');
  expect(metrics.text).toMatch(/^wabridge_database_up 0$/m);
  expect([refused.text, ready.text, metrics.text].join()).not.toContain(PASSWORD);

  await proxy.forward();
  await until('readiness', async () => (await bridge.raw('GET', '/v1/ready')).status === 200);
  const repeated = await bridge.send(TEXT, idempotencyKey);
  expect(repeated.status).toBe(202);
  await bridge.until(async () => ['delivered', 'read'].includes((await message(repeated.json.id)).state));
  const { messages } = (await bridge.raw('GET', '/v1/messages')).json;
  // The one of the test before, and this one once.
  expect(messages).toHaveLength(2);
  expect((await bridge.raw('GET', '/metrics')).text).toMatch(/^wabridge_database_up 1$/m);
});

test('a bridge stops while the server is away', async () => {
  await proxy.refuse();
  await until('an outage', async () => (await bridge.raw('GET', '/v1/ready')).status === 503);
  await bridge.stop();
  await proxy.forward();
  bridge = await RealBridge.start({ dataDir, databaseUrl });
  expect((await bridge.raw('GET', '/v1/sessions')).json.sessions).toMatchObject([{ name: 'demo' }]);
});

test('the command waits for a server that is away, says so, and can be told to stop', async () => {
  await bridge.stop();
  await proxy.refuse();
  const cli = new CliProcesses(dataDir, {
    WABRIDGE_DATA_DIR: dataDir,
    WABRIDGE_DATABASE_URL: databaseUrl,
    WABRIDGE_PORT: '0',
  });
  const waiting = cli.start(['start']);
  await until('a line in the log', () => waiting.output().err.includes('the database is not available'));
  const { code, err } = await stopped(waiting);
  expect(code).toBe(0);
  expect(err).not.toContain(PASSWORD);

  await proxy.forward();
  expect(await cli.run('backup', join(dataDir, 'x.db'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('pg_dump'),
  });
  expect(await cli.run('restore', join(dataDir, 'x.db'))).toMatchObject({
    code: 1,
    err: expect.stringContaining('wabridge database restored'),
  });
  expect((await cli.json('key', 'recover')).revoked).toHaveLength(1);
  const { epoch } = await cli.json('database', 'restored');
  expect(epoch).toMatch(/^[0-9a-f]{32}$/);
  bridge = await RealBridge.start({ dataDir, databaseUrl });
  expect((await bridge.raw('GET', '/v1/sessions')).json.sessions).toMatchObject([{ name: 'demo' }]);
});
