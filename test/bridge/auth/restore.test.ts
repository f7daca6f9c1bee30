/** What a restored backup knows of keys and nonces: what it knew then. What was signed before the restore is void. */
import { afterEach, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { signRequest } from '../../../bridge/src/auth/signer.ts';
import { restoredAt, restoreEpoch } from '../../../bridge/src/store/epoch.ts';
import { DATABASE_FILE } from '../../../bridge/src/store/sqlite/connection.ts';
import { restoreBackup, writeBackup } from '../../../bridge/src/store/sqlite/backup.ts';
import { freePort } from '../../e2e/bridge-process.ts';
import { RealBridge } from '../http/real-bridge.ts';

jest.setTimeout(60_000);
let real: RealBridge | undefined;
afterEach(() => real?.destroy());

test('a request that was carried out after the backup cannot be repeated after the restore', async () => {
  const port = await freePort();
  real = await RealBridge.start({ port });
  const { dataDir } = real;
  const backup = join(dataDir, 'saved.db');
  const revoked = await real.key(['sessions:read']);
  await writeBackup(join(dataDir, DATABASE_FILE), backup);

  const url = `${real.url}/v1/whoami`;
  // From a second ago, as one that somebody recorded: `created` counts whole seconds.
  const headers = signRequest({ method: 'GET', url }, real.operator, { now: Date.now() - 1_000 });
  expect((await fetch(url, { headers })).status).toBe(200);
  await real.client.request('DELETE', `/v1/keys/${revoked.keyId}`);
  expect((await real.raw('GET', '/v1/whoami', { key: revoked })).json.code).toBe('WAB_KEY_REVOKED');
  await real.stop();
  restoreBackup(backup, dataDir);

  real = await RealBridge.start({ port, dataDir });
  expect(await (await fetch(url, { headers })).json()).toMatchObject({
    status: 401,
    code: 'WAB_SIGNATURE_BEFORE_RESTORE',
  });
  // As `wabridge restore` says: the backup knows nothing of the revocation.
  expect((await real.raw('GET', '/v1/whoami', { key: revoked })).status).toBe(200);
  expect((await real.raw('GET', '/v1/whoami')).status).toBe(200);
});

test('an epoch of a restore says when that was; any other says nothing', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_600_000_000_000, max: 4_000_000_000_000 }), (now) => {
      const epoch = restoreEpoch(now);
      expect(epoch).toMatch(/^[0-9a-f]{32}$/);
      expect(restoredAt(epoch)).toBe(now);
    }),
  );
  expect(restoreEpoch(0)).not.toBe(restoreEpoch(0));
  for (let index = 0; index < 100; index += 1) expect(restoredAt(randomUUID().replaceAll('-', ''))).toBeNull();
});
