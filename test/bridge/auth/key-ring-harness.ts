/** A key ring on a real database, with a clock that a test moves. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { KeyRing } from '../../../bridge/src/auth/key-ring.ts';
import type { KeySpec } from '../../../bridge/src/auth/keys.ts';
import { Nonces } from '../../../bridge/src/auth/nonces.ts';
import { parsePublicUrl } from '../../../bridge/src/auth/public-urls.ts';
import { newSeed, type Secret } from '../../../bridge/src/auth/secret.ts';
import { Verifier } from '../../../bridge/src/auth/verifier.ts';
import { newKeyId } from '../../../bridge/src/contract/ids.ts';
import type { Clock } from '../../../bridge/src/ops/clock.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import { DATABASE_FILE } from '../../../bridge/src/store/sqlite/connection.ts';
import { openDatabase } from '../../../bridge/src/store/sqlite/sqlite-database.ts';
import { NOW } from './requests.ts';

export const HOUR_MS = 3_600_000;

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

export const manager: KeySpec = { name: 'manager', scopes: ['keys:manage'] };
export const reader: KeySpec = { name: 'reader', scopes: ['events:read', 'messages:read'] };
export const iso = (ms: number): string => new Date(ms).toISOString();
let folder: string;
export let database: Database;
export let clock: ManualClock;
export let ring: KeyRing;
export let nonces: Nonces;
export let operator: Secret;
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

export const verifier = (): Verifier =>
  new Verifier({ keys: ring, nonces, publicUrls: () => [parsePublicUrl('http://127.0.0.1:8477')], clock });

export const request = { method: 'GET', url: 'http://127.0.0.1:8477/v1/whoami' };

export const restart = async (meanwhile = (): void => undefined): Promise<void> => {
  await ring.stop();
  await database.close();
  meanwhile();
  await open();
  await startRing();
};

/** Lets the loop of the ring come to rest: its writes go through a thread, so an own write queues behind them. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await nonces.prune(0);
}

/** A database for the file, and a ring with a fresh operator for each test. */
export function useKeyRing(): void {
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
}
