import Type from 'typebox';
import { event } from '../../event.ts';
import { object } from '../../schema.ts';

export const outboxInDoubt = event({
  type: 'outbox.in_doubt',
  description: 'It is not known whether an outbox message was sent; settle it with `wabridge outbox resolve`.',
  content: false,
  reportedBy: 'bridge',
  about: { kind: 'chat' },
  fromMe: null,
  identity: { by: 'fields', fields: ['outboxId', 'attempt', 'waitedSince'] },
  // The outbox tells of a move that it has made.
  movesOutbox: null,
  countedAs: () => 'in_doubt',
  data: object({ outboxId: Type.String(), reason: Type.String() }),
  toData: ({
    outboxId,
    reason,
  }: {
    readonly outboxId: string;
    readonly reason: string;
    readonly attempt: number;
    /** Only if it waited to be sent again and was not: since when it waited, in milliseconds since 1970. */
    readonly waitedSince?: number;
  }) => ({ outboxId, reason }),
  example: {
    outboxId: 'out_01JB3Y6ZK4T8W2V5N7Q9R1S3D6',
    reason: 'the browser ended before WhatsApp answered',
  },
});
