/** Keys: how they are issued, revoked and validated. */
import { describe, expect, jest, test } from '@jest/globals';
import type { KeySpec } from '../../../bridge/src/auth/keys.ts';
import { parsePublicUrl } from '../../../bridge/src/auth/public-urls.ts';
import { newSeed, parseSecret, publicKeyOf } from '../../../bridge/src/auth/secret.ts';
import { Verifier } from '../../../bridge/src/auth/verifier.ts';
import type { KeyId, SessionName } from '../../../bridge/src/contract/ids.ts';
import { ALL_SCOPES, N8N_SCOPES, type Scope } from '../../../bridge/src/contract/scopes.ts';
import { arrive, NOW } from './requests.ts';
import {
  manager,
  reader,
  iso,
  database,
  clock,
  ring,
  operator,
  verifier,
  request,
  restart,
  settled,
  useKeyRing,
} from './key-ring-harness.ts';

// A restart opens the database anew, which takes seconds on a busy machine.
jest.setTimeout(60_000);
useKeyRing();

describe('issuing', () => {
  test('a key is shown once, and the bridge keeps its public half alone', async () => {
    const { key, secret } = await ring.issue({
      ...reader,
      sessions: ['support' as SessionName],
      expiresAt: iso(NOW + 60_000),
    });
    const parsed = parseSecret(secret)!;
    expect(key).toMatchObject({
      keyId: parsed.keyId,
      name: 'reader',
      scopes: reader.scopes,
      sessions: ['support'],
      revokedAt: null,
      createdAt: iso(NOW),
      lastUsedAt: null,
    });
    const stored = await database.reader.selectFrom('auth_keys').selectAll().execute();
    expect(stored).toHaveLength(1);
    expect(stored[0]!.public_key).toBe(publicKeyOf(parsed.seed));
    const everything = JSON.stringify([stored, await ring.list()]);
    for (const encoding of ['base64', 'base64url', 'hex'] as const)
      expect(everything).not.toContain(parsed.seed.toString(encoding));
  });

  test('a key signs at once, and after a restart', async () => {
    const { secret } = await ring.issue(reader);
    const principal = { scopes: new Set(reader.scopes), sessions: null, expiresAt: null };
    await expect(verifier().verify(arrive(request, { now: NOW }, parseSecret(secret)!))).resolves.toMatchObject({
      principal,
    });
    await restart();
    await expect(verifier().verify(arrive(request, { now: NOW }, parseSecret(secret)!))).resolves.toMatchObject({
      principal,
    });
  });

  test.each<[string, Partial<KeySpec>]>([
    ['no scope', { scopes: [] }],
    ['a foreign scope', { scopes: ['everything' as Scope] }],
    ['no name', { name: '' }],
    ['the name of the operator', { name: 'operator' }],
    ['a session that is none', { sessions: ['No Session' as SessionName] }],
    ['a date that is none', { expiresAt: 'tomorrow' }],
    ['an end in the past', { expiresAt: iso(NOW - 1) }],
    ['an end before its begin', { notBefore: iso(NOW + 2000), expiresAt: iso(NOW + 1000) }],
  ])('is refused with %s', async (_name, change) => {
    await expect(ring.issue({ ...reader, ...change })).rejects.toMatchObject({ code: 'WAB_INVALID_REQUEST' });
    expect(await ring.list()).toEqual([]);
  });
});

describe('the first key', () => {
  test('is issued once, also over restarts, and the operator does not count', async () => {
    await ring.registerOperator(operator);
    const first = await ring.ensureFirstKey({ name: 'n8n', scopes: N8N_SCOPES });
    expect(first).toMatchObject({ first: true, secret: expect.stringMatching(/^wabk_/) });
    expect(await ring.ensureFirstKey({ name: 'n8n', scopes: N8N_SCOPES })).toEqual({ first: false });
    await restart();
    await ring.registerOperator(operator);
    expect(await ring.ensureFirstKey({ name: 'n8n', scopes: N8N_SCOPES })).toEqual({ first: false });
    expect(await ring.list()).toHaveLength(2);
  });

  test('is not issued again after it was revoked', async () => {
    await ring.registerOperator(operator);
    const first = await ring.ensureFirstKey({ name: 'n8n', scopes: N8N_SCOPES });
    if (!first.first) throw new Error('no first key');
    await ring.revoke(first.key.keyId);
    await restart();
    expect(await ring.ensureFirstKey({ name: 'n8n', scopes: N8N_SCOPES })).toEqual({ first: false });
  });
});

describe('the operator', () => {
  test('has every scope, and keeps its place over restarts', async () => {
    await ring.registerOperator(operator);
    await restart();
    await ring.registerOperator(operator);
    expect(await ring.list()).toMatchObject([{ keyId: operator.keyId, name: 'operator', scopes: ALL_SCOPES }]);
    await expect(verifier().verify(arrive(request, { now: NOW }, operator))).resolves.toMatchObject({
      principal: { keyId: operator.keyId },
    });
  });

  test('stays revoked', async () => {
    await ring.registerOperator(operator);
    await ring.issue(manager);
    await ring.revoke(operator.keyId);
    await restart();
    await ring.registerOperator(operator);
    await expect(verifier().verify(arrive(request, { now: NOW }, operator))).rejects.toMatchObject({
      code: 'WAB_KEY_REVOKED',
    });
  });

  test('cannot take over the id of another key', async () => {
    await ring.registerOperator(operator);
    await expect(ring.registerOperator({ ...operator, seed: newSeed() })).rejects.toThrow(/another public key/);
  });
});

describe('revoking', () => {
  test('ends a key at once and tells its listeners once', async () => {
    const told: KeyId[] = [];
    const end = ring.onRevoked((keyId) => told.push(keyId));
    const { key, secret } = await ring.issue(reader);
    expect(await ring.revoke(key.keyId)).toMatchObject({ revokedAt: iso(NOW) });
    clock.advance(5000);
    expect(await ring.revoke(key.keyId)).toMatchObject({ revokedAt: iso(NOW) });
    expect(told).toEqual([key.keyId]);
    await expect(verifier().verify(arrive(request, { now: clock.now() }, parseSecret(secret)!))).rejects.toMatchObject({
      code: 'WAB_KEY_REVOKED',
    });

    end();
    const other = await ring.issue(reader);
    await ring.revoke(other.key.keyId);
    expect(told).toHaveLength(1);
  });

  test('an unknown key', async () => {
    await expect(ring.revoke('NOSUCHKEY' as KeyId)).rejects.toMatchObject({ code: 'WAB_KEY_NOT_FOUND' });
  });

  test('the last key that manages keys stays', async () => {
    const { key } = await ring.issue(manager);
    await ring.issue(reader);
    const ended = await ring.issue({ ...manager, expiresAt: iso(NOW + 1000) });
    await ring.issue({ ...manager, notBefore: iso(NOW + 60_000) });
    clock.advance(2000);
    await expect(ring.revoke(key.keyId)).rejects.toMatchObject({ code: 'WAB_LAST_MANAGER_KEY' });
    await expect(ring.revoke(ended.key.keyId)).resolves.toMatchObject({ revokedAt: iso(NOW + 2000) });
    const second = await ring.issue(manager);
    await ring.revoke(key.keyId);
    await expect(ring.revoke(second.key.keyId)).rejects.toMatchObject({ code: 'WAB_LAST_MANAGER_KEY' });
  });

  test('two at the same time leave one', async () => {
    const keys = [await ring.issue(manager), await ring.issue(manager)];
    const results = await Promise.allSettled(keys.map(({ key }) => ring.revoke(key.keyId)));
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('in the middle of a verification refuses that request too', async () => {
    const { key, secret } = await ring.issue(reader);
    const whileWriting = { use: async () => void (await ring.revoke(key.keyId)) };
    const verifying = new Verifier({
      keys: ring,
      nonces: whileWriting,
      publicUrls: () => [parsePublicUrl('http://127.0.0.1:8477')],
      clock,
    });
    await expect(verifying.verify(arrive(request, { now: NOW }, parseSecret(secret)!))).rejects.toMatchObject({
      code: 'WAB_KEY_REVOKED',
    });
  });
});

describe('validity', () => {
  test('a key is good from notBefore until expiresAt, and its listeners hear of the end', async () => {
    const told: KeyId[] = [];
    ring.onRevoked((keyId) => told.push(keyId));
    const { key, secret } = await ring.issue({ ...reader, notBefore: iso(NOW + 10_000), expiresAt: iso(NOW + 20_000) });
    const attempt = () => verifier().verify(arrive(request, { now: clock.now() }, parseSecret(secret)!));
    await expect(attempt()).rejects.toMatchObject({
      code: 'WAB_KEY_NOT_VALID_NOW',
      message: expect.stringContaining(iso(NOW + 10_000)),
    });
    clock.advance(10_000);
    await expect(attempt()).resolves.toMatchObject({ principal: { expiresAt: iso(NOW + 20_000) } });
    clock.advance(9_999);
    await expect(attempt()).resolves.toBeDefined();
    expect(told).toEqual([]);
    clock.advance(1);
    await expect(attempt()).rejects.toMatchObject({ code: 'WAB_KEY_NOT_VALID_NOW' });
    await settled();
    expect(told).toEqual([key.keyId]);
    clock.advance(120_000);
    await settled();
    expect(told).toEqual([key.keyId]);
  });

  test('a key that expired while the bridge was down is not told of', async () => {
    await ring.issue({ ...reader, expiresAt: iso(NOW + 1000) });
    await restart(() => clock.advance(5000));
    const told: KeyId[] = [];
    ring.onRevoked((keyId) => told.push(keyId));
    clock.advance(60_000);
    await settled();
    expect(told).toEqual([]);
  });
});
