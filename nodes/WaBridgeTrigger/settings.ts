/** The parameters of the trigger node, checked and turned into what the stream needs. */
import { NodeOperationError, type ITriggerFunctions } from 'n8n-workflow';
import {
  MAX_WINDOW,
  SESSION_NAME_PATTERN,
  type ChatKind,
  type EventType,
  type Filter,
} from '../shared/contract.generated';
import { splitAddresses } from '../shared/addresses';
import { asText } from '../shared/text';
import type { AcknowledgeMode } from './delivery';
import type { MediaSettings } from './item';

export interface TriggerSettings {
  readonly filter: Filter;
  readonly mode: AcknowledgeMode;
  readonly maxInFlight: number;
  readonly media: MediaSettings;
}

interface Options {
  readonly binaryField?: string;
  readonly downloadMedia?: boolean;
  readonly maxInFlight?: number;
  readonly mediaWait?: number;
}

/** @throws NodeOperationError where a parameter cannot be used as it is */
export function readSettings(context: ITriggerFunctions): TriggerSettings {
  const fail = (message: string, description: string): never => {
    throw new NodeOperationError(context.getNode(), message, { description });
  };
  const events = context.getNodeParameter('events', []) as EventType[];
  if (events.length === 0) fail('No event type is chosen', 'Choose at least one under Events.');

  const sessions = readSessions(context);
  for (const session of sessions ?? []) {
    if (!new RegExp(SESSION_NAME_PATTERN).test(session)) {
      fail(
        `"${session}" is no session name`,
        'A session name has lower-case letters, digits, _ and -. Choose one from the list.',
      );
    }
  }
  if (sessions?.length === 0) fail('No session is chosen', 'Choose at least one session, or set Sessions to All.');

  const filters = context.getNodeParameter('filters', {}) as {
    chatKinds?: ChatKind[];
    from?: string;
    fromMe?: 'any' | 'mine' | 'others';
  };
  const from = splitAddresses(filters.from ?? '');
  const filter: Filter = {
    types: events,
    ...(sessions === null ? {} : { sessions }),
    ...(filters.chatKinds === undefined || filters.chatKinds.length === 0 ? {} : { chatKinds: filters.chatKinds }),
    ...(from.length === 0 ? {} : { from }),
    ...(filters.fromMe === undefined || filters.fromMe === 'any' ? {} : { fromMe: filters.fromMe === 'mine' }),
  };

  const options = context.getNodeParameter('options', {}) as Options;
  const maxInFlight = options.maxInFlight ?? 5;
  if (!Number.isInteger(maxInFlight) || maxInFlight < 1 || maxInFlight > MAX_WINDOW) {
    fail('Executions at a Time is out of range', `It must be a whole number from 1 to ${MAX_WINDOW}.`);
  }
  return {
    filter,
    mode: context.getNodeParameter('acknowledge', 'finished') as AcknowledgeMode,
    maxInFlight,
    media: {
      binaryField: options.downloadMedia === false ? null : (options.binaryField ?? '').trim() || 'media',
      waitMs: Math.round(Math.min(Math.max(options.mediaWait ?? 30, 0), 60) * 1_000),
    },
  };
}

/** Null stands for all sessions. */
function readSessions(context: ITriggerFunctions): string[] | null {
  switch (context.getNodeParameter('sessionScope', 'all') as 'all' | 'one' | 'several') {
    case 'one': {
      const session = asText(context.getNodeParameter('session', '', { extractValue: true })).trim();
      return session === '' ? [] : [session];
    }
    case 'several':
      return context.getNodeParameter('sessions', []) as string[];
    case 'all':
      return null;
  }
}

/**
 * Name of the subscription. A published workflow keeps it, also over a restart, so that it goes on where it stopped; a
 * test run has one of its own and leaves nothing behind.
 */
export function subscriptionName(context: ITriggerFunctions, testRunId: string | null): string {
  const { id: workflow } = context.getWorkflow();
  const { id: node } = context.getNode();
  const parts =
    testRunId === null ? ['n8n', context.getInstanceId(), workflow, node] : ['n8n-test', workflow, testRunId];
  return parts
    .map((part) => String(part ?? 'unsaved').replace(/[^A-Za-z0-9._-]/g, '_'))
    .join(':')
    .slice(0, 200);
}
