/** The type of what carries an operation out, which follows from its definition. */
import type { Principal } from '../auth/keys.ts';
import type { InputOf, Operation, ResultOf } from '../contract/operation.ts';
import type { AnyOperation } from '../contract/operations/operations.ts';

/**
 * @param input valid
 * @param principal who asks; its scope was checked
 * @throws WabError one of those that the definition names
 */
export type Handler<Defined extends Operation> = (
  input: InputOf<Defined>,
  principal: Principal,
) => ResultOf<Defined> | Promise<ResultOf<Defined>>;

/** One handler for each operation of the catalogue. */
export type Handlers = { readonly [Defined in AnyOperation as Defined['id']]: Handler<Defined> };

/** One handler for each operation of a resource. */
export type HandlersOf<Resource extends string> = Pick<Handlers, Extract<keyof Handlers, `${Resource}.${string}`>>;
