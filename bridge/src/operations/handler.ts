/** The type of what carries an operation out, which follows from its definition. */
import type { Principal } from '../auth/keys.ts';
import type { InputOf, Operation, ResultOf } from '../contract/operation.ts';
import type { AnyOperation } from '../contract/operations/operations.ts';

/** What a request says besides the input. Only operations that go through the outbox take it. */
export interface CallOptions {
  /** Names what is meant: calls with the same key are carried out once. */
  readonly idempotencyKey?: string;
  /** Answer with the first message of the key even if the input differs. */
  readonly firstAnswer?: boolean;
  /** Answer once the outcome is known, at the latest after this many milliseconds. */
  readonly waitMs?: number;
}

/**
 * @param input valid
 * @param principal who asks; its scope was checked
 * @throws WabError one of those that the definition names
 */
export type Handler<Defined extends Operation> = (
  input: InputOf<Defined>,
  principal: Principal,
  options: CallOptions,
) => ResultOf<Defined> | Promise<ResultOf<Defined>>;

/** One handler for each operation of the catalogue. */
export type Handlers = { readonly [Defined in AnyOperation as Defined['id']]: Handler<Defined> };

/** One handler for each operation of a resource. */
export type HandlersOf<Resource extends string> = Pick<Handlers, Extract<keyof Handlers, `${Resource}.${string}`>>;
