/**
 * The map of the bridge: its rooms, in the order in which they start. Concrete classes are built here and in `compose/` only,
 * and each room adds how it is stopped: they stop in reverse order.
 */
import { startAuth } from './compose/auth.ts';
import type { Base } from './compose/base.ts';
import { startHttp, startOps } from './compose/http.ts';
import { startMedia } from './compose/media.ts';
import { startOutbox } from './compose/outbox.ts';
import { composeRecording } from './compose/recording.ts';
import { startSessions } from './compose/sessions.ts';
import { openStore } from './compose/store.ts';
import { startStream } from './compose/stream.ts';
import { describeSettings } from './config/describe-settings.ts';
import type { LoadedSettings } from './config/load-settings.ts';
import type { Settings } from './config/settings.ts';
import { localUrl } from './config/urls.ts';
import { WabError } from './contract/errors.ts';
import { N8N_SCOPES } from './contract/scopes.ts';
import type { EngineFactory } from './engine/engine.ts';
import { GuardedSandboxDriver } from './engine/sandbox/guarded-driver.ts';
import type { App } from './http/app.ts';
import { systemClock } from './ops/clock.ts';
import { Closers } from './ops/closers.ts';
import { explainFailure, type FailurePlace } from './ops/failure-cause.ts';
import type { Log } from './ops/logger.ts';
import { Metrics } from './ops/metrics.ts';
import { type Note, type Probe, Readiness } from './ops/readiness.ts';
import { withOrderlyDeletion } from './sessions/orderly-deletion.ts';
import type { Database } from './store/database.ts';
import { touchLog } from './store/readiness.repository.ts';
import { version } from './version.ts';

export interface Bridge {
  readonly version: string;
  /** Where it answers on this machine. */
  readonly localUrl: string;
  /** Where the ops listener answers; null if it is off. */
  readonly opsUrl: string | null;
  /** Secret of the first n8n key, at the first start alone. */
  readonly firstKey: string | null;
  /** For tests that need no socket. */
  readonly app: App;
  stop(): Promise<void>;
}

/**
 * Builds and starts a bridge. Listens only once everything else runs; what was started is stopped where a later part
 * fails to start.
 *
 * @param onFatal called when the bridge cannot go on (its database writer died); the caller stops the process
 * @param moreEngines besides those that the settings enable
 * @param signal ends the wait for a database server that is away
 * @throws WabError those of `openDatabase`, WAB_CONFIG_INVALID, WAB_MEDIA_STORE_UNUSABLE, WAB_PROFILE_STORE_UNUSABLE, and those of `explainFailure`
 */
export async function startBridge(
  loaded: LoadedSettings,
  log: Log,
  onFatal: (error: Error) => void,
  moreEngines: readonly EngineFactory[] = [],
  signal?: AbortSignal,
): Promise<Bridge> {
  const { settings } = loaded;
  const closers = new Closers(log);
  try {
    const base = { settings, clock: systemClock, log, metrics: new Metrics(), closers, moreEngines, signal };
    return await compose(base, loaded, onFatal);
  } catch (error) {
    await closers.close();
    throw explainFailure(error, placeOf(settings));
  }
}

/** Where a failure of this bridge happens, for `explainFailure`. */
export const placeOf = ({ dataDir, host, opsPort }: Settings): FailurePlace => ({ path: dataDir, host, opsPort });

async function compose(base: Base, loaded: LoadedSettings, onFatal: (error: Error) => void): Promise<Bridge> {
  const { settings, log, metrics, closers } = base;
  const store = await openStore(base, onFatal);
  const { database, eventLog } = store;
  const { keys, verifier } = await startAuth(base, store);
  const media = await startMedia(base, store);
  const recording = composeRecording(base, store, media);
  const { recorder } = recording;
  const sessions = await startSessions(base, { database, recorder, media });
  const { registry, network, ingress, profileStore } = sessions;
  const outbox = await startOutbox(base, { ...recording, ...store, sessions, media: media.library });
  const stream = await startStream(base, { ...store, recorder, keys });

  metrics.start({
    databaseIsUp: () => database.availability.outage === null,
    outboxByState: async () => (database.availability.outage ? {} : recording.reads.countByState()),
    sessionStates: () => registry.list().map(({ state }) => state),
    openStreams: () => stream.stats().connections,
    logHead: () => eventLog.head,
    mediaStoreUp: () => media.store.trouble === null,
    ...(profileStore && { profileStoreUp: () => profileStore.trouble === null }),
  });
  const readiness = new Readiness(
    { database: databaseProbe(database), stream: async () => void stream.stats() },
    notesOf(media.store, profileStore, outbox.schedulerState),
  );
  const { app, port } = await startHttp(base, {
    settings: () => describeSettings(loaded),
    keys,
    verifier,
    sessions: withOrderlyDeletion(registry, outbox.settleDeleted),
    ingress,
    outbox: outbox.service,
    media: media.library,
    eventLog,
    database: database.availability,
    stream,
    sandbox: network === null ? null : new GuardedSandboxDriver(registry, network),
    readiness,
  });
  const opsUrl = await startOps(base, readiness);
  // The first to stop: everything below may wait for a database that is away.
  closers.add('waiting for the database', () => database.availability.stopWaiting());
  // Last, since a start that fails would have made a key that nobody ever sees.
  const issued = await keys.ensureFirstKey({ name: 'n8n', scopes: N8N_SCOPES });
  log.info(
    { port, engines: settings.engines, sessions: registry.list().length, tls: settings.tlsCertFile !== undefined },
    'listening',
  );
  return {
    version,
    localUrl: localUrl(settings, port),
    opsUrl,
    firstKey: issued.first ? issued.secret : null,
    app,
    stop: () => closers.close(),
  };
}

/** What the bridge goes on without, and says so. */
const notesOf = (mediaStore: Store, profileStore: Store | null, scheduler: Note | null): Record<string, Note> => ({
  mediaStore: () => stateOf(mediaStore),
  ...(profileStore && { profileStore: () => stateOf(profileStore) }),
  ...(scheduler && { scheduler }),
});

interface Store {
  /** Why it cannot be used; null if it can. */
  readonly trouble: WabError | null;
}

const stateOf = ({ trouble }: Store): string => (trouble === null ? 'ok' : `degraded: ${trouble.message}`);

/** Whether the database takes writes; not tried while it is away, since each try would wait for its return. */
function databaseProbe(database: Database): Probe {
  return async () => {
    const { outage } = database.availability;
    if (outage) {
      const since = new Date(outage.since).toISOString();
      throw new WabError('WAB_DATABASE_UNAVAILABLE', { reason: `${outage.reason}, since ${since}` });
    }
    await database.write(touchLog(undefined));
  };
}
