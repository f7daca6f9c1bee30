/** Hands a message to the bridge's outbox and waits until WhatsApp has taken it, unless told otherwise. */
import { NodeApiError, NodeOperationError, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';
import {
  CLIENT_WAIT_MS,
  DEFAULT_SEND_WAIT_SECONDS,
  MAX_EXPIRY_SECONDS,
  type OutboxMessage,
} from '../../shared/contract.generated';
import type { OperationEntry } from '../../shared/operation-table';
import { pause } from '../../shared/pause';
import { asText } from '../../shared/text';
import { bridgeJson, retryWhileUnavailable } from '../../shared/transport';
import { idempotencyOf, type Idempotency } from '../idempotency';
import { requestOf, type Input } from './request';
import { DEFAULT_SEND_WITHIN_MINUTES, MAX_SEND_WAIT_SECONDS } from './send-fields';
import { fieldWith } from './widgets';

/** Between two requests where the bridge answered before its time, in ms. */
const EARLY_ANSWER_MS = 500;

/** When the node goes on after the bridge has stored a message. */
type Wait = 'accepted' | 'acceptedOrFail' | 'stored';

/** Sessions that did not take a message within the wait, by node run: later items do not wait for them once more. */
const slowSessions = new WeakMap<IExecuteFunctions, Set<string>>();

/** What is sent, as far as it tells one message from another: without the deadline and the upload. */
export type Content = Readonly<Record<string, unknown>>;

/**
 * The words and the order are part of keys that bridges remember, so they stay as they are: the recipient and what all
 * messages can have, the type, and then what the operation itself needs.
 */
export function contentOf(entry: OperationEntry, input: Input): Content {
  const names = Object.keys(input);
  const own = names.findIndex((name) => {
    const { required = false, role } = entry.fields[name] ?? {};
    return required && role !== 'session' && role !== 'recipient';
  });
  const at = own < 0 ? names.length : own;
  const pick = (some: readonly string[]) => Object.fromEntries(some.map((name) => [name, input[name]]));
  return {
    ...pick(names.slice(0, at)),
    ...(entry.type === undefined ? {} : { type: entry.type }),
    ...pick(names.slice(at)),
  };
}

/** The key that identifies a message: the one in the options, or one that follows from its origin and content. */
export function keyFor(context: IExecuteFunctions, itemIndex: number, content: Content): Idempotency {
  const options = context.getNodeParameter('options', itemIndex, {}) as { readonly idempotencyKey?: string };
  return idempotencyOf(context, itemIndex, options.idempotencyKey, content);
}

/**
 * The wait is the request itself, which the bridge answers as soon as WhatsApp has taken the message, and which is
 * repeated under its idempotency key if that takes longer: so a key that may send needs no right to read the outbox.
 *
 * @returns one item: the outbox message, with `replayed` true if the key was known and nothing new was sent
 * @throws NodeApiError with the bridge's sentence; NodeOperationError if waiting did not end well
 */
export async function send(
  context: IExecuteFunctions,
  itemIndex: number,
  entry: OperationEntry,
  input: Input,
  idempotency: Idempotency = keyFor(context, itemIndex, contentOf(entry, input)),
): Promise<INodeExecutionData[]> {
  const session = asText(input[fieldWith(entry, 'session') ?? '']);
  const { wait, limitMs } = readWait(context, itemIndex, session);
  const request = requestOf(entry, { ...input, ...readExpiry(context, itemIndex, entry) });
  // By the time that passes, however the clock is set meanwhile.
  const deadline = performance.now() + limitMs;
  // In whole milliseconds, which are all that the bridge takes.
  const left = (): number => Math.max(0, Math.min(CLIENT_WAIT_MS, Math.round(deadline - performance.now())));
  const ask = async (waitMs: number): Promise<OutboxMessage> =>
    await retryWhileUnavailable(context, () =>
      bridgeJson<OutboxMessage>(context, {
        ...request,
        query: {
          ...request.query,
          ...(idempotency.firstAnswer ? { firstAnswer: true } : {}),
          ...(waitMs > 0 ? { waitMs } : {}),
        },
        idempotencyKey: idempotency.key,
        waitMs,
        itemIndex,
      }),
    );
  let message = await ask(left());
  const replayed = message.replayed ?? false;
  while (isPending(message) && left() > 0 && context.getExecutionCancelSignal()?.aborted !== true) {
    const askedAt = performance.now();
    const waitMs = left();
    message = await ask(waitMs);
    if (isPending(message) && performance.now() - askedAt < waitMs) {
      await pause(Math.min(EARLY_ANSWER_MS, left()), context.getExecutionCancelSignal());
    }
  }
  if (wait === 'accepted' && limitMs > 0 && isPending(message)) noteSlow(context, session);
  if (wait !== 'stored') assertAccepted(context, itemIndex, message, wait);
  return [{ json: { ...message, replayed } }];
}

const isPending = ({ state }: OutboxMessage): boolean => state === 'queued' || state === 'sending';

/** What to wait for, and for how many milliseconds. */
function readWait(
  context: IExecuteFunctions,
  itemIndex: number,
  session: string,
): { readonly wait: Wait; readonly limitMs: number } {
  const wait = context.getNodeParameter('wait', itemIndex, 'accepted') as Wait;
  if (wait === 'stored') return { wait, limitMs: 0 };
  const seconds = Number(context.getNodeParameter('waitSeconds', itemIndex, DEFAULT_SEND_WAIT_SECONDS));
  const isSlow = wait === 'accepted' && slowSessions.get(context)?.has(session) === true;
  if (isSlow) return { wait, limitMs: 0 };
  const wished = Number.isFinite(seconds) ? seconds : DEFAULT_SEND_WAIT_SECONDS;
  return { wait, limitMs: Math.min(MAX_SEND_WAIT_SECONDS, Math.max(1, wished)) * 1_000 };
}

/** The deadline of the message; without one that of the bridge holds. */
function readExpiry(context: IExecuteFunctions, itemIndex: number, entry: OperationEntry): Input {
  const field = fieldWith(entry, 'expiry');
  const minutes = Number(context.getNodeParameter('sendWithinMinutes', itemIndex, DEFAULT_SEND_WITHIN_MINUTES));
  if (field === undefined || minutes <= 0) return {};
  if (!Number.isFinite(minutes)) return { [field]: DEFAULT_SEND_WITHIN_MINUTES * 60 };
  return { [field]: Math.min(MAX_EXPIRY_SECONDS, Math.max(1, Math.round(minutes * 60))) };
}

function noteSlow(context: IExecuteFunctions, session: string): void {
  const slow = slowSessions.get(context) ?? new Set<string>();
  slowSessions.set(context, slow.add(session));
}

/** @throws NodeApiError or NodeOperationError where WhatsApp has not taken the message, or nobody knows */
function assertAccepted(context: IExecuteFunctions, itemIndex: number, message: OutboxMessage, wait: Wait): void {
  const { id, state, error } = message;
  const node = context.getNode();
  switch (state) {
    case 'accepted':
    case 'delivered':
    case 'read':
      return;
    case 'failed': {
      const failure = new NodeApiError(
        node,
        { ...error },
        {
          itemIndex,
          message: error?.message ?? 'The message could not be sent.',
          description: `Outbox message ${id}. Error code ${error?.code ?? 'unknown'}.`,
        },
      );
      failure.context['code'] = error?.code;
      throw failure;
    }
    case 'cancelled':
      throw new NodeOperationError(node, `Outbox message ${id} was cancelled before WhatsApp accepted it.`, {
        itemIndex,
      });
    case 'in_doubt':
      throw new NodeOperationError(node, `It is not known whether outbox message ${id} was sent.`, {
        itemIndex,
        description: `Check in the chat, then settle it with \`wabridge outbox resolve ${id} --as sent|failed|resend\`.`,
      });
    case 'queued':
    case 'sending':
      if (wait === 'accepted') return;
      throw new NodeOperationError(
        node,
        `WhatsApp did not accept outbox message ${id} within the wait time; it is ${state}.`,
        {
          itemIndex,
          description:
            'It will still be sent if that becomes possible within the time set in Send Within. Running this node again does not send it twice.',
        },
      );
  }
}
