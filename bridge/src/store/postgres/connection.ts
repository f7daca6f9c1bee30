/** A connection as Kysely and the rest of this folder use it: statements, prepared once and carried out many times. */
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import type { Client, QueryArrayResult, QueryConfig } from 'pg';
import { portable } from '../portable.ts';
import type { DirectConnection } from '../prepared.ts';
import { asFailure } from './failures.ts';

/** Statements kept prepared per connection. The server never forgets one, and lists in `in (…)` make variants. */
const PREPARED_LIMIT = 300;

/** What a client, or a pool of them, can do. */
interface Queryable {
  query(query: QueryConfig): Promise<Answer>;
}
type Answer = Pick<QueryArrayResult, 'command' | 'rowCount'> & { readonly rows: unknown[] };

/** Names of prepared statements, the same on every connection. */
export class StatementNames {
  readonly #names = new Map<string, string>();

  /** Undefined for a statement that is to be parsed each time. */
  of(sql: string): string | undefined {
    const known = this.#names.get(sql);
    if (known !== undefined || this.#names.size >= PREPARED_LIMIT) return known;
    const name = `s${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }
}

export class PostgresConnection implements DatabaseConnection, DirectConnection {
  readonly #target: Queryable;
  readonly #names: StatementNames;

  constructor(target: Queryable | Client, names = new StatementNames()) {
    this.#target = target;
    this.#names = names;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    return (await this.execute(sql, parameters)) as QueryResult<R>;
  }

  /** @throws ConnectionLostError, or the server's refusal */
  async execute(sql: string, parameters: readonly unknown[]): Promise<QueryResult<unknown>> {
    const name = this.#names.of(sql);
    const values = parameters.map(portable);
    const { rows, rowCount, command } = await this.#send({
      text: sql,
      values,
      ...(name === undefined ? {} : { name }),
    });
    const changes = command === 'SELECT' || rowCount === null ? {} : { numAffectedRows: BigInt(rowCount) };
    return { rows, ...changes };
  }

  /**
   * Statements without parameters, one or several.
   *
   * @returns the tag of the last one, such as COMMIT
   */
  async run(sql: string): Promise<string> {
    const answer: Answer | Answer[] = await this.#send({ text: sql });
    return (Array.isArray(answer) ? (answer.at(-1) as Answer) : answer).command;
  }

  // eslint-disable-next-line require-yield
  async *streamQuery(): AsyncIterableIterator<never> {
    throw new Error('Nothing here reads in a stream');
  }

  async #send(query: QueryConfig): Promise<Answer> {
    try {
      return await this.#target.query(query);
    } catch (error) {
      throw asFailure(error);
    }
  }
}

/** Ends a connection without a word to the server, which may be beyond hearing it. Its work in progress fails. */
export function destroy(client: Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
