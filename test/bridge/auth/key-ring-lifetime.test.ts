/** Who may hand out a key for how long, which key may be the last that manages keys, and the way back to the operator's. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOperatorKey } from '../../../bridge/src/auth/operator-key.ts';
import { parseSecret, type Secret } from '../../../bridge/src/auth/secret.ts';
import { BridgeClient } from '../../../bridge/src/cli/client.ts';
import { CliProcesses } from '../cli/cli-process.ts';
import { RealBridge, type Answer } from '../http/real-bridge.ts';

const HOUR_MS = 3_600_000;
const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
let bridge: RealBridge;
beforeAll(async () => {
  bridge = await RealBridge.start();
});
afterAll(() => bridge.destroy());

const issue = (spec: object, key: Secret = bridge.operator): Promise<Answer> =>
  bridge.raw('POST', '/v1/keys', { body: JSON.stringify({ name: 'test', scopes: ['keys:manage'], ...spec }), key });
const manager = async (spec: object = {}): Promise<Secret> => parseSecret((await issue(spec)).json.secret)!;
const revoke = (keyId: string, key: Secret = bridge.operator): Promise<Answer> =>
  bridge.raw('DELETE', `/v1/keys/${keyId}`, { key });

describe('a key that ends', () => {
  test('issues keys that end with it, unless they end sooner', async () => {
    const expiresAt = at(HOUR_MS);
    const ending = await manager({ expiresAt });
    expect((await issue({}, ending)).json).toMatchObject({ key: { expiresAt } });
    expect((await issue({ expiresAt: null }, ending)).json).toMatchObject({ key: { expiresAt } });
    const sooner = at(HOUR_MS / 2);
    expect((await issue({ expiresAt: sooner }, ending)).json).toMatchObject({ key: { expiresAt: sooner } });
    expect((await issue({ expiresAt }, ending)).status).toBe(201);
  });

  test('issues none that ends later, not even through a key that it issued', async () => {
    const expiresAt = at(HOUR_MS);
    const ending = await manager({ expiresAt });
    const refused = await issue({ expiresAt: at(2 * HOUR_MS) }, ending);
    expect(refused).toMatchObject({ status: 403, json: { code: 'WAB_KEY_OUTLIVES_ISSUER' } });
    expect(refused.json.detail).toContain(expiresAt);
    const second = parseSecret((await issue({}, ending)).json.secret)!;
    expect((await issue({ expiresAt: at(2 * HOUR_MS) }, second)).status).toBe(403);
  });

  test('a key without an end issues both kinds', async () => {
    const lasting = await manager();
    expect((await issue({}, lasting)).json).toMatchObject({ key: { expiresAt: null } });
    const expiresAt = at(10 * HOUR_MS);
    expect((await issue({ expiresAt }, lasting)).json).toMatchObject({ key: { expiresAt } });
  });
});

describe('the last key that manages keys', () => {
  test('is none that ends, that begins later, or that is limited to sessions', async () => {
    const alone = await RealBridge.start();
    try {
      const own = (spec: object): Promise<Answer> =>
        alone.raw('POST', '/v1/keys', { body: JSON.stringify({ name: 'test', scopes: ['keys:manage'], ...spec }) });
      const revokeOwn = (key: Secret): Promise<Answer> =>
        alone.raw('DELETE', `/v1/keys/${alone.operator.keyId}`, { key });
      const ending = await own({ expiresAt: at(60_000) });
      await own({ expiresAt: at(365 * 24 * HOUR_MS) });
      await own({ sessions: ['support'] });
      await own({ notBefore: at(HOUR_MS) });
      const refused = await revokeOwn(parseSecret(ending.json.secret)!);
      expect(refused).toMatchObject({ status: 409, json: { code: 'WAB_LAST_MANAGER_KEY' } });
      expect(refused.json.detail).toContain('no expiry');
      // What leaked can be revoked all the same.
      expect((await alone.raw('DELETE', `/v1/keys/${ending.json.key.keyId}`)).status).toBe(200);
      const lasting = parseSecret((await own({})).json.secret)!;
      expect((await revokeOwn(lasting)).status).toBe(200);
      expect((await alone.raw('DELETE', `/v1/keys/${lasting.keyId}`, { key: lasting })).status).toBe(409);
    } finally {
      await alone.destroy();
    }
  });
});

test('wabridge key recover: a new operator key in place of one that was revoked, with the bridge stopped', async () => {
  const old = bridge.operator;
  const lasting = await manager();
  expect((await revoke(old.keyId, lasting)).status).toBe(200);
  const cli = new CliProcesses(bridge.dataDir, {
    WABRIDGE_DATA_DIR: bridge.dataDir,
    WABRIDGE_URL: bridge.url,
  });
  expect(await cli.run('key', 'list')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/was revoked\..*wabridge key recover/),
  });
  expect(await cli.run('key', 'recover')).toMatchObject({
    code: 1,
    err: expect.stringContaining('WAB_DATABASE_LOCKED'),
  });
  expect(readOperatorKey(bridge.dataDir)!.keyId).toBe(old.keyId);

  await bridge.stop();
  const { keyId, revoked } = await cli.json('key', 'recover');
  // It replaces a key that works as well, which is how the operator's is exchanged after a leak.
  const second = await cli.json('key', 'recover');
  expect(revoked).toEqual([]);
  expect(second.revoked).toEqual([keyId]);
  const { dataDir } = bridge;
  expect(readFileSync(join(dataDir, 'operator.key'), 'utf8')).toContain(second.keyId);

  bridge = await RealBridge.start({ dataDir });
  expect(bridge.operator.keyId).toBe(second.keyId);
  const { keys } = await bridge.client.request<{ keys: { keyId: string; revokedAt: string | null }[] }>(
    'GET',
    '/v1/keys',
  );
  const stateOf = (id: string): boolean => keys.find((key) => key.keyId === id)!.revokedAt === null;
  expect([old.keyId, keyId, second.keyId, lasting.keyId].map(stateOf)).toEqual([false, false, true, true]);
  const stale = new BridgeClient({ baseUrl: bridge.url, secret: old });
  await expect(stale.request('GET', '/v1/whoami')).rejects.toMatchObject({ code: 'WAB_KEY_REVOKED' });
});
