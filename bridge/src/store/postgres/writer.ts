/**
 * The queue before the writing connection: units in the order of their submission, as many as wait in one transaction. It
 * outlives connections: work that met a server that went away is carried out once the server is back, and never twice.
 */
import { WabError } from '../../contract/errors.ts';
import type { Call } from '../operation.ts';
import type { AnyOperation } from '../operations.ts';
import { explainServerFailure, isHopeless, kindOf, problemOf } from './failures.ts';
import type { OutageWatch } from './outage-watch.ts';
import { growingPause } from './pause.ts';
import { CommitInDoubtError, WriterConnection, type UnitOutcome } from './writer-connection.ts';
import { WriterHistory } from './writer-session.ts';

/** Units that share one transaction, and thereby one fsync, at most. */
const GROUP_LIMIT = 500;
/** Units that wait, at most: beyond it the server is away, or far too slow, and memory must not grow for ever. */
const QUEUE_LIMIT = 50_000;
/** Pauses between tries, in milliseconds. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 3_000;
/** A unit that the server gave up on this often (deadlocks, timeouts) fails by itself. */
const TRIES = 5;

interface Pending {
  readonly calls: readonly Call<unknown>[];
  readonly resolve: (results: readonly unknown[]) => void;
  readonly reject: (error: Error) => void;
}

export interface WriterOptions {
  readonly url: string;
  readonly operations: ReadonlyMap<string, AnyOperation>;
  readonly outages: OutageWatch;
  /** The database is not what this process left it as; every pending and further write fails. */
  readonly onFatal: (error: Error) => void;
  /** Ends the wait for a server that is away at the start. */
  readonly signal: AbortSignal;
  /** A connection is given up after so many milliseconds without an answer. */
  readonly answerTimeoutMs: number;
}

export class PostgresWriter {
  readonly #options: WriterOptions;
  readonly #history = new WriterHistory();
  readonly #stopping: AbortSignal;
  #connection: WriterConnection | null = null;
  #queue: Pending[] = [];
  #working = false;
  #reconnecting: Promise<WriterConnection> | null = null;
  #state: 'opening' | 'open' | 'closing' | 'dead' = 'opening';
  #drained: (() => void) | undefined;

  private constructor(options: WriterOptions) {
    this.#options = options;
    this.#stopping = AbortSignal.any([options.signal, options.outages.stopping]);
  }

  /**
   * Connects, waiting for a server that is away.
   *
   * @param prepare carried out on the first connection before anything is written
   * @throws WabError WAB_DATABASE_UNUSABLE, WAB_DATABASE_IN_USE, WAB_SHUTTING_DOWN; what `prepare` throws
   */
  static async open(
    options: WriterOptions,
    prepare: (connection: WriterConnection) => Promise<void>,
  ): Promise<PostgresWriter> {
    const writer = new PostgresWriter(options);
    try {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = await writer.#pause(pauseMs)) {
        const connection = await writer.#connect(true);
        try {
          await prepare(connection);
          writer.#history.committed = await connection.lastGroup();
          writer.#state = 'open';
          return writer;
        } catch (error) {
          if (kindOf(error) === 'own' || isHopeless(error)) throw unusable(error, options.outages.server);
          await writer.#drop(error);
        }
      }
    } catch (error) {
      await writer.#connection?.close();
      throw error;
    }
  }

  /** @returns the results of the calls, once they are on disk */
  submit(calls: readonly Call<unknown>[]): Promise<readonly unknown[]> {
    if (this.#state !== 'open') return Promise.reject(new WabError('WAB_SHUTTING_DOWN'));
    const { outage, stopping, server } = this.#options.outages;
    if (outage && stopping.aborted) return Promise.reject(new WabError('WAB_SHUTTING_DOWN'));
    if (this.#queue.length >= QUEUE_LIMIT)
      return Promise.reject(
        new WabError('WAB_DATABASE_UNAVAILABLE', { reason: outage?.reason ?? `${server} is too slow` }),
      );
    return new Promise((resolve, reject) => {
      // A copy, as another thread would get: the caller may go on changing what it handed over. What cannot be copied
      // rejects here.
      this.#queue.push({ calls: structuredClone(calls), resolve, reject });
      // Gathers what this turn of the event loop submits, so that it shares a commit.
      if (!this.#working) {
        this.#working = true;
        queueMicrotask(() => void this.#work());
      }
    });
  }

  /** Finishes what was submitted, unless the server is away, and closes the connection. */
  async close(): Promise<void> {
    if (this.#state === 'dead') return;
    this.#state = 'closing';
    if (this.#working) await new Promise<void>((resolve) => (this.#drained = resolve));
    await this.#connection?.close();
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0 && this.#state !== 'dead') await this.#carryOut(this.#queue.splice(0, GROUP_LIMIT));
    this.#working = false;
    this.#drained?.();
  }

  async #carryOut(group: readonly Pending[]): Promise<void> {
    const units = group.map(({ calls }) => calls);
    let pauseMs = FIRST_PAUSE_MS;
    try {
      for (let tries = 1; ; tries++) {
        const outcomes = await this.#try(units, tries);
        if (outcomes) return settle(group, outcomes);
        pauseMs = await this.#pause(pauseMs);
      }
    } catch (error) {
      const reason = explainServerFailure(error as Error);
      for (const { reject } of group) reject(reason);
    }
  }

  /** @returns null where the group is to be carried out again. @throws what all its units fail with */
  async #try(units: readonly (readonly Call<unknown>[])[], tries: number): Promise<readonly UnitOutcome[] | null> {
    const connection = await this.#ready();
    try {
      const outcomes = await connection.commit(units);
      this.#options.outages.end('writes');
      return outcomes;
    } catch (error) {
      if (error instanceof CommitInDoubtError) return await this.#settleDoubt(error);
      const kind = kindOf(error);
      if (kind === 'lost') await this.#drop(error);
      else if (kind !== 'again') throw error;
      else if (tries >= TRIES) {
        const reason = `${this.#options.outages.server}: ${problemOf(error)}`;
        throw new WabError('WAB_DATABASE_UNAVAILABLE', { reason }, { cause: error });
      }
      return null;
    }
  }

  /** @returns the outcomes if the commit that was not answered took place, else null */
  async #settleDoubt(doubt: CommitInDoubtError): Promise<readonly UnitOutcome[] | null> {
    await this.#drop(doubt);
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = await this.#pause(pauseMs)) {
      // It has the lock, so the connection of the commit is gone, and what it did is decided.
      const connection = await this.#ready();
      try {
        if ((await connection.lastGroup()) !== doubt.groupId) return null;
        this.#history.committed = doubt.groupId;
        return doubt.outcomes;
      } catch (error) {
        if (kindOf(error) === 'own') throw error;
        await this.#drop(error);
      }
    }
  }

  /**
   * A connection that was not lost, however long that takes.
   *
   * @throws WabError WAB_SHUTTING_DOWN, WAB_DATABASE_IN_USE, WAB_DATABASE_CHANGED
   */
  async #ready(): Promise<WriterConnection> {
    if (this.#connection && !this.#connection.isLost) return this.#connection;
    this.#reconnecting ??= this.#connect(false).finally(() => (this.#reconnecting = null));
    return await this.#reconnecting;
  }

  /** @param isStart what cannot heal by itself is an error then, and waited for later: an operator may mend it */
  async #connect(isStart: boolean): Promise<WriterConnection> {
    const { outages, operations, url, answerTimeoutMs } = this.#options;
    const onSlow = (isSlow: boolean): void =>
      isSlow ? outages.begin('writes', 'it takes long to answer') : outages.end('writes');
    const onLost = (error: Error): void => this.#lost(error);
    const { server } = outages;
    const options = { url, server, operations, onSlow, onLost, answerTimeoutMs, signal: this.#stopping };
    await this.#connection?.close('at once');
    this.#connection = null;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = await this.#pause(pauseMs)) {
      if (this.#stopping.aborted) throw new WabError('WAB_SHUTTING_DOWN');
      try {
        this.#connection = await WriterConnection.open(options, this.#history);
        if (!isStart && !this.#history.explains(await this.#connection.lastGroup()))
          throw new WabError('WAB_DATABASE_CHANGED', { server: outages.server });
        outages.end('writes');
        return this.#connection;
      } catch (error) {
        if (error instanceof WabError) return await this.#giveUp(error, isStart);
        if (isStart && isHopeless(error)) throw unusable(error, outages.server);
        await this.#drop(error);
      }
    }
  }

  /** Another bridge has or had the database, or the server was replaced by one that does not fit: nothing to wait for. */
  async #giveUp(error: WabError, isStart: boolean): Promise<never> {
    await this.#connection?.close();
    this.#connection = null;
    if (!isStart && error.code !== 'WAB_SHUTTING_DOWN') {
      this.#state = 'dead';
      for (const { reject } of this.#queue.splice(0)) reject(error);
      this.#options.onFatal(error);
    }
    throw error;
  }

  /** Noticed while there was nothing to write, too: reconnects, so that the outage ends when the server is back. */
  #lost(error: Error): void {
    if (this.#state !== 'open') return;
    this.#options.outages.begin('writes', problemOf(error));
    if (!this.#working) void this.#ready().catch(() => undefined);
  }

  async #drop(error: unknown): Promise<void> {
    this.#options.outages.begin('writes', problemOf(error));
    const connection = this.#connection;
    this.#connection = null;
    await connection?.close('at once');
  }

  /** Waits, and says how long the next time. @throws WabError WAB_SHUTTING_DOWN */
  #pause(ms: number): Promise<number> {
    return growingPause(ms, LONGEST_PAUSE_MS, this.#stopping);
  }
}

function settle(group: readonly Pending[], outcomes: readonly UnitOutcome[]): void {
  group.forEach(({ resolve, reject }, index) => {
    const outcome = outcomes[index]!;
    if ('error' in outcome) reject(outcome.error);
    else resolve(outcome.results);
  });
}

function unusable(error: unknown, server: string): unknown {
  return isHopeless(error)
    ? new WabError('WAB_DATABASE_UNUSABLE', { server, reason: problemOf(error) }, { cause: error })
    : explainServerFailure(error as Error);
}
