/**
 * A write operation: a named function that runs inside the writer's transaction. Arguments and results cross a thread
 * boundary by structured clone, so they are plain data.
 */
import type { Transaction } from 'kysely';
import type { Schema } from './schema.ts';

declare const result: unique symbol;

/** An operation with its arguments, ready to be submitted, alone or together with others. */
export interface Call<R> {
  readonly operation: string;
  readonly args: unknown;
  readonly [result]?: R;
}

export type Results<Calls extends readonly Call<unknown>[]> = {
  -readonly [Index in keyof Calls]: Calls[Index] extends Call<infer R> ? R : never;
};

export interface Operation<A, R> {
  (args: A): Call<R>;
  readonly operationName: string;
  readonly run: (transaction: Transaction<Schema>, args: A) => Promise<R>;
  /** Where it says yes to the result, the calls after this one in the unit are not carried out (results: undefined). */
  readonly endsUnit?: ((result: R) => boolean) | undefined;
}

/**
 * Declares an operation. The writer finds it by `name`, so every operation is listed in `operations.ts`.
 *
 * @param name `<domain>.<verb>`, unique
 * @param run  must touch nothing but the transaction: no clock, no randomness, no other I/O (pass them as arguments)
 * @param endsUnit says from the result whether the rest of the unit is to be left out (a duplicate has no effects)
 */
export function defineOperation<A, R>(
  name: string,
  run: (transaction: Transaction<Schema>, args: A) => Promise<R>,
  endsUnit?: (result: R) => boolean,
): Operation<A, R> {
  return Object.assign((args: A): Call<R> => ({ operation: name, args }), { operationName: name, run, endsUnit });
}
