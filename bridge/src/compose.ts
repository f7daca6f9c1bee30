/** The only place that builds concrete classes (with `compose-engines.ts` and `compose-outbox.ts`). Starts them in order and closes them in reverse. */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { KeyRing } from './auth/key-ring.ts';
import { Nonces } from './auth/nonces.ts';
import { ensureOperatorKey } from './auth/operator-key.ts';
import { parsePublicUrl, type PublicUrl } from './auth/public-urls.ts';
import { SecretBox } from './auth/secret-box.ts';
import { Verifier } from './auth/verifier.ts';
import { composeOutbox } from './compose-outbox.ts';
import { engineFactories, sandboxNetwork } from './compose-engines.ts';
import { describeSettings } from './config/describe-settings.ts';
import type { LoadedSettings } from './config/load-settings.ts';
import { mediaLimits } from './config/media-limits.ts';
import { PROFILES_FOLDER, type Settings } from './config/settings.ts';
import { localUrl, reachableUrls } from './config/urls.ts';
import type { MediaId, SessionName, SubscriptionName } from './contract/ids.ts';
import { N8N_SCOPES } from './contract/scopes.ts';
import { GuardedSandboxDriver } from './engine/sandbox/guarded-driver.ts';
import { countingLog } from './events/counting-log.ts';
import { DurableEventLog } from './events/durable-event-log.ts';
import { Recorder } from './events/recorder.ts';
import { Retention } from './events/retention.ts';
import { buildApp, type App } from './http/app.ts';
import { buildOpsApp } from './http/ops-app.ts';
import { createGuard } from './http/plugins/guard.ts';
import { DiskMediaStore } from './media/disk-media-store.ts';
import { MediaFetcher } from './media/media-fetcher.ts';
import { MediaIntake } from './media/media-intake.ts';
import { MediaMaintenance } from './media/media-maintenance.ts';
import { MediaQuota } from './media/media-quota.ts';
import { StoredMediaLibrary } from './media/stored-media-library.ts';
import { systemClock } from './ops/clock.ts';
import { Closers } from './ops/closers.ts';
import { explainFailure, type FailurePlace } from './ops/failure-cause.ts';
import type { Log } from './ops/logger.ts';
import { Metrics } from './ops/metrics.ts';
import { Readiness } from './ops/readiness.ts';
import { Waiters } from './ops/waiters.ts';
import { OutboxChanges } from './outbox/outbox-changes.ts';
import { OutboxEffects } from './outbox/outbox-effects.ts';
import { SoleOwner } from './ownership/sole-owner.ts';
import { withOrderlyDeletion } from './sessions/orderly-deletion.ts';
import { SessionRegistry } from './sessions/registry.ts';
import { DEFAULT_SUPERVISION } from './sessions/supervised-session.ts';
import type { Database } from './store/database.ts';
import { restoredAt } from './store/epoch.ts';
import { MediaReads } from './store/media.repository.ts';
import { OutboxReads } from './store/outbox-reads.repository.ts';
import { touchLog } from './store/readiness.repository.ts';
import { openDatabase } from './store/sqlite/sqlite-database.ts';
import { StreamHub } from './stream/hub.ts';
import { DEFAULT_STREAM_SETTINGS } from './stream/settings.ts';
import { version } from './version.ts';

const DAY_MS = 86_400_000;
const RESTORE_CONCURRENCY = 4;
/** How long a stop waits for streams to acknowledge. */
const GRACE_MS = 5_000;
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
 * @throws WabError WAB_DATABASE_LOCKED, WAB_CONFIG_INVALID, and those of `explainFailure`
 */
export async function startBridge(loaded: LoadedSettings, log: Log, onFatal: (error: Error) => void): Promise<Bridge> {
  const closers = new Closers(log);
  try {
    return await compose(loaded, log, closers, onFatal);
  } catch (error) {
    await closers.close();
    throw explainFailure(error, placeOf(loaded.settings));
  }
}

/** Where a failure of this bridge happens, for `explainFailure`. */
export const placeOf = ({ dataDir, host, opsPort }: Settings): FailurePlace => ({ path: dataDir, host, opsPort });

async function compose(
  loaded: LoadedSettings,
  log: Log,
  closers: Closers,
  onFatal: (error: Error) => void,
): Promise<Bridge> {
  const clock = systemClock;
  const { settings } = loaded;
  const { dataDir } = settings;
  const metrics = new Metrics();

  const database = await openDatabase({ dataDir, log, onFatal });
  closers.add('database', () => database.close());
  const nonces = new Nonces(database);
  const keys = await startKeys(database, nonces, dataDir, log, closers);

  const eventLog = await DurableEventLog.open({ database, clock, dedupeMs: settings.dedupeRetentionDays * DAY_MS });
  const retention = new Retention({
    log: eventLog,
    clock,
    logger: log,
    eventsMs: settings.eventRetentionDays * DAY_MS,
    ...(settings.payloadRetentionDays === undefined ? {} : { payloadsMs: settings.payloadRetentionDays * DAY_MS }),
  });
  retention.start();
  closers.add('retention', () => retention.stop());

  // Media, up to what needs the sessions.
  const limits = mediaLimits(settings);
  const mediaStore = new DiskMediaStore(join(dataDir, 'media'));
  const quota = new MediaQuota(settings.mediaQuotaBytes);
  const mediaReads = new MediaReads(database.reader);
  const mediaChanges = new Waiters<MediaId>();
  const intake = new MediaIntake({ store: mediaStore, quota, database, reads: mediaReads, clock });
  const media = new StoredMediaLibrary({
    store: mediaStore,
    intake,
    reads: mediaReads,
    changes: mediaChanges,
    limits,
    clock,
  });
  const mediaMaintenance = new MediaMaintenance(
    { store: mediaStore, quota, database, reads: mediaReads, clock, log },
    settings.mediaRetentionDays * DAY_MS,
  );
  await mediaMaintenance.start();
  closers.add('media', () => mediaMaintenance.stop());

  // The recorder and what rides along with its events.
  const outboxReads = new OutboxReads(database.reader);
  const changes = new OutboxChanges();
  const recorder = new Recorder({
    log: countingLog(eventLog, metrics),
    sources: [new OutboxEffects(outboxReads, changes, clock)],
    media,
    onMediaExpected: () => fetcher.wake(),
  });

  const network = sandboxNetwork(settings);
  if (network !== null) closers.add('sandbox network', () => network.close());
  const factories = await engineFactories(settings, network, metrics, log);
  const sessionOwnership = new SoleOwner<SessionName>();
  const registry = new SessionRegistry(
    {
      database,
      factories,
      recorder,
      clock,
      log,
      random: Math.random,
      options: DEFAULT_SUPERVISION,
      secrets: new SecretBox(settings),
      ownership: sessionOwnership,
    },
    {
      profilesDir: join(dataDir, PROFILES_FOLDER),
      maxSessions: settings.maxSessions,
      restoreConcurrency: RESTORE_CONCURRENCY,
    },
  );
  closers.add('sessions', () => registry.close());
  const fetcher = new MediaFetcher({
    database,
    reads: mediaReads,
    intake,
    changes: mediaChanges,
    sessions: registry,
    ownership: sessionOwnership,
    limits,
    clock,
    log,
  });
  // Facts arrive from now on, so what they wake must be there; but the fetcher starts only once the sessions are known,
  // since it gives up the files of sessions that do not exist.
  await registry.open();
  fetcher.start();
  closers.add('media fetcher', () => fetcher.stop());

  const outbox = await composeOutbox({
    database,
    reads: outboxReads,
    changes,
    recorder,
    registry,
    ownership: sessionOwnership,
    media,
    settings,
    clock,
    log,
    closers,
  });

  const hub = new StreamHub({
    count: (outcome) => metrics.delivery(outcome),
    events: eventLog,
    database,
    recorder,
    clock,
    log,
    ownership: new SoleOwner<SubscriptionName>(),
    settings: {
      ...DEFAULT_STREAM_SETTINGS,
      heartbeatMs: settings.heartbeatMs,
      maxRefusals: settings.deliveryMaxAttempts,
      maxLosses: settings.deliveryMaxLost,
      readAheadMax: settings.readAheadMax,
      expiryDays: settings.eventRetentionDays,
      pauseDays: settings.subscriptionPauseDays,
    },
  });
  await hub.start();
  closers.add(
    'key watch',
    keys.onRevoked((keyId) => hub.closeKey(keyId)),
  );

  const readiness = new Readiness({
    database: () => database.write(touchLog(undefined)),
    stream: async () => void hub.stats(),
  });
  metrics.start({
    outboxByState: () => outboxReads.countByState(),
    sessionStates: () => registry.list().map(({ state }) => state),
    openStreams: () => hub.stats().connections,
    logHead: () => eventLog.head,
  });

  let publicUrls: readonly PublicUrl[] = [];
  const verifier = new Verifier({
    keys,
    nonces,
    publicUrls: () => publicUrls,
    clock,
    restoredAt: restoredAt(eventLog.epoch),
  });
  const app = await buildApp({
    log,
    clock,
    version,
    settings: () => describeSettings(loaded),
    engines: settings.engines,
    keys,
    sessions: withOrderlyDeletion(registry, outbox.settleDeleted),
    outbox: outbox.service,
    media,
    eventLog,
    stream: hub,
    sandbox: network === null ? null : new GuardedSandboxDriver(registry, network),
    metrics,
    readiness,
    guard: createGuard(verifier),
    ...(settings.tlsCertFile !== undefined && settings.tlsKeyFile !== undefined
      ? { tls: { cert: readFileSync(settings.tlsCertFile, 'utf8'), key: readFileSync(settings.tlsKeyFile, 'utf8') } }
      : {}),
  });
  closers.add('http', () => app.close());
  // Before the server, which would otherwise wait for the streams.
  closers.add('stream', () => hub.stop(GRACE_MS));
  closers.add('readiness', () => readiness.beginShutdown());

  await app.listen({ host: settings.host, port: settings.port });
  const { port } = app.server.address() as AddressInfo;
  publicUrls = reachableUrls(settings, port).map(parsePublicUrl);
  const opsUrl =
    settings.opsPort === undefined ? null : await startOps(settings.opsPort, { metrics, readiness, log }, closers);
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

async function startKeys(
  database: Database,
  nonces: Nonces,
  dataDir: string,
  log: Log,
  closers: Closers,
): Promise<KeyRing> {
  const keys = new KeyRing({ database, nonces, clock: systemClock, log });
  await keys.start();
  closers.add('keys', () => keys.stop());
  await keys.registerOperator(ensureOperatorKey(dataDir).secret);
  return keys;
}

async function startOps(
  port: number,
  deps: { metrics: Metrics; readiness: Readiness; log: Log },
  closers: Closers,
): Promise<string> {
  const ops = await buildOpsApp(deps);
  closers.add('ops listener', () => ops.close());
  await ops.listen({ host: '127.0.0.1', port });
  return `http://127.0.0.1:${(ops.server.address() as AddressInfo).port}`;
}
