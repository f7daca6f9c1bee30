/** Fields of everything that goes through the outbox, besides those of the operation. */
import type { INodeProperties } from 'n8n-workflow';
import { DEFAULT_SEND_WAIT_SECONDS, IDEMPOTENCY_DAYS, MAX_EXPIRY_SECONDS } from '../../shared/contract.generated';

/** Longest that the node waits for one message, in seconds. */
export const MAX_SEND_WAIT_SECONDS = 3_600;
export const DEFAULT_SEND_WITHIN_MINUTES = 60;

export const idempotencyField: INodeProperties = {
  displayName: 'Idempotency Key',
  name: 'idempotencyKey',
  type: 'string',
  default: '',
  description: `Identifies the intended message: within ${IDEMPOTENCY_DAYS} days, the bridge sends at most one message with the same key. If empty, it is derived from the event that started the workflow, this node and the item, so that running the workflow again for the same event sends nothing twice.`,
};
/** When the workflow goes on; in the open, because green should mean sent. */
export const waitFields: INodeProperties[] = [
  {
    displayName: 'Wait',
    name: 'wait',
    type: 'options',
    options: [
      {
        name: 'Until WhatsApp Accepts It',
        value: 'accepted',
        description:
          'If WhatsApp does not accept it in time, the workflow continues with the state queued, and the message is still sent later',
      },
      {
        name: 'Until WhatsApp Accepts It, or Fail',
        value: 'acceptedOrFail',
        description:
          'If WhatsApp does not accept it in time, the node fails, and the message is still sent later. Running the node again does not send it twice.',
      },
      {
        name: 'Not at All',
        value: 'stored',
        description:
          'Continue as soon as the bridge has stored the message. If sending fails later, the execution does not fail.',
      },
    ],
    default: 'accepted',
    description: 'What to wait for. If sending fails during the wait, this node fails.',
  },
  {
    displayName: 'Wait at Most (Seconds)',
    name: 'waitSeconds',
    type: 'number',
    typeOptions: { minValue: 1, maxValue: MAX_SEND_WAIT_SECONDS },
    default: DEFAULT_SEND_WAIT_SECONDS,
    description: 'How long to wait for WhatsApp to accept the message',
    displayOptions: { hide: { wait: ['stored'] } },
  },
  {
    displayName: 'Send Within (Minutes)',
    name: 'sendWithinMinutes',
    type: 'number',
    typeOptions: { minValue: 0, maxValue: MAX_EXPIRY_SECONDS / 60 },
    default: DEFAULT_SEND_WITHIN_MINUTES,
    description:
      'How long the bridge may try to send the message. If it cannot be sent in that time, for example because the session is stopped, it fails with WAB_SEND_EXPIRED. 0 uses the time set in the bridge, one day by default.',
  },
];
