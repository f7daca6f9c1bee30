/** Hands a message to the bridge's outbox and, where wished, waits until WhatsApp has taken it. */
import { NodeApiError, NodeOperationError, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';
import type { OutboxMessage, SendMedia, SendReaction, SendText } from '../../../shared/contract.generated';
import { splitAddresses } from '../../../shared/addresses';
import { bridgeJson, whileAway } from '../../../shared/transport';
import { idempotencyOf, type Idempotency } from '../../idempotency';
import { readTarget } from '../operation';
import type { SendOptions } from './fields';

/** The longest that one request may wait, in ms; the bridge allows a minute. */
const ONE_WAIT_MS = 30_000;

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
 * @returns one item: the outbox message, with `replayed` true where the key was known and nothing new was sent
 * @throws NodeApiError with the bridge's sentence; NodeOperationError where waiting did not end well
 */
export async function send(
  context: IExecuteFunctions,
  itemIndex: number,
  options: SendOptions,
  body: SendText | SendMedia | SendReaction,
  idempotency: Idempotency = idempotencyOf(context, itemIndex, options.idempotencyKey, body),
): Promise<INodeExecutionData[]> {
  const deadline =
    Date.now() + (options.waitUntilAccepted === true ? Math.max(1, options.waitSeconds ?? 60) * 1_000 : 0);
  const waitMs = (): number => Math.max(0, Math.min(ONE_WAIT_MS, deadline - Date.now()));
  const first = waitMs();
  let message = await whileAway(context, () =>
    bridgeJson<OutboxMessage>(context, {
      method: 'POST',
      path: '/v1/messages',
      query: { ...(idempotency.firstAnswer ? { firstAnswer: true } : {}), ...(first > 0 ? { waitMs: first } : {}) },
      json: body,
      idempotencyKey: idempotency.key,
      waitMs: first,
      itemIndex,
    }),
  );
  if (options.waitUntilAccepted !== true) return [{ json: message }];
  const replayed = message.replayed ?? false;
  while ((message.state === 'queued' || message.state === 'sending') && waitMs() > 0) {
    const again = waitMs();
    const path = `/v1/messages/${message.id}`;
    message = await whileAway(context, () =>
      bridgeJson<OutboxMessage>(context, { method: 'GET', path, query: { waitMs: again }, waitMs: again, itemIndex }),
    );
  }
  assertAccepted(context, itemIndex, message);
  return [{ json: { ...message, replayed } }];
}

function assertAccepted(context: IExecuteFunctions, itemIndex: number, message: OutboxMessage): void {
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
      throw new NodeOperationError(node, `Outbox message ${id} was cancelled before WhatsApp took it.`, { itemIndex });
    case 'in_doubt':
      throw new NodeOperationError(node, `It cannot be known whether outbox message ${id} left.`, {
        itemIndex,
        description: `Look into the chat, then settle it with \`wabridge outbox resolve ${id} --as sent|failed|resend\`.`,
      });
    case 'queued':
    case 'sending':
      throw new NodeOperationError(
        node,
        `WhatsApp has not taken outbox message ${id} in the time allowed; it is ${state}.`,
        {
          itemIndex,
          description:
            'It is still sent when that becomes possible. Running this node again does not send it a second time.',
        },
      );
  }
}
