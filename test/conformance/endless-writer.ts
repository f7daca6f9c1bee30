/**
 * Writes to the database of the folder in argv[2], or to that of DATABASE_URL, until it is killed, and prints each id once
 * it was acknowledged.
 */
import { writeSync } from 'node:fs';
import { openDatabase } from '../../bridge/src/store/open-database.ts';
import { appendEvent } from '../../bridge/src/store/events.repository.ts';

const [, , dataDir] = process.argv;
if (!dataDir) throw new Error('usage: endless-writer.ts <folder>');
const database = await openDatabase({
  dataDir,
  databaseUrl: process.env['DATABASE_URL'],
  log: { error: (_, message) => process.stderr.write(`${message}\n`) },
  onFatal: () => process.exit(1),
});

/** Several at a time, so that the kill hits groups. */
async function write(worker: number): Promise<never> {
  for (let index = 0; ; index++) {
    const id = `${worker}:${index}`;
    await database.write(
      appendEvent({
        aliases: [],
        id,
        type: 'message.received',
        session: 'support',
        chatId: null,
        chatKind: null,
        senderKeys: '[]',
        fromMe: null,
        occurredAt: '2026-01-02T03:04:05.000Z',
        recordedAt: 1,
        lane: 'support|',
        body: JSON.stringify({ text: 'x'.repeat(500) }),
        dedupeUntil: 2,
      }),
    );
    // Synchronous: what was acknowledged is out before a kill can come in between.
    writeSync(1, `${id}\n`);
  }
}
await Promise.all(Array.from({ length: 20 }, (_, worker) => write(worker)));
