/** The connections that read, none of which can write. They see what is committed. A read waits for a server that is away. */
import type { CompiledQuery, DatabaseConnection, Kysely, QueryResult } from 'kysely';
import pg from 'pg';
import { WabError } from '../../contract/errors.ts';
import type { Schema } from '../schema.ts';
import { PostgresConnection } from './connection.ts';
import { connectionSettings } from './connection-settings.ts';
import { kyselyOver } from './dialect.ts';
import { explainServerFailure, isReadOnlyRefusal, kindOf, problemOf } from './failures.ts';
import type { OutageWatch } from './outage-watch.ts';
import { growingPause } from './pause.ts';

const CONNECTIONS = 4;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** A read that the server gave up on this often (timeouts) fails. */
const TRIES = 3;

export class PostgresReader implements DatabaseConnection {
  readonly kysely: Kysely<Schema>;
  readonly #pool: pg.Pool;
  readonly #connection: PostgresConnection;
  readonly #outages: OutageWatch;
  #closed = false;

  /** @param answerTimeoutMs a connection is given up after so long without an answer */
  constructor(url: string, outages: OutageWatch, answerTimeoutMs: number) {
    this.#outages = outages;
    this.#pool = new pg.Pool({
      ...connectionSettings(url, 'reader'),
      query_timeout: answerTimeoutMs,
      max: CONNECTIONS,
    });
    // A connection that is lost while nobody uses it is replaced at its next use.
    this.#pool.on('error', () => undefined);
    this.#connection = new PostgresConnection(this.#pool);
    this.kysely = kyselyOver<Schema>(this, 'outside');
  }

  /** @throws WabError WAB_SHUTTING_DOWN, WAB_DATABASE_UNAVAILABLE; the server's refusal */
  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    let wasAway = false;
    for (let tries = 1, pauseMs = FIRST_PAUSE_MS; ; pauseMs = await this.#pause(pauseMs)) {
      try {
        const result = await this.#connection.executeQuery<R>(query);
        if (wasAway) this.#outages.end('reads');
        return result;
      } catch (error) {
        if (this.#closed) throw new WabError('WAB_SHUTTING_DOWN');
        // A server that only reads is good enough here, so who tried to write has no business here.
        const kind = isReadOnlyRefusal(error) ? 'own' : kindOf(error);
        if (kind !== 'lost' && kind !== 'again') throw explainServerFailure(error as Error);
        if (kind === 'lost') {
          wasAway = true;
          this.#outages.begin('reads', problemOf(error));
        } else if (tries++ >= TRIES) {
          const reason = `${this.#outages.server}: ${problemOf(error)}`;
          throw new WabError('WAB_DATABASE_UNAVAILABLE', { reason }, { cause: error });
        }
      }
    }
  }

  // eslint-disable-next-line require-yield
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('Nothing here reads in a stream');
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool.end();
  }

  #pause(ms: number): Promise<number> {
    return growingPause(ms, LONGEST_PAUSE_MS, this.#outages.stopping);
  }
}
