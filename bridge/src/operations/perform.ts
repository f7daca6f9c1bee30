/** Carries out an operation of the catalogue for whatever surface asks for it. */
import type { Principal } from '../auth/keys.ts';
import type { Operation } from '../contract/operation.ts';
import type { AnyOperation } from '../contract/operations/operations.ts';
import type { Handler, Handlers } from './handler.ts';

/**
 * @param input as its schema has it; a surface validates before it calls this
 * @throws WabError one of those that the definition names
 */
export async function perform(
  handlers: Handlers,
  operation: AnyOperation,
  input: Readonly<Record<string, unknown>>,
  principal: Principal,
): Promise<unknown> {
  // The handler of this very operation, whose type nobody can follow through a loop over all of them.
  const handler = handlers[operation.id] as unknown as Handler<Operation>;
  return handler(input, principal);
}
