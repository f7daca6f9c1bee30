/** The outbox: what is accepted, sent, watched and cleaned up. */
import type { SessionName } from '../contract/ids.ts';
import { AccountChanges } from '../outbox/account-changes.ts';
import { AttemptRunner, DEFAULT_QUESTION_MS, DEFAULT_SEND_MS } from '../outbox/attempt-runner.ts';
import { Dispatcher } from '../outbox/dispatcher.ts';
import { OutboxIntake } from '../outbox/outbox-intake.ts';
import { OutboxMaintenance } from '../outbox/outbox-maintenance.ts';
import { OutboxService } from '../outbox/outbox-service.ts';
import { OutboxTransitions } from '../outbox/outbox-transitions.ts';
import { DEFAULT_RETRY_LIMITS } from '../outbox/retry-policy.ts';
import type { Database } from '../store/database.ts';
import type { Base } from './base.ts';
import type { Media } from './media.ts';
import { createScheduler } from './scheduler.ts';
import type { Recording } from './recording.ts';
import type { Sessions } from './sessions.ts';

/** How long a stop waits for sends in flight, in milliseconds. */
const GRACE_MS = 5_000;

interface Needs extends Recording {
  readonly database: Database;
  readonly eventLog: { readonly epoch: string };
  readonly sessions: Pick<Sessions, 'registry' | 'ownership'>;
  readonly media: Media['library'];
}

interface Outbox {
  readonly service: OutboxService;
  /** Brings the messages of a session that is being deleted to their end. */
  readonly settleDeleted: (session: SessionName) => Promise<void>;
  /** Of a scheduler that depends on another server. */
  readonly schedulerState: (() => string) | null;
}

export async function startOutbox(base: Base, needs: Needs): Promise<Outbox> {
  const { database, reads, changes, media } = needs;
  const { registry, ownership } = needs.sessions;
  const { settings, clock, log, closers } = base;
  const transitions = new OutboxTransitions(database, needs.recorder, changes, clock);
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
  const { scheduler, state: schedulerState } = await createScheduler<SessionName>(base, 'outbox', needs.eventLog.epoch);
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
  return { service, schedulerState, settleDeleted: (session) => outboxMaintenance.sessionDeleted(session) };
}
