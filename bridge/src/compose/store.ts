/** The database and the event log, with its retention. */
import { DurableEventLog } from '../events/durable-event-log.ts';
import { Retention } from '../events/retention.ts';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../store/open-database.ts';
import type { Base } from './base.ts';

const DAY_MS = 86_400_000;

export interface Store {
  readonly database: Database;
  readonly eventLog: DurableEventLog;
}

/** @param onFatal called when the database can no longer be written */
export async function openStore(base: Base, onFatal: (error: Error) => void): Promise<Store> {
  const { settings, clock, log, closers, signal } = base;
  const { dataDir, databaseUrl } = settings;
  const database = await openDatabase({ dataDir, databaseUrl, log, onFatal, signal });
  closers.add('database', () => database.close());
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
  return { database, eventLog };
}
