/** The outbox on real parts (SQLite, event log, recorder), with an engine whose network is a scripted object. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WabError } from '../../../bridge/src/contract/errors.ts';
import type { EventType, WaEvent } from '../../../bridge/src/contract/events.ts';
import type { Seq, SessionName } from '../../../bridge/src/contract/ids.ts';
import type { Engine, EngineFact } from '../../../bridge/src/engine/engine.ts';
import { DurableEventLog } from '../../../bridge/src/events/durable-event-log.ts';
import { Recorder } from '../../../bridge/src/events/recorder.ts';
import type { Clock } from '../../../bridge/src/ops/clock.ts';
import { createLogger } from '../../../bridge/src/ops/logger.ts';
import { AccountChanges } from '../../../bridge/src/outbox/account-changes.ts';
import { AttemptRunner } from '../../../bridge/src/outbox/attempt-runner.ts';
import { Dispatcher } from '../../../bridge/src/outbox/dispatcher.ts';
import { InProcessScheduler } from '../../../bridge/src/outbox/in-process-scheduler.ts';
import { OutboxChanges } from '../../../bridge/src/outbox/outbox-changes.ts';
import { OutboxEffects } from '../../../bridge/src/outbox/outbox-effects.ts';
import { OutboxIntake } from '../../../bridge/src/outbox/outbox-intake.ts';
import {
  DEFAULT_MAINTENANCE_OPTIONS,
  OutboxMaintenance,
  type OutboxMaintenanceOptions,
} from '../../../bridge/src/outbox/outbox-maintenance.ts';
import { OutboxService } from '../../../bridge/src/outbox/outbox-service.ts';
import { OutboxTransitions } from '../../../bridge/src/outbox/outbox-transitions.ts';
import type { Scheduler } from '../../../bridge/src/outbox/scheduler.ts';
import type { RetryLimits } from '../../../bridge/src/outbox/retry-policy.ts';
import type { MediaLibrary } from '../../../bridge/src/media/media-library.ts';
import type { Ownership } from '../../../bridge/src/ownership/ownership.ts';
import { SoleOwner } from '../../../bridge/src/ownership/sole-owner.ts';
import type { SessionAccount } from '../../../bridge/src/sessions/session-account.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import { openDatabase } from '../../../bridge/src/store/open-database.ts';
import { OutboxReads } from '../../../bridge/src/store/outbox-reads.repository.ts';
import { openLightDatabase } from './light-database.ts';
import { OutboxRequests, testClock } from './outbox-requests.ts';
import { SESSION } from './outbox-samples.ts';
import { CAPABILITIES, Network, NetworkEngine } from './scripted-network.ts';
import { TestSessions } from './test-sessions.ts';

const log = createLogger('silent', 'json');

export interface HarnessOptions {
  readonly network?: Network;
  readonly accounts?: Map<SessionName, SessionAccount>;
  /** Instead of the scripted network. */
  readonly engine?: Engine;
  readonly chosenMessageIds?: boolean;
  readonly parallelFiles?: boolean;
  readonly inDoubtPolicy?: 'hold' | 'resend';
  readonly limits?: Partial<RetryLimits>;
  readonly maintenance?: Partial<OutboxMaintenanceOptions>;
  readonly parallelism?: number;
  readonly sendMs?: number;
  readonly questionMs?: number;
  readonly expiryMs?: number;
  readonly clock?: Clock;
  /** Without it, timers of this process. */
  readonly scheduler?: Scheduler<SessionName>;
  /** Without it, this process owns every session. */
  readonly ownership?: Ownership<SessionName>;
  readonly media?: Pick<MediaLibrary, 'info' | 'forSend'>;
  /** With its writer thread and every fsync, for kill tests. */
  readonly durable?: boolean;
  /** A durable one on PostgreSQL. */
  readonly databaseUrl?: string | undefined;
  /** Wraps the database, to stop or fail at a point. */
  readonly wrap?: (database: Database) => Database;
}

const NO_MEDIA: NonNullable<HarnessOptions['media']> = {
  info: (mediaId) => Promise.reject(new WabError('WAB_MEDIA_NOT_FOUND', { mediaId })),
  forSend: (mediaId) => Promise.reject(new WabError('WAB_MEDIA_NOT_FOUND', { mediaId })),
};

/** One life of a bridge's outbox over a data folder. */
export async function openOutbox(dataDir: string, options: HarnessOptions = {}) {
  const clock = options.clock ?? testClock;
  const network = options.network ?? new Network();
  const sessions = sessionsOver(network, options);
  const opened = options.durable
    ? await openDatabase({
        dataDir,
        databaseUrl: options.databaseUrl,
        log,
        onFatal: (error) => void Promise.reject(error),
      })
    : await openLightDatabase(dataDir);
  const database = options.wrap?.(opened) ?? opened;
  const records = await openRecords(database, clock);
  const work = createWork({ database, sessions, clock, ...records }, options);
  const { eventLog, recorder, reads, changes, transitions } = records;
  const { accept, until, untilThat } = new OutboxRequests(work.service, changes);
  const events = async (...types: EventType[]): Promise<readonly WaEvent[]> => {
    const { matches } = await eventLog.scan(0 as Seq, types.length > 0 ? { types } : {}, 1_000);
    return eventLog.read(matches.map(({ seq }) => seq));
  };
  const report = (fact: EngineFact) => recorder.record(SESSION, fact);
  const close = async (): Promise<void> => {
    await work.dispatcher.stop(500);
    await work.maintenance.stop();
    await opened.close();
  };
  return {
    ...{ network, database, eventLog, sessions, reads, transitions, ...work },
    ...{ accept, until, untilThat, events, report, close },
  };
}
export type OpenOutbox = Awaited<ReturnType<typeof openOutbox>>;

function sessionsOver(network: Network, options: HarnessOptions): TestSessions {
  const { chosenMessageIds = true, parallelFiles = false } = options;
  const engine = options.engine ?? new NetworkEngine(network, { ...CAPABILITIES, chosenMessageIds, parallelFiles });
  return new TestSessions(engine, engine.capabilities, options.accounts ?? new Map());
}

/** What the outbox reads and writes. */
async function openRecords(database: Database, clock: Clock) {
  const eventLog = await DurableEventLog.open({ database, clock, dedupeMs: 86_400_000 });
  const reads = new OutboxReads(database.reader);
  const changes = new OutboxChanges();
  const effects = new OutboxEffects(reads, changes, clock);
  const noFiles = { expect: () => ({ operation: 'none', args: null }), onMediaExpected: () => undefined };
  const recorder = new Recorder({
    log: eventLog,
    sources: [effects],
    media: noFiles,
    onMediaExpected: noFiles.onMediaExpected,
  });
  const transitions = new OutboxTransitions(database, recorder, changes, clock);
  return { eventLog, recorder, reads, changes, transitions };
}

interface WorkDependencies extends Awaited<ReturnType<typeof openRecords>> {
  readonly database: Database;
  readonly sessions: TestSessions;
  readonly clock: Clock;
}

/** What takes requests in, sends them and tidies up after them. */
function createWork(
  { database, sessions, clock, reads, changes, transitions }: WorkDependencies,
  options: HarnessOptions,
) {
  const limits = { maxAttempts: 5, maxAgeMs: 3_600_000, ...options.limits };
  const files = options.media ?? NO_MEDIA;
  const media = { ...files, checkSendable: files.forSend };
  const attemptRunner = new AttemptRunner(
    { transitions, sessions, media, clock, log, random: () => 0 },
    {
      limits,
      inDoubtPolicy: options.inDoubtPolicy ?? 'hold',
      questionMs: options.questionMs ?? 500,
      sendMs: options.sendMs ?? 2_000,
    },
  );
  const ownership = options.ownership ?? new SoleOwner<SessionName>();
  const scheduler = options.scheduler ?? new InProcessScheduler<SessionName>(clock, log);
  const accounts = new AccountChanges({ reads, transitions, attemptRunner, sessions });
  const dispatcher = new Dispatcher(
    { reads, transitions, attemptRunner, accounts, changes, scheduler, sessions, ownership, clock, log },
    options.parallelism,
  );
  const maintenance = new OutboxMaintenance(
    { database, reads, transitions, sessions, ownership, freed: (session) => changes.freed(session), clock, log },
    { ...DEFAULT_MAINTENANCE_OPTIONS, ...limits, ...options.maintenance },
  );
  const service = new OutboxService({
    intake: new OutboxIntake({ database, reads, sessions, media, clock }, options.expiryMs),
    reads,
    transitions,
    changes,
    sessions,
    clock,
  });
  return { attemptRunner, dispatcher, maintenance, service, scheduler };
}

/** A data folder for one test. */
export async function tempFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'wabridge-outbox-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
