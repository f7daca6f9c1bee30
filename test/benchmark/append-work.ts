/** The work that the benchmarks of durable appends have in common: the same events, as many at a time, on each database. */
import type { NewEvent } from '../../bridge/src/contract/events.ts';
import type { ChatId, MessageId, SessionName } from '../../bridge/src/contract/ids.ts';
import { addressOf } from '../../bridge/src/contract/whatsapp-id.ts';
import { DurableEventLog } from '../../bridge/src/events/durable-event-log.ts';
import { eventOf } from '../../bridge/src/events/event-constructors.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import { openDatabase } from '../../bridge/src/store/open-database.ts';
import { messageFact } from '../bridge/events/message-fact.ts';
import { median, type BenchmarkRow } from './benchmark.ts';

const PAYLOAD_BYTES = 1_024;
/** Appends in flight, and how many are measured at that. */
export const CASES = [
  { batch: 1, appends: 400 },
  { batch: 50, appends: 5_000 },
  { batch: 500, appends: 5_000 },
] as const;
/** An event whose stored payload is 1 KB, from one of 50 chats. */
function eventAt(index: number): NewEvent {
  const chat = addressOf(`49151${String(10_000_000 + (index % 50))}@c.us` as ChatId);
  const event = (text: string): NewEvent =>
    eventOf(
      'support' as SessionName,
      messageFact({
        messageId: `false_${chat.chatId}_${index.toString(16).toUpperCase().padStart(20, '0')}` as MessageId,
        chat,
        sender: chat,
        fromMe: false,
        sentAt: new Date(1_767_000_000_000 + index),
        kind: 'text',
        text,
        mentions: [],
        quotedMessageId: null,
      }),
    );
  const { chat: _chat, sender, data } = event('');
  return event('x'.repeat(PAYLOAD_BYTES - JSON.stringify({ chat, sender, data }).length));
}

/** Events are made beforehand for both sides; `salt` keeps them apart between rounds. */
export const eventsOf = (salt: number, count: number): NewEvent[] =>
  Array.from({ length: count }, (_, index) => eventAt(salt * 1_000_000 + index));

/** @param startedAt by `performance.now()` */
export const perSecond = (count: number, startedAt: number): number =>
  (count / (performance.now() - startedAt)) * 1_000;

/** Appends per second of the bridge's own event log, for each case. @param databaseUrl without it, SQLite in the folder */
export async function measureEventLog(folder: string, databaseUrl?: string): Promise<number[]> {
  const database = await openDatabase({
    dataDir: folder,
    databaseUrl,
    log: { error: (_, message) => process.stderr.write(`${message}\n`) },
    onFatal: (error) => {
      throw error;
    },
  });
  try {
    const log = await DurableEventLog.open({ database, clock: systemClock, dedupeMs: 90 * 86_400_000 });
    const results: number[] = [];
    for (const [index, { batch, appends }] of CASES.entries()) {
      const events = eventsOf(index, appends);
      const startedAt = performance.now();
      for (let done = 0; done < appends; done += batch) {
        await Promise.all(events.slice(done, done + batch).map((event) => log.append(event)));
      }
      results.push(perSecond(appends, startedAt));
    }
    return results;
  } finally {
    await database.close();
  }
}

/** One row for each case. @param results of each round, ours and the baseline's, by case */
export const appendRows = (
  on: string,
  { ours, raw }: { readonly ours: readonly number[][]; readonly raw: readonly number[][] },
  baselineIs: string,
): BenchmarkRow[] =>
  CASES.map(({ batch }, index) => ({
    name: `durable appends${on}, ${batch} at a time`,
    unit: 'appends/s',
    kind: 'rate',
    ours: median(ours.map((results) => results[index] ?? NaN)),
    baseline: median(raw.map((results) => results[index] ?? NaN)),
    baselineIs,
  }));
