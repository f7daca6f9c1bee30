/**
 * Carries out units of work in the order of their submission, as many as wait in one transaction (group commit), each
 * behind its own savepoint so that a failure rolls back nobody else.
 */
import { Kysely, type Transaction } from 'kysely';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { AnyOperation } from '../operations.ts';
import { runDirectly } from '../prepared.ts';
import type { Schema } from '../schema.ts';
import { serializeError, primaryCode } from './serialized-error.ts';
import { NodeSqliteDialect } from './dialect.ts';
import type { Outcome, Unit } from './protocol.ts';

/** A commit failed with an I/O error: what is on disk is unknown until the database is opened again. */
export class CommitInDoubtError extends Error {
  override readonly name = 'CommitInDoubtError';
}

const IN_DOUBT = new Set([10 /* SQLITE_IOERR */, 11 /* SQLITE_CORRUPT */, 26 /* SQLITE_NOTADB */]);

export class GroupWriter {
  readonly #database: DatabaseSync;
  readonly #operations: ReadonlyMap<string, AnyOperation>;
  readonly #transaction: Transaction<Schema>;
  readonly #control: Readonly<Record<'begin' | 'commit' | 'savepoint' | 'release' | 'rollbackTo', StatementSync>>;

  private constructor(
    database: DatabaseSync,
    operations: ReadonlyMap<string, AnyOperation>,
    transaction: Transaction<Schema>,
  ) {
    this.#database = database;
    this.#operations = operations;
    this.#transaction = transaction;
    this.#control = {
      begin: database.prepare('BEGIN IMMEDIATE'),
      commit: database.prepare('COMMIT'),
      savepoint: database.prepare('SAVEPOINT unit'),
      release: database.prepare('RELEASE unit'),
      rollbackTo: database.prepare('ROLLBACK TO unit'),
    };
  }

  static async create(database: DatabaseSync, operations: ReadonlyMap<string, AnyOperation>): Promise<GroupWriter> {
    const dialect = new NodeSqliteDialect(database, 'outside');
    const transaction = await new Kysely<Schema>({ dialect }).startTransaction().execute();
    runDirectly(transaction, dialect.connection);
    return new GroupWriter(database, operations, transaction);
  }

  /**
   * Carries out a group and commits it.
   *
   * @returns the outcome of every unit, in order; what succeeded is on disk
   * @throws CommitInDoubtError
   */
  async commit(units: readonly Unit[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = [];
    try {
      this.#control.begin.run();
      for (const unit of units) outcomes.push(await this.#carryOut(unit));
      this.#control.commit.run();
      return outcomes;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      const serialized = serializeError(error);
      if (IN_DOUBT.has(primaryCode(serialized.errcode))) {
        throw new CommitInDoubtError(`The database cannot be written: ${serialized.message}`, { cause: error });
      }
      // Units that failed by themselves keep their own reason; all others failed with the group.
      return units.map((unit, index) => {
        const outcome = outcomes[index];
        return outcome && 'error' in outcome ? outcome : { id: unit.id, error: serialized };
      });
    }
  }

  /** @throws what makes the whole group fail: SQLite ended the transaction by itself (disk full, I/O error) */
  async #carryOut(unit: Unit): Promise<Outcome> {
    this.#control.savepoint.run();
    try {
      const results = await this.#runAll(unit);
      this.#control.release.run();
      return { id: unit.id, results };
    } catch (error) {
      if (!this.#database.isTransaction) throw error;
      this.#control.rollbackTo.run();
      this.#control.release.run();
      return { id: unit.id, error: serializeError(error) };
    }
  }

  async #runAll(unit: Unit): Promise<readonly unknown[]> {
    const results: unknown[] = [];
    for (const call of unit.calls) {
      const operation = this.#operations.get(call.operation);
      if (!operation) throw new Error(`No operation is named ${call.operation}; is it listed in operations.ts?`);
      const result: unknown = await operation.run(this.#transaction, call.args);
      results.push(result);
      if (operation.endsUnit?.(result)) break;
    }
    return results;
  }
}
