/** The operations of the catalogue by who carries them out. */
import { goesThroughOutbox, isAskedAtOnce } from '../operation.ts';
import { OPERATIONS, type AnyOperation } from './operations.ts';

/** Operations that the outbox promises, and an engine carries out. */
export type OutboxOperation = Extract<AnyOperation, { readonly via: { readonly outbox: string } }>;
/** Operations for which an engine is asked at once. */
export type DirectOperation = Extract<AnyOperation, { readonly via: { readonly engine: number } }>;
/** All that an engine carries out. */
export type EngineOperation = OutboxOperation | DirectOperation;
export type EngineOperationId = EngineOperation['id'];

export const isOutboxOperation = (operation: AnyOperation): operation is OutboxOperation =>
  goesThroughOutbox(operation);
export const isDirectOperation = (operation: AnyOperation): operation is DirectOperation => isAskedAtOnce(operation);

export const ENGINE_OPERATIONS: readonly EngineOperation[] = OPERATIONS.filter(
  (operation) => isOutboxOperation(operation) || isDirectOperation(operation),
);
const BY_ID = Object.fromEntries(ENGINE_OPERATIONS.map((operation) => [operation.id, operation])) as {
  readonly [Defined in EngineOperation as Defined['id']]: Defined;
};

export const engineOperation = <Id extends EngineOperationId>(id: Id): (typeof BY_ID)[Id] => BY_ID[id];

/** An operation by the id under which it was stored; undefined for one that this version does not have. */
export function outboxOperation(id: string): OutboxOperation | undefined {
  const operation = Object.hasOwn(BY_ID, id) ? BY_ID[id as EngineOperationId] : undefined;
  return operation && isOutboxOperation(operation) ? operation : undefined;
}
