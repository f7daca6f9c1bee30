/** Carries out an operation of the catalogue for whatever surface asks for it. */
import type { TSchema } from 'typebox';
import type { Principal } from '../auth/keys.ts';
import { requireSession } from '../auth/permissions.ts';
import { roleOf } from '../contract/fields.ts';
import type { Operation } from '../contract/operation.ts';
import type { AnyOperation } from '../contract/operations/operations.ts';
import type { CallOptions, Handler, Handlers } from './handler.ts';

/**
 * @param input as its schema has it; a surface validates before it calls this
 * @throws WabError WAB_SESSION_NOT_ALLOWED, and those that the definition names
 */
export async function perform(
  handlers: Handlers,
  operation: AnyOperation,
  input: Readonly<Record<string, unknown>>,
  principal: Principal,
  options: CallOptions = {},
): Promise<unknown> {
  checkReferences(operation, input, principal);
  // The handler of this very operation, whose type nobody can follow through a loop over all of them.
  const handler = handlers[operation.id] as unknown as Handler<Operation>;
  return handler(input, principal, options);
}

/**
 * Checks what the fields of an input refer to, for an operation of any catalogue.
 *
 * @throws WabError WAB_SESSION_NOT_ALLOWED
 */
export function checkReferences(
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
  principal: Principal,
): void {
  const properties: Readonly<Record<string, TSchema>> = operation.input.properties;
  for (const [name, schema] of Object.entries(properties))
    if (roleOf(schema) === 'session' && input[name] !== undefined) requireSession(principal, input[name] as string);
}
