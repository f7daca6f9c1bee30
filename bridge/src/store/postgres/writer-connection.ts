/**
 * The one connection that writes. It holds the lock on the database for as long as it lives, so that nobody else writes,
 * and carries out groups of units, each group in one transaction.
 */
import { randomUUID } from 'node:crypto';
import { CompiledQuery, type Transaction } from 'kysely';
import pg from 'pg';
import type { Call } from '../operation.ts';
import type { AnyOperation } from '../operations.ts';
import { runDirectly } from '../prepared.ts';
import type { Schema } from '../schema.ts';
import { destroy, PostgresConnection } from './connection.ts';
import { connectionSettings } from './connection-settings.ts';
import { kyselyOver } from './dialect.ts';
import { asFailure, ConnectionLostError, explainServerFailure, kindOf } from './failures.ts';
import { prepareSession, takeLock, type WriterHistory } from './writer-session.ts';

/** What became of one unit. */
export type UnitOutcome = { readonly results: readonly unknown[] } | { readonly error: Error };

/** The answer to a COMMIT did not arrive: whether the group is stored is known to the database alone. */
export class CommitInDoubtError extends ConnectionLostError {
  readonly groupId: string;
  readonly outcomes: readonly UnitOutcome[];

  constructor(groupId: string, outcomes: readonly UnitOutcome[], cause: unknown) {
    super('The connection was lost during a commit', { cause });
    this.groupId = groupId;
    this.outcomes = outcomes;
  }
}

/** A unit failed in a transaction that has no savepoints: nothing of the group is stored. */
class GroupSpoiledError extends Error {}

/** How often a statement without an answer is looked for, in milliseconds. */
const WATCH_MS = 1_000;
/** A statement that takes longer than this is reported, in milliseconds. */
const SLOW_MS = 5_000;

export interface WriterConnectionOptions {
  readonly url: string;
  /** For people, without credentials. */
  readonly server: string;
  readonly operations: ReadonlyMap<string, AnyOperation>;
  /** Called while a statement gets no answer, and once it got one after all. */
  readonly onSlow: (isSlow: boolean) => void;
  /** Called when it can no longer be used, also while there is nothing to do. */
  readonly onLost: (error: Error) => void;
  /** Ends the wait for the lock. */
  readonly signal: AbortSignal;
  /** It is given up after so many milliseconds without an answer. */
  readonly answerTimeoutMs: number;
}

export class WriterConnection {
  readonly connection: PostgresConnection;
  readonly #client: pg.Client;
  readonly #options: WriterConnectionOptions;
  readonly #history: WriterHistory;
  readonly #transaction: Transaction<Schema>;
  readonly #watch: NodeJS.Timeout;
  #lost: Error | null = null;
  #waitingSince: number | null = null;
  #isSlow = false;

  private constructor(
    client: pg.Client,
    connection: PostgresConnection,
    transaction: Transaction<Schema>,
    options: WriterConnectionOptions,
    history: WriterHistory,
  ) {
    this.#history = history;
    this.#client = client;
    this.connection = connection;
    this.#transaction = transaction;
    this.#options = options;
    this.#watch = setInterval(() => this.#look(), WATCH_MS).unref();
  }

  /**
   * Connects and takes the lock on the database.
   *
   * @param history a former connection of this process that still holds the lock is ended; the new one is added
   * @throws ConnectionLostError, the server's refusal; WabError WAB_DATABASE_IN_USE, WAB_DATABASE_UNUSABLE
   */
  static async open(options: WriterConnectionOptions, history: WriterHistory): Promise<WriterConnection> {
    const client = new pg.Client({ ...connectionSettings(options.url, 'writer'), pipeline: true });
    let broken: (error: Error) => void = () => undefined;
    client.on('error', (error) => broken(error));
    try {
      await client.connect().catch((error: unknown) => {
        throw asFailure(error);
      });
      const connection = new PostgresConnection(client);
      const { backends } = history;
      backends.push(await prepareSession(connection, options.server));
      await takeLock(connection, options.server, backends, options.signal);
      backends.splice(0, backends.length - 1);
      const kysely = kyselyOver<Schema>(connection, 'outside');
      const transaction = await kysely.startTransaction().execute();
      runDirectly(transaction, connection);
      const writer = new WriterConnection(client, connection, transaction, options, history);
      broken = (error) => writer.#lose(error);
      return writer;
    } catch (error) {
      destroy(client);
      throw error;
    }
  }

  /** Whether it can no longer be used. */
  get isLost(): boolean {
    return this.#lost !== null;
  }

  /**
   * Carries out a group and commits it.
   *
   * @returns the outcome of each unit, in order; what succeeded is on disk
   * @throws CommitInDoubtError; otherwise nothing of the group is stored: ConnectionLostError, the server's refusal
   */
  async commit(units: readonly (readonly Call<unknown>[])[]): Promise<readonly UnitOutcome[]> {
    try {
      // Savepoints cost a trip to the server for each unit, and hardly ever does one fail: operations have no effects
      // outside of the transaction, so that carrying them out twice is harmless.
      const outcomes = await this.#attempt(units, units.length === 1 ? 'alone' : 'together');
      this.#progress();
      return outcomes;
    } catch (error) {
      if (!(error instanceof GroupSpoiledError)) throw error;
      return await this.#attempt(units, 'savepoints');
    } finally {
      this.#waitingSince = null;
    }
  }

  /** Which group was committed last, by any writer of this database. */
  async lastGroup(): Promise<string | null> {
    const { rows } = await this.connection.executeQuery<{ group_id: string }>(
      CompiledQuery.raw('SELECT group_id FROM writer_marker'),
    );
    return rows[0]?.group_id ?? null;
  }

  /** @param how `gracefully`: says goodbye to the server */
  async close(how: 'gracefully' | 'at once' = 'gracefully'): Promise<void> {
    clearInterval(this.#watch);
    if (how === 'at once' || this.#lost) return destroy(this.#client);
    this.#lost = new Error('it was closed');
    const timer = setTimeout(() => destroy(this.#client), WATCH_MS).unref();
    await this.#client.end().catch(() => undefined);
    clearTimeout(timer);
  }

  async #attempt(
    units: readonly (readonly Call<unknown>[])[],
    how: 'alone' | 'together' | 'savepoints',
  ): Promise<readonly UnitOutcome[]> {
    const groupId = randomUUID();
    const outcomes: UnitOutcome[] = [];
    // Not awaited: what follows it is sent right behind it. The row of the marker is locked until the end of the
    // transaction, so that positions are given out by one transaction at a time, whoever writes.
    const begun = this.#run(
      `BEGIN; INSERT INTO writer_marker VALUES (1, '${groupId}') ON CONFLICT (one) DO UPDATE SET group_id = excluded.group_id`,
    );
    begun.catch(() => undefined);
    try {
      for (const unit of units) outcomes.push(await this.#carryOut(unit, begun, how));
      await begun;
    } catch (error) {
      if (kindOf(error) !== 'lost') await this.#run('ROLLBACK');
      if (how === 'alone' && kindOf(error) === 'own') return [{ error: explainServerFailure(error as Error) }];
      throw error;
    }
    await this.#commit(groupId, outcomes);
    return outcomes;
  }

  /** @throws what makes the whole group fail */
  async #carryOut(
    unit: readonly Call<unknown>[],
    begun: Promise<unknown>,
    how: 'alone' | 'together' | 'savepoints',
  ): Promise<UnitOutcome> {
    const isolated = how === 'savepoints';
    if (isolated) await this.#run('SAVEPOINT unit');
    try {
      const results = await this.#runAll(unit);
      if (isolated) await this.#run('RELEASE SAVEPOINT unit');
      return { results };
    } catch (error) {
      await begun;
      const kind = kindOf(error);
      if (kind === 'lost' || kind === 'again' || how === 'alone') throw error;
      if (!isolated) throw new GroupSpoiledError('a unit failed', { cause: error });
      await this.#run('ROLLBACK TO SAVEPOINT unit; RELEASE SAVEPOINT unit');
      return { error: explainServerFailure(error as Error) };
    }
  }

  async #runAll(unit: readonly Call<unknown>[]): Promise<readonly unknown[]> {
    const results: unknown[] = [];
    for (const call of unit) {
      const operation = this.#options.operations.get(call.operation);
      if (!operation) throw new Error(`No operation is named ${call.operation}; is it listed in operations.ts?`);
      this.#progress();
      const result: unknown = await operation.run(this.#transaction, call.args);
      results.push(result);
      if (operation.endsUnit?.(result)) break;
    }
    return results;
  }

  async #commit(groupId: string, outcomes: readonly UnitOutcome[]): Promise<void> {
    let tag: string;
    this.#history.committing = groupId;
    try {
      tag = await this.#run('COMMIT');
    } catch (error) {
      // A refusal of the server that leaves the connection open says that nothing is stored.
      if (kindOf(error) === 'lost') throw new CommitInDoubtError(groupId, outcomes, error);
      throw error;
    }
    if (tag !== 'COMMIT') throw new Error(`PostgreSQL answered COMMIT with ${tag}`);
    this.#history.committed = groupId;
  }

  #run(sql: string): Promise<string> {
    this.#progress();
    return this.connection.run(sql);
  }

  #lose(error: Error): void {
    if (this.#lost) return;
    this.#lost = error;
    this.#options.onLost(error);
  }

  #progress(): void {
    this.#waitingSince = performance.now();
    if (this.#isSlow) this.#options.onSlow((this.#isSlow = false));
  }

  #look(): void {
    const waitedMs = this.#waitingSince === null ? 0 : performance.now() - this.#waitingSince;
    if (waitedMs > this.#options.answerTimeoutMs) destroy(this.#client);
    if (waitedMs > SLOW_MS && !this.#isSlow) this.#options.onSlow((this.#isSlow = true));
  }
}
