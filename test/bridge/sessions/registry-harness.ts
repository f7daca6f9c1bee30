/** Registries on a real database, with engines that a test scripts. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { SecretBox } from '../../../bridge/src/auth/secret-box.ts';
import type { SessionName } from '../../../bridge/src/contract/ids.ts';
import { systemClock } from '../../../bridge/src/ops/clock.ts';
import type { Ownership } from '../../../bridge/src/ownership/ownership.ts';
import { SoleOwner } from '../../../bridge/src/ownership/sole-owner.ts';
import { SessionRegistry, type RegistryOptions } from '../../../bridge/src/sessions/registry.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import { listSessions, removeSession } from '../../../bridge/src/store/sessions.repository.ts';
import { openDatabase } from '../../../bridge/src/store/sqlite/sqlite-database.ts';
import type { NewEvent } from '../../../bridge/src/contract/events.ts';
import type { Call } from '../../../bridge/src/store/operation.ts';
import { FakeFactory, FakeRecorder, READY, silent } from './fake-engine.ts';

export const name = (text: string): SessionName => text as SessionName;

/** Carries out the effects of events, as the log does in one transaction with the event. */
class StoringRecorder extends FakeRecorder {
  readonly #database: Database;

  constructor(database: Database) {
    super();
    this.#database = database;
  }

  override async recordEvent(event: NewEvent, effects: readonly Call<unknown>[] = []): Promise<void> {
    await super.recordEvent(event);
    if (effects.length > 0) await this.#database.write(effects);
  }
}

export let folder: string;
export let database: Database;
export let factory: FakeFactory;
let recorder: FakeRecorder;
export const opened: SessionRegistry[] = [];

export const open = async (
  options: Partial<RegistryOptions> = {},
  factories = [factory],
  ownership: Ownership<SessionName> = new SoleOwner(),
): Promise<SessionRegistry> => {
  const registry = new SessionRegistry(
    {
      database,
      recorder,
      clock: systemClock,
      log: silent,
      random: () => 0,
      options: {
        backoff: { firstMs: 10, longestMs: 100 },
        startDeadlineMs: 5_000,
        stopDeadlineMs: 200,
        stableAfterMs: 60_000,
      },
      factories,
      secrets: new SecretBox({ dataDir: folder }),
      ownership,
    },
    { profilesDir: join(folder, 'sessions'), maxSessions: 3, restoreConcurrency: 2, ...options },
  );
  opened.push(registry);
  await registry.open();
  return registry;
};

export const reopen = async (
  registry: SessionRegistry,
  options?: Partial<RegistryOptions>,
  factories?: FakeFactory[],
): Promise<SessionRegistry> => {
  await registry.close();
  opened.splice(opened.indexOf(registry), 1);
  return open(options, factories);
};

export const waitFor = async (holds: () => boolean): Promise<void> => {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await wait(5);
  }
};

export const becomeReadyAtOnce = (): void => {
  factory.prepare = (engine) => {
    engine.onStart = async () => engine.listener.signal(READY);
  };
};

/** A database for the file; engines and recorder are fresh for each test, and the registries that it opened are closed. */
export function useRegistry(): void {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wabridge-registry-'));
    database = await openDatabase({ dataDir: folder, log: { error: () => undefined }, onFatal: () => undefined });
  });

  beforeEach(() => {
    factory = new FakeFactory();
    recorder = new StoringRecorder(database);
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((registry) => registry.close()));
    for (const { name: left } of await listSessions(database.reader))
      await database.write(removeSession({ name: name(left) }));
  });

  afterAll(async () => {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });
}
