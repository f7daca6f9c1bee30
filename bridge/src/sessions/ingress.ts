/** Requests of the other side, such as the webhooks of an official API, on their way to the engine of a session. */
import { WabError } from '../contract/errors.ts';
import type { IngressAnswer, IngressRequest } from '../engine/engine.ts';
import type { Clock } from '../ops/clock.ts';
import { within } from '../ops/deadline.ts';
import type { Log } from '../ops/logger.ts';
import type { SessionEntry } from './session-entry.ts';

/** How long an engine may take to verify a request and to store what it reports. */
const RECEIVE_MS = 15_000;

/**
 * Hands a request to the engine of a session. What is refused here is refused in one way, whatever the reason, so that a
 * stranger cannot tell a session that does not exist from one that is stopped or fails. A session that runs answers for itself.
 *
 * @param engine name of the engine that the request is for
 * @throws WabError WAB_INGRESS_UNAVAILABLE
 */
export async function receiveAt(
  entry: SessionEntry | undefined,
  engine: string,
  request: IngressRequest,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<IngressAnswer> {
  const running = entry?.engine === engine ? entry.supervised?.supervisor.runningEngine : null;
  if (!entry || !running?.receive) throw new WabError('WAB_INGRESS_UNAVAILABLE');
  try {
    // An engine that throws instead of rejecting is an engine that failed.
    const receiving = Promise.resolve().then(() => running.receive?.(request));
    const answer = await within(receiving, RECEIVE_MS, 'receiving', clock);
    if (answer) return answer;
  } catch (error) {
    // Its message may repeat what was received.
    log.error(
      { session: entry.name, error: error instanceof Error ? error.name : 'unknown' },
      'the engine could not take a request',
    );
  }
  throw new WabError('WAB_INGRESS_UNAVAILABLE');
}
