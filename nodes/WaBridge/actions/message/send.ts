/** Hands a message to the bridge's outbox and waits until WhatsApp has taken it, unless told otherwise. */
import { NodeApiError, NodeOperationError, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';
import {
  CLIENT_WAIT_MS,
  DEFAULT_SEND_WAIT_SECONDS,
  MAX_EXPIRY_SECONDS,
  type OutboxMessage,
  type SendRequest,
  type SendText,
} from '../../../shared/contract.generated';
import { splitAddresses } from '../../../shared/addresses';
import { pause } from '../../../shared/pause';
import { bridgeJson, retryWhileUnavailable } from '../../../shared/transport';
import { idempotencyOf, type Idempotency } from '../../idempotency';
import { readTarget } from '../operation';
import { DEFAULT_SEND_WITHIN_MINUTES, MAX_SEND_WAIT_SECONDS, type SendOptions } from './fields';

/** Between two requests where the bridge answered before its time, in ms. */
const EARLY_ANSWER_MS = 500;

/** When the node goes on after the bridge has stored a message. */
type Wait = 'accepted' | 'acceptedOrFail' | 'stored';

/** Sessions that did not take a message within the wait, by node run: later items do not wait for them once more. */
const slowSessions = new WeakMap<IExecuteFunctions, Set<string>>();

type Recipient = Pick<SendText, 'session' | 'to' | 'quotedMessageId' | 'mentions'>;

/** What all kinds of messages take from the parameters. @throws NodeOperationError where something is missing */
export function readRecipient(
  context: IExecuteFunctions,
  itemIndex: number,
): { recipient: Recipient; options: SendOptions } {
  const target = readTarget(context, itemIndex);
  const options = context.getNodeParameter('options', itemIndex, {}) as SendOptions;
  const quotedMessageId = (options.quotedMessageId ?? '').trim();
  const mentions = splitAddresses(options.mentions ?? '');
  return {
    recipient: {
      ...target,
      ...(quotedMessageId === '' ? {} : { quotedMessageId }),
      ...(mentions.length === 0 ? {} : { mentions }),
    },
    options,
  };
}

/**
 * The wait is the request itself, which the bridge answers as soon as WhatsApp has taken the message, and which is
 * repeated under its idempotency key where that takes longer: so a key that may send needs no right to read the outbox.
 *
 * @returns one item: the outbox message, with `replayed` true where the key was known and nothing new was sent
 * @throws NodeApiError with the bridge's sentence; NodeOperationError where waiting did not end well
 */
export async function send(
  context: IExecuteFunctions,
  itemIndex: number,
  options: SendOptions,
  body: SendRequest,
  idempotency: Idempotency = idempotencyOf(context, itemIndex, options.idempotencyKey, body),
): Promise<INodeExecutionData[]> {
  const { wait, limitMs } = readWait(context, itemIndex, body.session);
  const sent = { ...body, ...readExpiry(context, itemIndex) };
  // By the time that passes, however the clock is set meanwhile.
  const deadline = performance.now() + limitMs;
  // In whole milliseconds, which are all that the bridge takes.
  const left = (): number => Math.max(0, Math.min(CLIENT_WAIT_MS, Math.round(deadline - performance.now())));
  const ask = async (waitMs: number): Promise<OutboxMessage> =>
    await retryWhileUnavailable(context, () =>
      bridgeJson<OutboxMessage>(context, {
        method: 'POST',
        path: '/v1/messages',
        query: { ...(idempotency.firstAnswer ? { firstAnswer: true } : {}), ...(waitMs > 0 ? { waitMs } : {}) },
        json: sent,
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
  if (wait === 'accepted' && limitMs > 0 && isPending(message)) noteSlow(context, body.session);
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
function readExpiry(context: IExecuteFunctions, itemIndex: number): Pick<SendText, 'expiresInSeconds'> {
  const minutes = Number(context.getNodeParameter('sendWithinMinutes', itemIndex, DEFAULT_SEND_WITHIN_MINUTES));
  if (!Number.isFinite(minutes)) return { expiresInSeconds: DEFAULT_SEND_WITHIN_MINUTES * 60 };
  return minutes > 0 ? { expiresInSeconds: Math.min(MAX_EXPIRY_SECONDS, Math.max(1, Math.round(minutes * 60))) } : {};
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
