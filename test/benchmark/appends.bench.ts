/**
 * Durable appends against raw `node:sqlite`: the same 1 KB payloads, a unique index, and the same pragmas (write-ahead
 * log, synchronous=FULL, cache and checkpoint interval), one transaction per batch. Ours adds envelope, lane index, dedupe and isolation of each append, and crosses a thread.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import type { ChatId, SessionName, MessageId } from '../../bridge/src/contract/ids.ts';
import type { NewEvent } from '../../bridge/src/contract/events.ts';
import { addressOf } from '../../bridge/src/contract/whatsapp-id.ts';
import { DurableEventLog } from '../../bridge/src/events/durable-event-log.ts';
import { eventOf } from '../../bridge/src/events/event-constructors.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import { openDatabase } from '../../bridge/src/store/open-database.ts';
import { median, type BenchmarkRow } from './benchmark.ts';
import { messageFact } from '../bridge/events/message-fact.ts';

const PAYLOAD_BYTES = 1_024;
/** Appends in flight, and how many are measured at that. */
const CASES = [
  { batch: 1, appends: 400 },
  { batch: 50, appends: 20_000 },
  { batch: 500, appends: 20_000 },
] as const;
const ROUNDS = 3;

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
const eventsOf = (salt: number, count: number): NewEvent[] =>
  Array.from({ length: count }, (_, index) => eventAt(salt * 1_000_000 + index));

const perSecond = (count: number, startedAt: number): number => (count / (performance.now() - startedAt)) * 1_000;

async function measureOurs(folder: string): Promise<number[]> {
  const database = await openDatabase({
    dataDir: folder,
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

function measureRaw(folder: string): number[] {
  const database = new DatabaseSync(join(folder, 'raw.db'));
  try {
    // Those of the bridge's own writer.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec('PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4096');
    database.exec(
      'CREATE TABLE entries (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL)',
    );
    const insert = database.prepare('INSERT INTO entries (id, body) VALUES (?, ?)');
    return CASES.map(({ batch, appends }, index) => {
      const events = eventsOf(index, appends);
      const startedAt = performance.now();
      for (let done = 0; done < appends; done += batch) {
        database.exec('BEGIN IMMEDIATE');
        for (const { id, chat, sender, data } of events.slice(done, done + batch)) {
          insert.run(id, JSON.stringify({ chat, sender, data }));
        }
        database.exec('COMMIT');
      }
      return perSecond(appends, startedAt);
    });
  } finally {
    database.close();
  }
}

/** Measures ours and raw in turns and reports the medians. */
export async function run(): Promise<BenchmarkRow[]> {
  const ours: number[][] = [];
  const raw: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'wabridge-bench-'));
    try {
      raw.push(measureRaw(folder));
      ours.push(await measureOurs(folder));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return CASES.map(({ batch }, index) => {
    const figure = median(ours.map((results) => results[index] ?? NaN));
    const baseline = median(raw.map((results) => results[index] ?? NaN));
    return {
      name: `durable appends, ${batch} at a time`,
      unit: 'appends/s',
      kind: 'rate',
      ours: figure,
      baseline,
      baselineIs:
        'raw node:sqlite on the main thread with the same payload, pragmas and fsync per batch; one table with a unique ' +
        'index, so without envelope, lane index, isolation of each append or a thread of its own',
    };
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`);
}
