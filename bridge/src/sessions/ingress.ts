/** Requests of the other side, such as the webhooks of an official API, on their way to the engine of a session. */
import { WabError } from '../contract/errors.ts';
import type { Engine, IngressAnswer, IngressRequest } from '../engine/engine.ts';
import type { Clock } from '../ops/clock.ts';
import { within } from '../ops/deadline.ts';
import type { Log } from '../ops/logger.ts';
import type { SessionEntry } from './session-entry.ts';

/** How long an engine may take to verify a request and to store what it reports. */
const RECEIVE_MS = 15_000;

/**
 * Requests that one engine may have taken and not settled, answered or not. Their bodies are in memory: an engine that hangs
 * would fill it, as the other side sends again what was not answered, and a client that goes away frees its place.
 */
const MAX_UNSETTLED = 32;
const unsettled = new WeakMap<Engine, number>();

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
  if (!entry || !running?.receive || (unsettled.get(running) ?? 0) >= MAX_UNSETTLED)
    throw new WabError('WAB_INGRESS_UNAVAILABLE');
  try {
    const receiving = counted(running, request);
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

async function counted(engine: Engine, request: IngressRequest): Promise<IngressAnswer | undefined> {
  unsettled.set(engine, (unsettled.get(engine) ?? 0) + 1);
  try {
    return await engine.receive?.(request);
  } finally {
    unsettled.set(engine, (unsettled.get(engine) ?? 1) - 1);
  }
}
