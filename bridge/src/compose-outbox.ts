/** Builds and starts the outbox, for `compose.ts`. */
import type { SessionName } from './contract/ids.ts';
import type { Settings } from './config/settings.ts';
import type { Recorder } from './events/recorder.ts';
import type { StoredMediaLibrary } from './media/stored-media-library.ts';
import type { Clock } from './ops/clock.ts';
import type { Closers } from './ops/closers.ts';
import type { Log } from './ops/logger.ts';
import { AccountChanges } from './outbox/account-changes.ts';
import { AttemptRunner, DEFAULT_QUESTION_MS, DEFAULT_SEND_MS } from './outbox/attempt-runner.ts';
import { Dispatcher } from './outbox/dispatcher.ts';
import { InProcessScheduler } from './outbox/in-process-scheduler.ts';
import type { OutboxChanges } from './outbox/outbox-changes.ts';
import { OutboxIntake } from './outbox/outbox-intake.ts';
import { OutboxMaintenance } from './outbox/outbox-maintenance.ts';
import { OutboxService } from './outbox/outbox-service.ts';
import { OutboxTransitions } from './outbox/outbox-transitions.ts';
import { DEFAULT_RETRY_LIMITS } from './outbox/retry-policy.ts';
import type { Ownership } from './ownership/ownership.ts';
import type { SessionRegistry } from './sessions/registry.ts';
import type { Database } from './store/database.ts';
import type { OutboxReads } from './store/outbox-reads.repository.ts';

/** How long a stop waits for sends in flight, in milliseconds. */
const GRACE_MS = 5_000;

interface OutboxParts {
  readonly database: Database;
  readonly reads: OutboxReads;
  readonly changes: OutboxChanges;
  readonly recorder: Recorder;
  readonly registry: SessionRegistry;
  readonly ownership: Ownership<SessionName>;
  readonly media: StoredMediaLibrary;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly log: Log;
  readonly closers: Closers;
}

interface ComposedOutbox {
  readonly service: OutboxService;
  /** Brings the messages of a session that is being deleted to their end. */
  readonly settleDeleted: (session: SessionName) => Promise<void>;
}

export async function composeOutbox(parts: OutboxParts): Promise<ComposedOutbox> {
  const { database, reads, changes, recorder, registry, ownership, media, settings, clock, log, closers } = parts;
  const transitions = new OutboxTransitions(database, recorder, changes, clock);
  const attemptRunner = new AttemptRunner(
    {
      transitions,
      sessions: registry,
      media,
      clock,
      log,
      random: Math.random,
    },
    {
      limits: DEFAULT_RETRY_LIMITS,
      inDoubtPolicy: settings.inDoubtPolicy,
      questionMs: DEFAULT_QUESTION_MS,
      sendMs: DEFAULT_SEND_MS,
    },
  );
  const scheduler = new InProcessScheduler<SessionName>(clock, log);
  const accounts = new AccountChanges({ reads, transitions, attemptRunner, sessions: registry });
  const dispatcher = new Dispatcher({
    reads,
    transitions,
    attemptRunner,
    accounts,
    changes,
    scheduler,
    sessions: registry,
    ownership,
    clock,
    log,
  });
  // Before it starts: a recovery that fails leaves lanes that send.
  closers.add('dispatcher', () => dispatcher.stop(GRACE_MS));
  await dispatcher.start();
  const outboxMaintenance = new OutboxMaintenance({
    database,
    reads,
    transitions,
    sessions: registry,
    ownership,
    freed: (session) => changes.freed(session),
    clock,
    log,
  });
  outboxMaintenance.start();
  closers.add('outbox maintenance', () => outboxMaintenance.stop());
  const service = new OutboxService({
    intake: new OutboxIntake({ database, reads, sessions: registry, media, clock }, settings.sendExpirySeconds * 1000),
    reads,
    transitions,
    changes,
    sessions: registry,
    clock,
  });
  return { service, settleDeleted: (session) => outboxMaintenance.sessionDeleted(session) };
}
