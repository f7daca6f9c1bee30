/**
 * Durable appends against raw `node:sqlite`: the same 1 KB payloads, a unique index, and the same pragmas (write-ahead
 * log, synchronous=FULL, cache and checkpoint interval), one transaction per batch. Ours adds envelope, lane index, dedupe and isolation of each append, and crosses a thread.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { appendRows, CASES, eventsOf, measureEventLog, perSecond } from './append-work.ts';
import type { BenchmarkRow } from './benchmark.ts';

const ROUNDS = 5;

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
      ours.push(await measureEventLog(folder));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return appendRows(
    '',
    { ours, raw },
    'raw node:sqlite on the main thread with the same payload, pragmas and fsync per batch; one table with a unique ' +
      'index, so without envelope, lane index, isolation of each append or a thread of its own',
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.stdout.write(`${JSON.stringify(await run(), null, 2)}\n`);
}
