import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { Seq } from '../../bridge/src/contract/ids.ts';
import { DurableEventLog } from '../../bridge/src/events/durable-event-log.ts';
import type { Database } from '../../bridge/src/store/database.ts';
import { openDatabase } from '../../bridge/src/store/open-database.ts';
import { durableLogOver } from './event-log/durable-log.ts';
import { eventLogSuite } from './event-log.suite.ts';
import { message } from './event-log/sample-events.ts';

const openSqlite = (dataDir: string): Promise<Database> =>
  openDatabase({
    dataDir,
    log: { error: () => undefined },
    onFatal: (error) => {
      throw error;
    },
  });

eventLogSuite('SQLite', durableLogOver(openSqlite));

test('a scan knows of what retention has removed, also before retention itself has heard of it', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'wabridge-log-'));
  const database = await openSqlite(dataDir);
  try {
    const options = { database, clock: { now: () => 1_000 }, dedupeMs: 1 };
    const reading = await DurableEventLog.open(options);
    for (const messageId of ['1', '2', '3']) await reading.append(message(messageId));
    // Another log object stands for the writer that has committed while its answer is still on the way.
    await (await DurableEventLog.open(options)).removeBefore(2_000, 2);
    expect(reading.horizon).toBe(0);
    const { matches } = await reading.scan(0 as Seq, {}, 10);
    expect(matches).toHaveLength(1);
    expect(reading.horizon).toBe(2);
  } finally {
    await database.close();
    rmSync(dataDir, { recursive: true });
  }
});
