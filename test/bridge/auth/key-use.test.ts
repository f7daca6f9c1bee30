/** Requests that come again, and what is noted of the use of keys. */
import { describe, expect, jest, test } from '@jest/globals';
import { parsePublicUrl } from '../../../bridge/src/auth/public-urls.ts';
import { parseSecret } from '../../../bridge/src/auth/secret.ts';
import { Verifier } from '../../../bridge/src/auth/verifier.ts';
import { arrive, NOW } from './requests.ts';
import {
  reader,
  iso,
  database,
  clock,
  ring,
  nonces,
  verifier,
  request,
  restart,
  settled,
  HOUR_MS,
  useKeyRing,
} from './key-ring-harness.ts';

// A restart opens the database anew, which takes seconds on a busy machine.
jest.setTimeout(60_000);
useKeyRing();

describe('replay', () => {
  test('a request is good once, also across a restart', async () => {
    const { secret } = await ring.issue(reader);
    const arrived = arrive(request, { now: NOW }, parseSecret(secret)!);
    await expect(verifier().verify(arrived)).resolves.toBeDefined();
    await expect(verifier().verify(arrived)).rejects.toMatchObject({ code: 'WAB_SIGNATURE_REPLAYED' });
    await restart();
    await expect(verifier().verify(arrived)).rejects.toMatchObject({ code: 'WAB_SIGNATURE_REPLAYED' });
  });

  test('of a hundred copies at the same time one is accepted', async () => {
    const { secret } = await ring.issue(reader);
    const arrived = arrive(request, { now: NOW }, parseSecret(secret)!);
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => verifier().verify(arrived)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('two keys may use the same nonce', async () => {
    const secrets = [await ring.issue(reader), await ring.issue(reader)].map(({ secret }) => parseSecret(secret)!);
    for (const each of secrets)
      await expect(
        verifier().verify(arrive(request, { now: NOW, nonce: 'the-same-nonce-twice' }, each)),
      ).resolves.toBeDefined();
  });

  test('nonces are forgotten, but never while their signature could still be good', async () => {
    const { secret } = await ring.issue(reader);
    const arrived = arrive(request, { now: NOW }, parseSecret(secret)!);
    await verifier().verify(arrived);
    const kept = async () => (await database.reader.selectFrom('auth_nonces').selectAll().execute()).length;
    // Until 30 s after it ends, and then for the hour by which a clock may be set back.
    await nonces.prune(NOW + 90_000 + 3 * HOUR_MS);
    expect(await kept()).toBe(1);
    await nonces.prune(NOW + 90_001 + 3 * HOUR_MS);
    expect(await kept()).toBe(0);
    await expect(
      new Verifier({
        keys: ring,
        nonces,
        publicUrls: () => [parsePublicUrl('http://127.0.0.1:8477')],
        clock: { now: () => NOW + 90_001 },
      }).verify(arrived),
    ).rejects.toMatchObject({
      code: 'WAB_SIGNATURE_EXPIRED',
    });
  });
});

test('the last use of a key is noted, and survives a restart', async () => {
  const { key, secret } = await ring.issue(reader);
  clock.advance(1234);
  await verifier().verify(arrive(request, { now: clock.now() }, parseSecret(secret)!));
  expect(await ring.list()).toMatchObject([{ keyId: key.keyId, lastUsedAt: iso(NOW + 1234) }]);
  await restart();
  expect(await ring.list()).toMatchObject([{ keyId: key.keyId, lastUsedAt: iso(NOW + 1234) }]);
});

test('housekeeping goes on although the clock was set back', async () => {
  const { key, secret } = await ring.issue(reader);
  await settled();
  clock.set(-2 * HOUR_MS);
  const usedAt = clock.now();
  await verifier().verify(arrive(request, { now: usedAt }, parseSecret(secret)!));
  for (let round = 0; round < 2; round += 1) {
    clock.advance(60_000);
    await settled();
  }
  expect(
    await database.reader
      .selectFrom('auth_keys')
      .select('last_used_at')
      .where('key_id', '=', key.keyId)
      .executeTakeFirst(),
  ).toEqual({ last_used_at: usedAt });
});

test('a request is good once, also where the clock was two hours ahead for a while', async () => {
  const { secret } = await ring.issue(reader);
  const arrived = arrive(request, { now: clock.now() }, parseSecret(secret)!);
  await verifier().verify(arrived);
  clock.set(2 * HOUR_MS);
  clock.advance(60_000);
  await settled();
  clock.set(-2 * HOUR_MS - 60_000);
  await expect(verifier().verify(arrived)).rejects.toMatchObject({ code: 'WAB_SIGNATURE_REPLAYED' });
});
