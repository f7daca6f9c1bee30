/** Every write operation the writer knows. Each domain exports a list from `<domain>.repository.ts`. */
import type { Operation } from './operation.ts';
import { authOperations } from './auth.repository.ts';
import { deadLetterOperations } from './dead-letters.repository.ts';
import { eventOperations } from './events.repository.ts';
import { mediaOperations } from './media.repository.ts';
import { outboxOperations } from './outbox.repository.ts';
import { sessionOperations } from './sessions.repository.ts';
import { streamOperations } from './stream.repository.ts';
import { readinessOperations } from './readiness.repository.ts';
// To add a domain: one import line here …

// Operations differ in argument and result; the writer looks them up by name and passes on what was submitted.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyOperation = Operation<any, any>;

const LISTS: readonly (readonly AnyOperation[])[] = [
  authOperations,
  deadLetterOperations,
  eventOperations,
  mediaOperations,
  outboxOperations,
  sessionOperations,
  streamOperations,
  readinessOperations,
  // … and one line here.
];

/** @throws Error if two operations have the same name */
export function byName(lists: readonly (readonly AnyOperation[])[]): ReadonlyMap<string, AnyOperation> {
  const known = new Map<string, AnyOperation>();
  for (const operation of lists.flat()) {
    if (known.has(operation.operationName)) throw new Error(`Two operations are named ${operation.operationName}`);
    known.set(operation.operationName, operation);
  }
  return known;
}

export const operations = byName(LISTS);
