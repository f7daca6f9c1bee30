import Type from 'typebox';
import { SUBSCRIPTION_NAME_PATTERN, type SubscriptionName } from '../../ids.ts';
import { Nothing, operation } from '../../operation.ts';
import { object } from '../../schema.ts';

export const deleteSubscription = operation({
  id: 'subscription.delete',
  via: 'bridge',
  scope: 'events:manage',
  summary: 'Delete a subscription; its connection is closed',
  tag: 'subscriptions',
  operationId: 'deleteSubscription',
  http: { method: 'DELETE', path: '/subscriptions/{name}', status: 204 },
  input: object({ name: Type.Unsafe<SubscriptionName>(Type.String({ pattern: SUBSCRIPTION_NAME_PATTERN })) }),
  result: Nothing,
  errors: ['WAB_SUBSCRIPTION_NOT_FOUND'],
  examples: [{ name: 'n8n:main:wf1:trigger' }],
});
