import Type from 'typebox';
import { event } from '../../event.ts';
import { object, Timestamp } from '../../schema.ts';

export const subscriptionExpired = event({
  type: 'subscription.expired',
  description: 'A durable subscription was removed because nobody had used it for longer than events are kept.',
  content: false,
  reportedBy: 'bridge',
  about: { kind: 'bridge' },
  fromMe: null,
  identity: { by: 'fields', fields: ['subscription', 'lastUsedAt'] },
  movesOutbox: null,
  countedAs: null,
  data: object({ subscription: Type.String(), lastUsedAt: Timestamp }),
  example: {
    subscription: 'n8n:4f1d:Kc8Wq2:trigger',
    lastUsedAt: '2026-02-01T09:30:00.000Z',
  },
});
