import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { MediaId, Seq, SessionName, MessageId } from '../../bridge/src/contract/ids.ts';
import { DurableEventLog } from '../../bridge/src/events/durable-event-log.ts';
import { appendEvent } from '../../bridge/src/store/events.repository.ts';
import { expectMedia } from '../../bridge/src/store/media.repository.ts';
import { openDatabase } from '../../bridge/src/store/open-database.ts';
import { rowNamed } from './database.suite.ts';
import { eventLogSuite } from './event-log.suite.ts';
import { message } from './event-log/sample-events.ts';

const NOTE = 'note:';

eventLogSuite('SQLite', {
  async open(dataDir, clock, dedupeMs) {
    const database = await openDatabase({
      dataDir,
      log: { error: () => undefined },
      onFatal: (error) => {
        throw error;
      },
    });
    return {
      log: await DurableEventLog.open({ database, clock, dedupeMs }),
      // Any write of another part serves as an effect.
      note: (text) =>
        expectMedia({
          id: `${NOTE}${text}` as MediaId,
          session: 'support' as SessionName,
          messageId: text as MessageId,
          kind: 'image',
          mimeType: 'image/png',
          fileName: null,
          now: 1,
        }),
      impossible: () => appendEvent(rowNamed('impossible', { lane: null as unknown as string })),
      noted: async () => {
        const rows = await database.reader.selectFrom('media').select('id').orderBy('id').execute();
        return rows.map(({ id }) => id.slice(NOTE.length));
      },
      close: () => database.close(),
    };
  },
});

test('a scan knows of what retention has removed, also before retention itself has heard of it', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'wabridge-log-'));
  const onFatal = (error: Error): void => {
    throw error;
  };
  const database = await openDatabase({ dataDir, log: { error: () => undefined }, onFatal });
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
