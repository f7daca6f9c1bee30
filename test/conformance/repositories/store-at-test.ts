/** The store that the checks look at: one database for a whole file, empty before each check. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import type { Database } from '../../../bridge/src/store/database.ts';
import { MediaReads } from '../../../bridge/src/store/media.repository.ts';
import type { Call } from '../../../bridge/src/store/operation.ts';
import { operations } from '../../../bridge/src/store/operations.ts';
import { OutboxReads } from '../../../bridge/src/store/outbox-reads.repository.ts';
import type { Schema } from '../../../bridge/src/store/schema.ts';

export interface StoreSubject {
  /** Opens the database that belongs to a data folder. */
  open(dataDir: string): Promise<Database>;
  /** Carries out statements on that database by a connection of its own. */
  execute(dataDir: string, sql: string): Promise<void>;
}

/** Referring tables before those that they refer to. */
const EMPTIED: Readonly<Record<Exclude<keyof Schema, 'log_meta'>, true>> = {
  auth_keys: true,
  auth_nonces: true,
  event_payloads: true,
  events: true,
  event_dedupe: true,
  media: true,
  outbox: true,
  outbox_idempotency: true,
  sessions: true,
  stream_positions: true,
  subscriptions: true,
  stream_dead_letters: true,
};
const EMPTY = `${Object.keys(EMPTIED)
  .map((table) => `DELETE FROM ${table};`)
  .join(' ')} UPDATE log_meta SET horizon = 0`;

const STORE = new URL('../../../bridge/src/store/', import.meta.url);

export class StoreAtTest {
  readonly #subject: StoreSubject;
  /** Names of operations, and functions that read. */
  readonly #carriedOut = new Set<unknown>();
  #folder = '';
  #database: Database | undefined;

  constructor(subject: StoreSubject) {
    this.#subject = subject;
  }

  /** Before the first check. */
  readonly open = async (): Promise<void> => {
    this.#folder = mkdtempSync(join(tmpdir(), 'wabridge-store-'));
    this.#database = await this.#subject.open(this.#folder);
  };

  /** Before each check. */
  readonly empty = (): Promise<void> => this.#subject.execute(this.#folder, EMPTY);

  /** After the last check, also if `open` failed half-way. */
  readonly close = async (): Promise<void> => {
    await this.#database?.close();
    rmSync(this.#folder, { recursive: true, force: true });
  };

  get reader(): Kysely<Schema> {
    return this.#opened.reader;
  }

  /** As the database's own, and notes the operations that succeeded. */
  readonly write = (async (work: Call<unknown> | readonly Call<unknown>[]): Promise<unknown> => {
    const results: unknown = await this.#opened.write(work as Call<unknown>);
    for (const { operation } of [work].flat()) this.#carriedOut.add(operation);
    return results;
  }) as Database['write'];

  /** Each call as a unit of its own, all submitted at once, so that they share a commit. */
  readonly together = <R>(calls: readonly Call<R>[]): Promise<PromiseSettledResult<R>[]> =>
    Promise.allSettled(calls.map((call) => this.write(call)));

  /** The function, noting that it was called. */
  readonly use =
    <A extends unknown[], R>(part: (...args: A) => R) =>
    (...args: A): R => {
      this.#carriedOut.add(part);
      return part(...args);
    };

  readonly read = <A extends unknown[], R>(part: (db: Kysely<Schema>, ...args: A) => R, ...args: A): R =>
    this.use(part)(this.reader, ...args);

  get outbox(): OutboxReads {
    return this.#noting(new OutboxReads(this.reader));
  }

  get media(): MediaReads {
    return this.#noting(new MediaReads(this.reader));
  }

  /** Operations and exported reads of the store that no check has carried out. */
  async unproven(): Promise<readonly string[]> {
    const missing = new Set([...operations.keys()].filter((name) => !this.#carriedOut.has(name)));
    for (const file of readdirSync(STORE).filter((name) => name.endsWith('.repository.ts'))) {
      const exported = (await import(new URL(file, STORE).href)) as Readonly<Record<string, unknown>>;
      for (const [name, part] of Object.entries(exported)) {
        if (typeof part === 'function')
          for (const [what, carriedOut] of partsOf(name, part))
            if (!this.#carriedOut.has(carriedOut)) missing.add(what);
      }
    }
    return [...missing];
  }

  #noting<Reads extends object>(reads: Reads): Reads {
    return new Proxy(reads, {
      get: (target, name) => {
        const method = Reflect.get(target, name, target) as (...args: unknown[]) => unknown;
        return (...args: unknown[]) => {
          this.#carriedOut.add(method);
          return Reflect.apply(method, target, args);
        };
      },
    });
  }

  get #opened(): Database {
    if (this.#database === undefined) throw new Error('the database is not open');
    return this.#database;
  }
}

/** What an exported function consists of, by name: an operation, the methods of a class, or itself. */
function partsOf(name: string, part: object): readonly (readonly [string, unknown])[] {
  if ('operationName' in part) return [[part.operationName as string, part.operationName]];
  const prototype = (part as { prototype?: object }).prototype ?? {};
  const methods = Object.entries(Object.getOwnPropertyDescriptors(prototype)).filter(([key]) => key !== 'constructor');
  return methods.length === 0
    ? [[name, part]]
    : methods.map(([method, { value }]) => [`${name}.${method}`, value as unknown] as const);
}
