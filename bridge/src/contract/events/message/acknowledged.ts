import Type from 'typebox';
import { event } from '../../event.ts';
import { ACK_LEVELS, type AckLevel } from '../../message-data.ts';
import { literals, object } from '../../schema.ts';

const STATES = { server: 'accepted', delivered: 'delivered', read: 'read', played: 'read' } as const satisfies Record<
  AckLevel,
  string
>;

export const messageAcknowledged = event({
  type: 'message.acknowledged',
  description: 'WhatsApp confirmed a message of this account: accepted by the server, delivered, read or played.',
  content: false,
  reportedBy: 'engine',
  about: { kind: 'message', id: 'messageId', isNew: false, isFromOutbox: true },
  fromMe: true,
  identity: { by: 'message', fields: ['ack'] },
  movesOutbox: ({ ack }) => ({ to: STATES[ack] }),
  countedAs: ({ ack }) => ack,
  data: object({
    messageId: Type.String(),
    ack: literals(ACK_LEVELS),
    outboxId: Type.Optional(Type.String()),
  }),
  example: {
    messageId: 'true_4915112345678@c.us_3EB0A1F0B2C94D7E6A53',
    ack: 'read',
    outboxId: 'out_01JB3Y6ZK4T8W2V5N7Q9R1S3D6',
  },
});
