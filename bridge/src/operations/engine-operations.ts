/** What engines carry out: promised by the outbox, or done at once. All of them alike, since the definition says the rest. */
import { WabError } from '../contract/errors.ts';
import type { OutboxId } from '../contract/ids.ts';
import type { ResultOf } from '../contract/operation.ts';
import {
  isDirectOperation,
  isOutboxOperation,
  type DirectOperation,
  type OutboxOperation,
} from '../contract/operations/by-carrier.ts';
import { OPERATIONS } from '../contract/operations/operations.ts';
import type { OutboxMessage } from '../contract/views/outbox-message.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { Handler, Handlers } from './handler.ts';

/** Operations that go through the outbox; each needs an idempotency key. */
export const sendHandlers = (outbox: Pick<Outbox, 'accept' | 'get'>): Pick<Handlers, OutboxOperation['id']> => {
  const accepts =
    (operation: OutboxOperation): Handler<OutboxOperation> =>
    async (input, { keyId, sessions }, { idempotencyKey, firstAnswer = false, waitMs = 0 }): Promise<OutboxMessage> => {
      if (idempotencyKey === undefined) throw new WabError('WAB_IDEMPOTENCY_KEY_MISSING');
      const { message, replayed } = await outbox.accept(operation, input, {
        keyId,
        sessions,
        idempotencyKey,
        firstAnswer,
      });
      const settled = waitMs > 0 ? await outbox.get(message.id as OutboxId, waitMs) : message;
      return { ...settled, replayed };
    };
  return byId(OPERATIONS.filter(isOutboxOperation), accepts);
};

/** Operations for which the session's engine is asked once, at once. */
export const directHandlers = (sessions: Pick<Sessions, 'perform'>): Pick<Handlers, DirectOperation['id']> => {
  const asks =
    (operation: DirectOperation): Handler<DirectOperation> =>
    async (input) =>
      sessions.perform(input.session, operation, input) as Promise<ResultOf<DirectOperation>>;
  return byId(OPERATIONS.filter(isDirectOperation), asks);
};

const byId = <Defined extends { readonly id: keyof Handlers }, Made>(
  operations: readonly Defined[],
  handlerOf: (operation: Defined) => Made,
): Pick<Handlers, Defined['id']> =>
  // Each handler takes any input, so also the one of its own operation.
  Object.fromEntries(operations.map((operation) => [operation.id, handlerOf(operation)])) as unknown as Pick<
    Handlers,
    Defined['id']
  >;
