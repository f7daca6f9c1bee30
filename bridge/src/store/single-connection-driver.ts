/** A Kysely driver over the one connection that its opener made and will close. */
import { CompiledQuery, type DatabaseConnection, type Driver } from 'kysely';

/**
 * `kysely`: Kysely begins and commits. `outside`: the owner of the connection does (group commit), and a transaction object
 * of Kysely only stands for the one that is open.
 */
export type Transactions = 'kysely' | 'outside';

export class SingleConnectionDriver implements Driver {
  readonly #connection: DatabaseConnection;
  readonly #transactions: Transactions;
  readonly #begin: string;

  /** @param begin the statement that begins a transaction */
  constructor(connection: DatabaseConnection, transactions: Transactions, begin: string) {
    this.#connection = connection;
    this.#transactions = transactions;
    this.#begin = begin;
  }

  async init(): Promise<void> {}

  acquireConnection(): Promise<DatabaseConnection> {
    return Promise.resolve(this.#connection);
  }

  beginTransaction(): Promise<void> {
    return this.#control(this.#begin);
  }

  commitTransaction(): Promise<void> {
    return this.#control('commit');
  }

  rollbackTransaction(): Promise<void> {
    return this.#control('rollback');
  }

  async releaseConnection(): Promise<void> {}

  /** The connection belongs to its opener. */
  async destroy(): Promise<void> {}

  async #control(statement: string): Promise<void> {
    if (this.#transactions === 'kysely') await this.#connection.executeQuery(CompiledQuery.raw(statement));
  }
}
