/** The lives of one bridge's outbox in one test: opened over the same data folder, and closed at the end of the test. */
import { join } from 'node:path';
import { DATABASE_FILE, openWriter } from '../../../bridge/src/store/sqlite/connection.ts';
import { openOutbox, tempFolder, type HarnessOptions, type OpenOutbox } from './outbox-harness.ts';

export class OutboxLives {
  #folder: Awaited<ReturnType<typeof tempFolder>> | undefined;
  readonly #open = new Set<OpenOutbox>();

  /** Before each test. */
  readonly begin = async (): Promise<void> => {
    this.#folder = await tempFolder();
  };

  /** After each test. */
  readonly end = async (): Promise<void> => {
    for (const outbox of this.#open) await outbox.close();
    await this.#folder?.remove();
  };

  /** Changes the rows between two lives. */
  readonly edit = (sql: string): void => {
    if (this.#folder === undefined) throw new Error('a test begins before it edits an outbox');
    const connection = openWriter(join(this.#folder.path, DATABASE_FILE));
    connection.exec(sql);
    connection.close();
  };

  /** A life whose dispatcher has not started, with its session offline. */
  readonly open = async (options: HarnessOptions = {}): Promise<OpenOutbox> => {
    if (this.#folder === undefined) throw new Error('a test begins before it opens an outbox');
    const opened = await openOutbox(this.#folder.path, options);
    const outbox: OpenOutbox = {
      ...opened,
      close: async () => {
        this.#open.delete(outbox);
        await opened.close();
      },
    };
    this.#open.add(outbox);
    return outbox;
  };

  /** @param ready whether its session is, by the time its dispatcher starts */
  readonly start = async (options: HarnessOptions = {}, ready = true): Promise<OpenOutbox> => {
    const outbox = await this.open(options);
    if (ready) outbox.sessions.up();
    await outbox.dispatcher.start();
    return outbox;
  };
}
