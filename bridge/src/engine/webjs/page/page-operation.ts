/** Operations that the page carries out in one call, and what it says of them. */
import { EngineError } from '../../engine.ts';
import type { PageCalls } from './page-calls.ts';
import { describe, withoutNumbers } from './page-reason.ts';

/** The answer of a function that runs in the page, which catches what the page throws. */
export type PageOperationResult =
  | { readonly done: true }
  | { readonly done: false; readonly why: 'no-chat' | 'no-message' | 'failed'; readonly reason: string };

/**
 * Runs an operation in the page.
 *
 * @param failed what is known of the operation if the page failed at it: `unknown` if it may have been done all the same
 * @param ms deadline
 * @throws EngineError `unknown` if the page did not answer; `fail` WAB_CHAT_UNKNOWN, WAB_MESSAGE_UNKNOWN; `failed` with
 *   WAB_OPERATION_FAILED
 */
export async function performInPage<Args extends readonly unknown[]>(
  page: PageCalls,
  failed: 'fail' | 'unknown',
  ms: number,
  operation: (...args: Args) => Promise<PageOperationResult>,
  ...args: Args
): Promise<void> {
  const result = await page.call(operation, ms, ...args).catch((error: unknown) => {
    throw new EngineError('unknown', 'WAB_SESSION_NOT_READY', describe(error), { cause: error });
  });
  if (result.done) return;
  switch (result.why) {
    case 'no-chat':
      throw new EngineError('fail', 'WAB_CHAT_UNKNOWN', result.reason);
    case 'no-message':
      throw new EngineError('fail', 'WAB_MESSAGE_UNKNOWN', result.reason);
    case 'failed':
      throw new EngineError(failed, 'WAB_OPERATION_FAILED', `WhatsApp Web said: ${withoutNumbers(result.reason)}`);
  }
}
