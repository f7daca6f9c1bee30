/** The event log over any database, for its suite. */
import type { MediaId, MessageId, SessionName } from '../../../bridge/src/contract/ids.ts';
import { DurableEventLog } from '../../../bridge/src/events/durable-event-log.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import { appendEvent } from '../../../bridge/src/store/events.repository.ts';
import { expectMedia } from '../../../bridge/src/store/media.repository.ts';
import { rowNamed } from '../database.suite.ts';
import type { EventLogSubject } from './event-log-at-test.ts';

const NOTE = 'note:';

/** @param openDatabase opens the database that belongs to a data folder */
export const durableLogOver = (openDatabase: (dataDir: string) => Promise<Database>): EventLogSubject => ({
  async open(dataDir, clock, dedupeMs) {
    const database = await openDatabase(dataDir);
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
