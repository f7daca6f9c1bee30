/** The operations that the node offers: derived from the table of operations, and a few that are written by hand. */
import { OPERATIONS } from '../shared/operations.generated';
import { nodeOperation, type NodeOperation } from './operations/node-operation';
import type { OperationTable, OperationWords } from './operations/overlay';
import { OFFERED_BY_HAND, OVERLAYS, WRITTEN_BY_HAND } from './overlays/overlays';

/**
 * An operation of the table that has no overlay is offered in the words of its definition.
 *
 * @returns by resource and name, as the editor lists them
 */
export function offeredOperations(table: OperationTable = OPERATIONS): readonly NodeOperation[] {
  const words = OVERLAYS as Readonly<Record<string, OperationWords | undefined>>;
  const derived = Object.entries(table)
    .filter(([id]) => !(OFFERED_BY_HAND as readonly string[]).includes(id))
    .map(([id, entry]) => nodeOperation(id, entry, words[id]));
  return [...derived, ...WRITTEN_BY_HAND].sort(
    (a, b) => a.resource.localeCompare(b.resource) || a.name.localeCompare(b.name),
  );
}
