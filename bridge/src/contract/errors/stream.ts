/** Subscriptions, their cursors and dead letters. */
import type { ErrorDefinition } from './definition.ts';

export const STREAM_ERRORS = {
  WAB_CURSOR_INVALID: {
    status: 400,
    retryable: false,
    message: 'The cursor is not valid. Use one that this bridge returned, or `earliest` or `latest`.',
  },
  WAB_FRAME_INVALID: {
    status: 400,
    retryable: false,
    message: 'The frame is not valid in the protocol wabridge.v1: {reason}.',
  },
  WAB_SUBSCRIPTION_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: 'There is no subscription {subscription}. List them with `wabridge subscriptions list`.',
  },
  WAB_EVENT_GONE: {
    status: 410,
    retryable: false,
    message:
      'The event {eventId} was removed by retention or erased, so it cannot be delivered again. Discard the dead letter.',
  },
  WAB_SUBSCRIPTION_BUSY: {
    status: 409,
    retryable: true,
    message:
      'Another connection uses the subscription {subscription}, and this one asked not to take it over. Close the other connection (for example a copy of this n8n), or publish the workflow again to take the subscription over.',
  },
  WAB_SUBSCRIPTION_PAUSED: {
    status: 409,
    retryable: false,
    message:
      'The subscription {subscription} is paused because nobody reads it, so a redriven event would not be delivered now. Publish its workflow first, then redrive the dead letter; it is kept until then.',
  },
  WAB_DEAD_LETTER_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: 'There is no dead letter {id}. List them with `wabridge dead-letters list`.',
  },
} as const satisfies Record<string, ErrorDefinition>;
