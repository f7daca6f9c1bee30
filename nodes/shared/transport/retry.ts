/** Rides out the time in which the bridge is away (a restart, an update), for requests that may be repeated. */
import { NodeApiError, type IExecuteFunctions } from 'n8n-workflow';
import { pause } from '../pause';

/** Longer than a restart of the bridge takes, shorter than somebody wants to wait for a wrong address. */
const RETRY_FOR_MS = 30_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;

/** Marks an error of a request that can be repeated as soon as the bridge is back. */
export function markUnavailable(error: NodeApiError): NodeApiError {
  error.context['unavailable'] = true;
  return error;
}

/**
 * Repeats a request while the bridge is away, for half a minute. Only for requests that do no harm when they are
 * repeated: reads, and sends with an idempotency key. A person who runs a node by hand is told at once.
 */
export async function retryWhileUnavailable<Answer>(
  context: IExecuteFunctions,
  request: () => Promise<Answer>,
): Promise<Answer> {
  const deadline = performance.now() + (context.getMode() === 'manual' ? 0 : RETRY_FOR_MS);
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(LONGEST_PAUSE_MS, wait * 2)) {
    const outcome = await request().then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error: error as Error }),
    );
    if ('answer' in outcome) return outcome.answer;
    const isUnavailable = outcome.error instanceof NodeApiError && outcome.error.context['unavailable'] === true;
    if (!isUnavailable || performance.now() + wait > deadline) return await Promise.reject(outcome.error);
    await pause(wait, context.getExecutionCancelSignal());
  }
}
