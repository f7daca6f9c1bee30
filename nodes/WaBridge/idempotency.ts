/**
 * The key under which the bridge takes a message once only. It names the intended message by what led to it, so that a
 * second run of the same event, a retried node and a retried execution all arrive at the same key.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { IExecuteFunctions } from 'n8n-workflow';
import { sourceEvent } from './event-source';

export interface Idempotency {
  /** 1 to 255 visible ASCII characters. */
  readonly key: string;
  /** Whether this is a second attempt, which takes the first answer even if the message came out differently. */
  readonly firstAnswer: boolean;
}

/** What a run goes back to. */
interface Origin {
  readonly id: string;
  readonly attempt: number;
  /** False where several sends of one event could look alike from here, so the content has to tell them apart. */
  readonly positionIsUnique: boolean;
}

/**
 * @param userKey a key set in the options; it wins
 * @param content what is sent; where the place in the workflow does not name a message by itself, its digest does
 */
export function idempotencyOf(
  context: IExecuteFunctions,
  itemIndex: number,
  userKey: string | undefined,
  content: object,
): Idempotency {
  const origin = originOf(context, itemIndex);
  const firstAnswer = origin.attempt > 1;
  const chosen = (userKey ?? '').trim();
  if (chosen !== '') return { key: asHeader(chosen), firstAnswer };

  const node = context.getNode();
  // A node keeps its id when it is renamed.
  const place = [context.getWorkflow().id ?? '', node.id, itemIndex, runIndexOf(context, itemIndex)];
  const parts = origin.positionIsUnique ? [origin.id, ...place] : [origin.id, ...place.slice(0, 2), content];
  return { key: `n8n-${digest(parts)}`, firstAnswer };
}

const digest = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
const asHeader = (key: string): string => (/^[\x21-\x7e]{1,255}$/.test(key) ? key : `n8n-user-${digest([key])}`);

function runIndexOf(context: IExecuteFunctions, itemIndex: number): number {
  const { $runIndex } = context.getWorkflowDataProxy(itemIndex);
  return typeof $runIndex === 'number' ? $runIndex : 0;
}

/**
 * Whether an AI agent calls the node as its tool. An agent calls in an order and number of its own, also in a second
 * run of the same event, so the position of a call says nothing; what it sends does.
 */
const isAgentCall = (context: IExecuteFunctions): boolean =>
  context.getNode().type.endsWith('Tool') || context.isToolExecution?.() === true;

function originOf(context: IExecuteFunctions, itemIndex: number): Origin {
  const mode = context.getMode();
  const retried = mode === 'retry';
  const byAgent = isAgentCall(context);
  // In the editor the same event is tried again and again on purpose, also with pinned data.
  const isTest = mode === 'manual' || mode === 'evaluation';
  const event = isTest ? null : sourceEvent(context, itemIndex);
  if (event === null) return { id: executionId(context), attempt: retried ? 2 : 1, positionIsUnique: !byAgent };
  return {
    id: event.id,
    attempt: retried ? Math.max(2, event.attempt) : event.attempt,
    positionIsUnique: event.direct && !byAgent,
  };
}

/** The execution's id; on a retry the original's, which the execution carries along in its context. */
function executionId(context: IExecuteFunctions): string {
  const flow = context.getContext('flow');
  const known: unknown = flow['waBridgeExecutionId'];
  if (typeof known === 'string' && context.getMode() === 'retry') return known;
  const id = context.getExecutionId() || randomUUID();
  flow['waBridgeExecutionId'] = id;
  return id;
}
