import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { KeyRing } from '../../../bridge/src/auth/key-ring.ts';
import type { KeySpec } from '../../../bridge/src/auth/keys.ts';
import { Nonces } from '../../../bridge/src/auth/nonces.ts';
import { parsePublicUrl } from '../../../bridge/src/auth/public-urls.ts';
import { newSeed, parseSecret, publicKeyOf, type Secret } from '../../../bridge/src/auth/secret.ts';
import { Verifier } from '../../../bridge/src/auth/verifier.ts';
import { newKeyId, type KeyId, type SessionName } from '../../../bridge/src/contract/ids.ts';
import { ALL_SCOPES, N8N_SCOPES, type Scope } from '../../../bridge/src/contract/scopes.ts';
import type { Clock } from '../../../bridge/src/ops/clock.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import { DATABASE_FILE } from '../../../bridge/src/store/sqlite/connection.ts';
import { openDatabase } from '../../../bridge/src/store/sqlite/sqlite-database.ts';
import { arrive, NOW } from './requests.ts';

// A restart opens the database anew, which takes seconds on a busy machine.
jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;

/** Time that moves when the test says so. */
class ManualClock implements Clock {
  #elapsed = 5_000_000;
  #aheadBy = NOW - this.#elapsed;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.#elapsed + this.#aheadBy;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      this.#sleepers.push({ at: this.#elapsed + ms, wake: resolve });
    });
  }

  /** Somebody sets the clock; sleeps take as long as before. */
  set(byMs: number): void {
    this.#aheadBy += byMs;
  }

  advance(ms: number): void {
    this.#elapsed += ms;
    const due = this.#sleepers.filter(({ at }) => at <= this.#elapsed);
    this.#sleepers = this.#sleepers.filter(({ at }) => at > this.#elapsed);
    for (const { wake } of due) wake();
  }
}

const manager: KeySpec = { name: 'manager', scopes: ['keys:manage'] };
const reader: KeySpec = { name: 'reader', scopes: ['events:read', 'messages:read'] };
const iso = (ms: number): string => new Date(ms).toISOString();

let folder: string;
let database: Database;
let clock: ManualClock;
let ring: KeyRing;
let nonces: Nonces;
let operator: Secret;
const warnings: unknown[] = [];

async function open(): Promise<void> {
  database = await openDatabase({
    dataDir: folder,
    log: { error: () => undefined },
    onFatal: (error) => {
      throw error;
    },
  });
}

async function startRing(): Promise<void> {
  nonces = new Nonces(database);
  ring = new KeyRing({ database, nonces, clock, log: { warn: (...parts: unknown[]) => void warnings.push(parts) } });
  await ring.start();
}

// Opening takes a second (a thread, and the migrations), so the tests share a database and empty it in between.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wabridge-keys-'));
  await open();
});

beforeEach(async () => {
  const direct = new DatabaseSync(join(folder, DATABASE_FILE));
  direct.exec('DELETE FROM auth_keys; DELETE FROM auth_nonces');
  direct.close();
  clock = new ManualClock();
  operator = { keyId: newKeyId(), seed: newSeed() };
  warnings.length = 0;
  await startRing();
});

afterEach(async () => {
  await ring.stop();
  expect(warnings).toEqual([]);
});

afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

const verifier = (): Verifier =>
  new Verifier({ keys: ring, nonces, publicUrls: () => [parsePublicUrl('http://127.0.0.1:8477')], clock });
const request = { method: 'GET', url: 'http://127.0.0.1:8477/v1/whoami' };
const restart = async (meanwhile = (): void => undefined): Promise<void> => {
  await ring.stop();
  await database.close();
  meanwhile();
  await open();
  await startRing();
};

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

/** Lets the loop of the ring come to rest: its writes go through a thread, so an own write queues behind them. */
async function settled(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await nonces.prune(0);
}
