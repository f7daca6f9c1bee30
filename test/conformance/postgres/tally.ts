/**
 * Work that shows what was lost or doubled: each unit stores an event and counts one up. The oracle reads the server by a
 * connection of its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Seq, SubscriptionName } from '../../../bridge/src/contract/ids.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import { appendEvent } from '../../../bridge/src/store/events.repository.ts';
import { openDatabase } from '../../../bridge/src/store/open-database.ts';
import { openPostgres } from '../../../bridge/src/store/postgres/postgres-database.ts';
import { countTakeover, createSubscription } from '../../../bridge/src/store/stream.repository.ts';
import { rowNamed } from '../database.suite.ts';

const SILENT = {
  log: { warn: () => undefined, info: () => undefined },
  onNew: () => undefined,
  onClosed: () => undefined,
};

export class Tally {
  readonly database: Database;
  /** What the bridge would have ended with. */
  readonly fatal: Error[];
  /** Positions in the order in which their writes were acknowledged. */
  readonly positions: number[] = [];
  readonly #subscription: number;
  readonly #folder: string;
  #submitted = 0;

  private constructor(database: Database, fatal: Error[], folder: string, subscription: number) {
    this.database = database;
    this.fatal = fatal;
    this.#folder = folder;
    this.#subscription = subscription;
  }

  /** @param answerTimeoutMs gives up a connection sooner than the bridge does */
  static async open(databaseUrl: string, answerTimeoutMs?: number): Promise<Tally> {
    const folder = mkdtempSync(join(tmpdir(), 'wabridge-tally-'));
    const fatal: Error[] = [];
    const onFatal = (error: Error): void => void fatal.push(error);
    const database = await (answerTimeoutMs === undefined
      ? openDatabase({ dataDir: folder, databaseUrl, log: { error: () => undefined }, onFatal })
      : openPostgres({ ...SILENT, url: databaseUrl, onFatal, answerTimeoutMs }));
    const start = { filter: {}, effectiveFilter: {}, epoch: 'e', floor: 0 as Seq, since: 0 as Seq };
    const { id } = await database.write(createSubscription({ name: 'tally' as SubscriptionName, now: 1, ...start }));
    return new Tally(database, fatal, folder, id);
  }

  /** One unit. Resolves once it was acknowledged. */
  async one(): Promise<void> {
    const append = appendEvent(rowNamed(`event ${++this.#submitted}`));
    // Counted first: an event that is known ends its unit, which would hide that the unit was carried out twice.
    const [, { seq }] = await this.database.write([countTakeover({ id: this.#subscription }), append]);
    this.positions.push(seq);
  }

  /** As many workers, each submitting one unit after another until told to stop. @returns ends them, and waits for it */
  run(workers: number): () => Promise<void> {
    let stopping = false;
    const work = async (): Promise<void> => {
      while (!stopping) await this.one();
    };
    const all = Promise.all(Array.from({ length: workers }, work));
    // Told at the end.
    all.catch(() => undefined);
    return async () => {
      stopping = true;
      await all;
    };
  }

  get acknowledged(): number {
    return this.positions.length;
  }

  /** What the server has, and whether that is what was acknowledged, each exactly once and in order. */
  async check(url: string): Promise<{ acknowledged: number; events: number; counted: number; inOrder: boolean }> {
    return onServer(url, async (client) => {
      const { rows } = await client.query<{ events: number; counted: number }>(
        `SELECT (SELECT count(*) FROM events)::int AS events, (SELECT takeovers FROM subscriptions)::int AS counted`,
      );
      const inOrder = this.positions.every((seq, index) => index === 0 || seq > this.positions[index - 1]!);
      return { acknowledged: this.acknowledged, ...rows[0]!, inOrder };
    });
  }

  async close(): Promise<void> {
    await this.database.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A connection of the tests themselves. */
export async function onServer<R>(url: string, work: (client: pg.Client) => Promise<R>): Promise<R> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** What `check` says if nothing was lost, nothing doubled and nothing swapped. */
export const exactly = (units: number): object => ({
  acknowledged: units,
  events: units,
  counted: units,
  inOrder: true,
});
