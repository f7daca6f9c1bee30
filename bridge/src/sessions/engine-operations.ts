/** Operations that are over in a moment: the engine is asked once, at once; nothing is stored or repeated. */
import { WabError } from '../contract/errors.ts';
import { type AnyInput, checkFields, recipientOf } from '../contract/field-checks.ts';
import type { SessionName } from '../contract/ids.ts';
import type { DirectOperation, EngineOperation } from '../contract/operations/by-carrier.ts';
import { type Engine, EngineError } from '../engine/engine.ts';
import { engineInputOf } from '../engine/engine-operations.ts';
import { inAnyForm } from '../engine/number-forms.ts';
import { parseChatId } from '../contract/whatsapp-id.ts';
import type { Clock } from '../ops/clock.ts';
import { within } from '../ops/deadline.ts';
import { reasonOf } from '../ops/reason.ts';

const HINT = 'This request cannot be queued; repeat it when the session is ready.';

export interface OperationTarget {
  readonly name: SessionName;
  readonly state: string;
  /** Name of its engine, and the ids of what that can do. */
  readonly engine: string;
  readonly supports: readonly string[];
  /** The engine, while the session is ready. */
  readonly ready: Engine | null;
}

/** @throws WabError WAB_OPERATION_UNSUPPORTED if the engine of a session cannot do it */
export function requireOperation(
  { name: session, engine, supports }: Pick<OperationTarget, 'name' | 'engine' | 'supports'>,
  { id: operation }: EngineOperation,
): void {
  if (!supports.includes(operation)) throw new WabError('WAB_OPERATION_UNSUPPORTED', { engine, session, operation });
}

/**
 * @param input valid by its schema
 * @throws WabError those that the definition names
 */
export async function performAtOnce(
  target: OperationTarget,
  operation: DirectOperation,
  input: AnyInput,
  clock: Clock,
): Promise<unknown> {
  requireOperation(target, operation);
  const { name: session, state, ready } = target;
  checkFields(operation, input);
  if (!ready) throw new WabError('WAB_SESSION_NOT_READY', { session, state, hint: HINT });
  const chatId = parseChatId(recipientOf(operation, input));
  try {
    // An engine that throws instead of rejecting is an engine that failed.
    const running = Promise.resolve().then(() =>
      inAnyForm(chatId, (form) =>
        ready.perform(operation.id, engineInputOf(operation, input, { chatId: form, file: null })),
      ),
    );
    return await within(running, operation.via.engine, 'the answer from WhatsApp', clock);
  } catch (error) {
    throw refusalOf(error, session);
  }
}

function refusalOf(cause: unknown, session: SessionName): WabError {
  const reason = reasonOf(cause);
  if (!(cause instanceof EngineError) || cause.outcome === 'unknown')
    return new WabError('WAB_OPERATION_FAILED', { session, reason }, { cause });
  if (cause.code === 'WAB_SESSION_NOT_READY')
    return new WabError(cause.code, { session, state: 'not connected', hint: HINT }, { cause });
  const code = cause.outcome === 'defer' ? 'WAB_OPERATION_FAILED' : cause.code;
  return new WabError(code, { session, reason }, { cause });
}
