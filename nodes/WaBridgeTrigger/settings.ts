/** The parameters of the trigger node, checked and turned into what the stream needs. */
import { NodeOperationError, type ITriggerFunctions } from 'n8n-workflow';
import {
  EVENT_TYPES,
  MAX_WAIT_MS,
  MAX_WINDOW,
  SESSION_NAME_PATTERN,
  type ChatKind,
  type EventType,
  type Filter,
} from '../shared/contract.generated';
import { splitAddresses } from '../shared/addresses';
import { asText } from '../shared/text';
import {
  DEFAULT_BACKLOG_HOURS,
  DEFAULT_BINARY_FIELD,
  DEFAULT_MAX_IN_FLIGHT,
  DEFAULT_MEDIA_WAIT_SECONDS,
  DEFAULT_OUTAGE_MINUTES,
} from './defaults';
import type { AcknowledgeMode } from './delivery';
import type { MediaSettings } from './item';

export interface TriggerSettings {
  readonly filter: Filter;
  readonly mode: AcknowledgeMode;
  readonly maxInFlight: number;
  readonly media: MediaSettings;
  /** How long the trigger may be without a connection before that is shown, in ms; 0 never shows it. */
  readonly outageMs: number;
  /** How old an event may be that waited while the workflow was not published, in ms; null for any age. */
  readonly maxBacklogAgeMs: number | null;
  /** Events that are older when they first arrive start no execution, in ms; null for any age. */
  readonly maxAgeMs: number | null;
}

interface Options {
  readonly backlogHours?: number;
  readonly binaryField?: string;
  readonly downloadMedia?: boolean;
  readonly maxInFlight?: number;
  readonly mediaWait?: number;
  readonly maxAgeMinutes?: number;
  readonly outageMinutes?: number;
  readonly whenPublishedAgain?: 'continue' | 'now';
}

/** @throws NodeOperationError where a parameter cannot be used as it is */
export function readSettings(context: ITriggerFunctions): TriggerSettings {
  const fail = (message: string, description: string): never => {
    throw new NodeOperationError(context.getNode(), message, { description });
  };
  const events = context.getNodeParameter('events', []) as EventType[];
  if (events.length === 0) fail('No event type is selected', 'Select at least one in Events.');

  const sessions = readSessions(context);
  for (const session of sessions ?? []) {
    if (!new RegExp(SESSION_NAME_PATTERN).test(session)) {
      fail(
        `"${session}" is not a valid session name`,
        'A session name has only lower-case letters, digits, _ and -. Choose one from the list.',
      );
    }
  }
  if (sessions?.length === 0) fail('No session is selected', 'Select at least one session, or set Sessions to All.');

  const filters = context.getNodeParameter('filters', {}) as {
    from?: string;
    fromMe?: 'any' | 'mine' | 'others';
  };
  const from = splitAddresses(filters.from ?? '');
  assertCanMatch(from, filters.fromMe ?? 'any', events, fail);
  const chatKinds = context.getNodeParameter('chatKinds', ['direct']) as ChatKind[];
  const filter: Filter = {
    types: events,
    ...(sessions === null ? {} : { sessions }),
    ...(chatKinds.length === 0 ? {} : { chatKinds }),
    ...(from.length === 0 ? {} : { from }),
    ...(filters.fromMe === undefined || filters.fromMe === 'any' ? {} : { fromMe: filters.fromMe === 'mine' }),
  };

  const options = context.getNodeParameter('options', {}) as Options;
  const maxInFlight = options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT;
  if (!Number.isInteger(maxInFlight) || maxInFlight < 1 || maxInFlight > MAX_WINDOW) {
    fail('Executions at a Time is out of range', `It must be a whole number from 1 to ${MAX_WINDOW}.`);
  }
  return {
    filter,
    mode: context.getNodeParameter('acknowledge', 'finished') as AcknowledgeMode,
    maxInFlight,
    media: {
      binaryField: options.downloadMedia === false ? null : (options.binaryField ?? '').trim() || DEFAULT_BINARY_FIELD,
      waitMs: Math.round(
        Math.min(Math.max(options.mediaWait ?? DEFAULT_MEDIA_WAIT_SECONDS, 0), MAX_WAIT_MS / 1_000) * 1_000,
      ),
    },
    outageMs: Math.round(Math.max(options.outageMinutes ?? DEFAULT_OUTAGE_MINUTES, 0) * 60_000),
    maxBacklogAgeMs:
      options.whenPublishedAgain === 'now' ? 0 : ageLimit(options.backlogHours ?? DEFAULT_BACKLOG_HOURS, 3_600_000),
    maxAgeMs: ageLimit(options.maxAgeMinutes ?? 0, 60_000),
  };
}

/** Milliseconds, or null for 0, which stands for any age. At most ten years less a margin, as the bridge takes it. */
const ageLimit = (count: number, unitMs: number): number | null =>
  count > 0 ? Math.min(Math.round(count * unitMs), 300_000_000_000) : null;

/** A phone number with its country code, or the id of a person. Groups, channels and lists send nothing. */
const SENDER = /^(\+[1-9]\d{6,14}|[0-9A-Za-z.-]{1,40}@(c\.us|s\.whatsapp\.net|lid))$/;

/** A filter that nothing can pass would leave a workflow that looks well and never runs. */
function assertCanMatch(
  from: readonly string[],
  fromMe: 'any' | 'mine' | 'others',
  events: readonly EventType[],
  fail: (message: string, description: string) => never,
): void {
  const wrong = from.find((sender) => !SENDER.test(sender));
  if (wrong !== undefined) {
    fail(
      `From can never match "${wrong}"`,
      wrong.includes('@')
        ? 'From takes the IDs of people, …@c.us or …@lid. To listen to one group, compare {{ $json.chat.chatId }} in an If node.'
        : 'Enter a phone number with its country code, such as +49 151 12345678, or the ID of a person, such as 1234567890@lid.',
    );
  }
  // Today the events with a sender are those with content.
  if ((from.length > 0 || fromMe !== 'any') && !events.some((type) => EVENT_TYPES[type].content)) {
    fail(
      `${from.length > 0 ? 'From' : 'From Me'} can never match the chosen events`,
      'None of them has a sender. Remove the filter, or add an event such as Message Received.',
    );
  }
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
