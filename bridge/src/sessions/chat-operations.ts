/** Operations in a chat that are over in a moment: the engine is asked once, at once; nothing is stored or repeated. */
import { WabError } from '../contract/errors.ts';
import type { ChatId, SessionName } from '../contract/ids.ts';
import { type Engine, EngineError } from '../engine/engine.ts';
import { inAnyForm } from '../engine/number-forms.ts';
import { parseChatId } from '../contract/whatsapp-id.ts';
import type { Clock } from '../ops/clock.ts';
import { withDeadline } from '../ops/deadline.ts';
import { reasonOf } from '../ops/reason.ts';

/** After a longer wait, marking as read or showing as typing would come too late. */
const OPERATION_MS = 8_000;
const HINT = 'This request cannot be queued; repeat it when the session is ready.';

export interface OperationTarget {
  readonly name: SessionName;
  readonly state: string;
  /** The engine, while the session is ready. */
  readonly engine: Engine | null;
}

/**
 * @param to any form of an address
 * @throws WabError WAB_ADDRESS_INVALID, WAB_SESSION_NOT_READY, WAB_CHAT_UNKNOWN, WAB_OPERATION_FAILED
 */
export async function runChatOperation(
  { name: session, state, engine }: OperationTarget,
  to: string,
  clock: Clock,
  operation: (engine: Engine, chatId: ChatId) => Promise<void>,
): Promise<void> {
  const chatId = parseChatId(to);
  if (!engine) throw new WabError('WAB_SESSION_NOT_READY', { session, state, hint: HINT });
  try {
    // An engine that throws instead of rejecting is an engine that failed.
    const running = Promise.resolve().then(() => inAnyForm(chatId, (form) => operation(engine, form)));
    await withDeadline(running, OPERATION_MS, 'WhatsApp', clock);
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
