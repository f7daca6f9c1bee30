/** The writer's thread: synchronous fsyncs happen here, where they stall no heartbeat. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { refuseMarked } from '../copy/copy-mark.ts';
import { operations } from '../operations.ts';
import { serializeError } from './serialized-error.ts';
import { closeWriter, openWriter } from './connection.ts';
import { GroupWriter } from './group-writer.ts';
import { migrate } from './migrate.ts';
import { GROUP_LIMIT, type FromWriter, type Outcome, type ToWriter, type Unit, type WriterData } from './protocol.ts';
import { SqliteQueries } from './queries.ts';

if (!parentPort) throw new Error('The writer runs as a worker thread only');
const port = parentPort;
const say = (message: FromWriter): void => port.postMessage(message);

async function main(): Promise<void> {
  const { file } = workerData as WriterData;
  const database = openWriter(file);
  await refuseMarked(new SqliteQueries(database), `SQLite in ${file}`);
  await migrate(database);
  const writer = await GroupWriter.create(database, operations);

  const waiting: Unit[] = [];
  let closing = false;
  let working = false;
  const take = (message: ToWriter): void => {
    if (message.kind === 'close') closing = true;
    else for (const unit of message.units) waiting.push(unit);
  };

  /** Takes what arrived while the last group was written, without a turn of the event loop. */
  const drain = (): void => {
    while (waiting.length < GROUP_LIMIT) {
      const received = receiveMessageOnPort(port) as { message: ToWriter } | undefined;
      if (!received) return;
      take(received.message);
    }
  };

  const work = async (): Promise<void> => {
    working = true;
    for (drain(); waiting.length > 0; drain()) report(await writer.commit(waiting.splice(0, GROUP_LIMIT)));
    working = false;
    if (!closing) return;
    closeWriter(database);
    say({ kind: 'closed' });
    port.close();
  };

  port.on('message', (message: ToWriter) => {
    take(message);
    if (!working) work().catch(die);
  });
  say({ kind: 'opened' });
}

/** A result that cannot be cloned must not take down the others: it is an error of its own operation. */
function report(outcomes: readonly Outcome[]): void {
  try {
    say({ kind: 'outcomes', outcomes });
  } catch {
    for (const outcome of outcomes) {
      try {
        say({ kind: 'outcomes', outcomes: [outcome] });
      } catch (error) {
        say({ kind: 'outcomes', outcomes: [{ id: outcome.id, error: serializeError(error) }] });
      }
    }
  }
}

function die(error: unknown): void {
  say({ kind: 'fatal', error: serializeError(error) });
  port.close();
}

main().catch((error: unknown) => {
  say({ kind: 'failed', error: serializeError(error) });
  port.close();
});
