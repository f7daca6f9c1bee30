/** A database of PostgreSQL that is copied, or copied into. A server that goes away ends the copy, which can go on later. */
import pg from 'pg';
import { WabError } from '../../contract/errors.ts';
import type { CopiedTable } from '../copy/copied-tables.ts';
import type { CopiedRow, CopySide } from '../copy/copy-side.ts';
import { quoted } from '../copy/table-rows.ts';
import { portable } from '../portable.ts';
import { connectionSettings, describeServer } from './connection-settings.ts';
import { PostgresConnection } from './connection.ts';
import { asFailure, explainServerFailure, kindOf, problemOf } from './failures.ts';
import { appliedMigrations, migrate } from './migrate.ts';
import { PostgresQueries } from './queries.ts';
import { prepareSession, takeLock } from './writer-session.ts';

/** Counting and emptying a large table takes longer than what a bridge does, in milliseconds. */
const STATEMENT_MS = 3_600_000;

export class PostgresCopySide extends PostgresQueries implements CopySide {
  readonly name: string;
  readonly #client: pg.Client;

  private constructor(client: pg.Client, connection: PostgresConnection, name: string) {
    super(connection);
    this.#client = client;
    this.name = name;
  }

  /**
   * Connects, and takes the lock that a bridge holds while it runs.
   *
   * @throws WabError WAB_DATABASE_UNUSABLE, WAB_DATABASE_IN_USE, WAB_CONFIG_INVALID
   */
  static async open(url: string, name: string): Promise<PostgresCopySide> {
    const server = describeServer(url);
    const client = new pg.Client(connectionSettings(url, 'writer'));
    // What is under way fails by itself.
    client.on('error', () => undefined);
    const connection = new PostgresConnection(client);
    try {
      await client.connect().catch((error: unknown) => {
        throw asFailure(error);
      });
      await prepareSession(connection, server);
      await takeLock(connection, server, [], new AbortController().signal);
      await connection.run(`SET statement_timeout = ${STATEMENT_MS}`);
      return new PostgresCopySide(client, connection, name);
    } catch (error) {
      await client.end().catch(() => undefined);
      if (error instanceof WabError) throw error;
      throw new WabError('WAB_DATABASE_UNUSABLE', { server, reason: problemOf(error) }, { cause: error });
    }
  }

  override query<Row>(sql: string, parameters: readonly unknown[] = []): Promise<readonly Row[]> {
    return this.#explained(() => super.query<Row>(sql, parameters));
  }

  async transaction(work: () => Promise<void>): Promise<void> {
    await this.#run('BEGIN');
    try {
      await work();
      const tag = await this.#run('COMMIT');
      if (tag !== 'COMMIT') throw new Error(`PostgreSQL answered COMMIT with ${tag}`);
    } catch (error) {
      await this.connection.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  }

  appliedMigrations(): Promise<readonly string[]> {
    return this.#explained(() => appliedMigrations(this.connection));
  }

  async migrateTo(schema: string): Promise<void> {
    await this.#explained(() => migrate(this.connection, schema));
    await this.#run(`SET statement_timeout = ${STATEMENT_MS}`);
  }

  /** As one parameter, so that the statement is the same for any number of rows. */
  async insert({ name, columns }: CopiedTable, rows: readonly CopiedRow[]): Promise<void> {
    const values = rows.map((row) => Object.fromEntries(columns.map((column) => [column, portable(row[column])])));
    await this.query(
      `INSERT INTO "${name}" (${quoted(columns)})
       SELECT ${quoted(columns)} FROM json_populate_recordset(NULL::"${name}", ?::json)`,
      [JSON.stringify(values)],
    );
  }

  async lastNumber(table: CopiedTable): Promise<number> {
    const [row] = await this.query<{ last: number | null }>(`SELECT pg_sequence_last_value(${SEQUENCE}) AS last`, [
      ...sequenceOf(table),
    ]);
    return row?.last ?? 0;
  }

  async setLastNumber(table: CopiedTable, last: number): Promise<void> {
    await this.query(`SELECT setval(${SEQUENCE}, greatest(?::bigint, 1), ?::bigint > 0)`, [
      ...sequenceOf(table),
      last,
      last,
    ]);
  }

  async analyze(): Promise<void> {
    await this.#run('ANALYZE');
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }

  #run(sql: string): Promise<string> {
    return this.#explained(() => this.connection.run(sql));
  }

  async #explained<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      const kind = kindOf(error);
      if (kind !== 'lost' && kind !== 'again') throw explainServerFailure(error as Error);
      const reason = `${this.name}: ${problemOf(error)}`;
      throw new WabError('WAB_DATABASE_COPY_STOPPED', { reason }, { cause: error });
    }
  }
}

/** The sequence behind a column that numbers the rows; parameters are those of `sequenceOf`. */
const SEQUENCE = 'pg_get_serial_sequence(?, ?)::regclass';
const sequenceOf = ({ name, key }: CopiedTable): readonly string[] => [`"${name}"`, key[0]!];
