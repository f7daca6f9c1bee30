/** Workflows that the end-to-end tests import into n8n. */
import type { WorkflowFile } from './n8n-server.ts';

const CREDENTIALS = { waBridgeApi: { id: 'wabridge-local', name: 'wabridge' } };

const TRIGGER = 'WaBridge Trigger';
/** What an expression calls the event that the workflow runs for. */
const EVENT = `$("${TRIGGER}").item.json`;
const SESSION_OF_EVENT = { __rl: true, mode: 'name', value: `={{ ${EVENT}.session }}` };
const CHAT_OF_EVENT = { __rl: true, mode: 'id', value: `={{ ${EVENT}.chat.chatId }}` };

export interface WitnessedWorkflow {
  readonly id: string;
  readonly witnessUrl: string;
  readonly acknowledge?: 'received' | 'finished' | 'succeeded';
  readonly maxInFlight?: number;
  /** Listens to this session alone; all sessions without it. */
  readonly session?: string;
  /** False leaves out the answer to the chat. */
  readonly answers?: boolean;
  /** More options of the trigger, parameters of the answer and settings of the workflow. */
  readonly triggerOptions?: object;
  readonly answer?: object;
  readonly settings?: object;
  /** Tells the witness the SHA-256 of the file that came with the message, read from the item's binary. */
  readonly hashesMedia?: boolean;
}

/** Trigger, then a call that tells the witness which event runs, then an answer to the chat. */
export function witnessedWorkflow(options: WitnessedWorkflow): WorkflowFile {
  const { id, witnessUrl, acknowledge = 'finished', maxInFlight = 5, session, answers = true } = options;
  const { hashesMedia = false } = options;
  const sessions =
    session === undefined
      ? { sessionScope: 'all' }
      : { sessionScope: 'one', session: { __rl: true, mode: 'name', value: session } };
  const nodes = [
    triggerNode(id, { ...sessions, acknowledge, options: { maxInFlight, ...options.triggerOptions } }),
    {
      id: `${id}-witness`,
      name: 'Tell the witness',
      type: 'n8n-nodes-base.httpRequest',
      typeVersion: 4.2,
      position: [220, 0],
      parameters: {
        method: 'POST',
        url: witnessUrl,
        sendBody: true,
        specifyBody: 'json',
        jsonBody:
          '={{ JSON.stringify({ eventId: $json.id, attempt: $json.delivery.attempt, chat: $json.chat.chatId, text: $json.text' +
          (hashesMedia ? ', sha256: $json.sha256, mediaError: $json.mediaError' : '') +
          ' }) }}',
        options: {},
      },
    },
    actionNode(id, 'Answer', 440, {
      resource: 'message',
      operation: 'sendText',
      session: SESSION_OF_EVENT,
      chat: CHAT_OF_EVENT,
      text: `={{ "answer to " + ${EVENT}.text }}`,
      options: {},
      ...options.answer,
    }),
  ];
  return {
    id,
    name: `end to end: ${id}`,
    nodes: [...(answers ? nodes : nodes.slice(0, 2)), ...(hashesMedia ? hashing(id) : [])],
    connections: {
      ...(hashesMedia
        ? {
            [TRIGGER]: to('Is there a file?'),
            'Is there a file?': to('Hash the file', 'Tell the witness'),
            'Hash the file': to('Tell the witness'),
          }
        : { [TRIGGER]: to('Tell the witness') }),
      ...(answers ? { 'Tell the witness': to('Answer') } : {}),
    },
    settings: { executionOrder: 'v1', saveDataSuccessExecution: 'none', ...options.settings },
  };
}

/** Tells a witness what failed: the message of an error, or of a trigger that recorded one. */
export const errorWorkflow = (id: string, witnessUrl: string): WorkflowFile => ({
  id,
  name: `end to end: ${id}`,
  nodes: [
    {
      id: `${id}-errors`,
      name: 'Error Trigger',
      type: 'n8n-nodes-base.errorTrigger',
      typeVersion: 1,
      position: [0, 0],
      parameters: {},
    },
    {
      id: `${id}-tell`,
      name: 'Tell the witness',
      type: 'n8n-nodes-base.httpRequest',
      typeVersion: 4.2,
      position: [220, 0],
      parameters: {
        method: 'POST',
        url: witnessUrl,
        sendBody: true,
        specifyBody: 'json',
        jsonBody:
          '={{ JSON.stringify({ eventId: "", attempt: 1, chat: "", text: ($json.trigger ?? $json.execution).error.message }) }}',
        options: {},
      },
    },
  ],
  connections: { 'Error Trigger': to('Tell the witness') },
  settings: { executionOrder: 'v1' },
});

/**
 * One after another, in the chat of the message that came: sends its file back, marks the chat as read, shows typing,
 * reacts to the message, and answers once WhatsApp has taken the reaction.
 */
export function everyOperation(id: string): WorkflowFile {
  const steps: readonly (readonly [name: string, parameters: object])[] = [
    ['Send the file back', { resource: 'message', operation: 'sendMedia', caption: 'your file', options: {} }],
    ['Mark as read', { resource: 'chat', operation: 'markAsRead' }],
    ['Type', { resource: 'chat', operation: 'typing', state: 'composing' }],
    [
      'React',
      {
        resource: 'message',
        operation: 'react',
        messageId: `={{ ${EVENT}.messageId }}`,
        emoji: '✅',
        options: {},
      },
    ],
    [
      'Answer',
      {
        resource: 'message',
        operation: 'sendText',
        text: '={{ "the reaction is " + $json.state }}',
        options: { quotedMessageId: `={{ ${EVENT}.messageId }}` },
      },
    ],
  ];
  return {
    id,
    name: `end to end: ${id}`,
    nodes: [
      triggerNode(id, { sessionScope: 'all', acknowledge: 'finished', options: {} }),
      ...steps.map(([name, parameters], index) =>
        // Session and chat are left out: they are those of the event, whatever the node before put out.
        actionNode(id, name, 220 * (index + 1), parameters),
      ),
    ],
    connections: Object.fromEntries(
      [TRIGGER, ...steps.map(([name]) => name)]
        .slice(0, -1)
        .map((name, index) => [name, to((steps[index] as (typeof steps)[number])[0])]),
    ),
    settings: { executionOrder: 'v1' },
  };
}

const triggerNode = (id: string, parameters: object): object => ({
  id: `${id}-trigger`,
  name: TRIGGER,
  type: 'n8n-nodes-wabridge.waBridgeTrigger',
  typeVersion: 1,
  position: [0, 0],
  parameters: { events: ['message.received'], filters: {}, ...parameters },
  credentials: CREDENTIALS,
});

/** @param left place on the canvas, in pixels */
const actionNode = (id: string, name: string, left: number, parameters: object): object => ({
  id: `${id}-${name}`,
  name,
  type: 'n8n-nodes-wabridge.waBridge',
  typeVersion: 1,
  position: [left, 0],
  parameters,
  credentials: CREDENTIALS,
});

/** Connections to one node for each output, in their order. */
const to = (...targets: readonly string[]): object => ({
  main: targets.map((node) => [{ node, type: 'main', index: 0 }]),
});

/** Two nodes that add the SHA-256 of the item's file to it; an item without a file passes the first one's second output. */
const hashing = (id: string): readonly object[] => [
  {
    id: `${id}-has-file`,
    name: 'Is there a file?',
    type: 'n8n-nodes-base.if',
    typeVersion: 2.2,
    position: [110, 0],
    parameters: {
      conditions: {
        options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
        conditions: [
          {
            id: 'file',
            leftValue: '={{ $binary?.data !== undefined }}',
            rightValue: '',
            operator: { type: 'boolean', operation: 'true', singleValue: true },
          },
        ],
        combinator: 'and',
      },
    },
  },
  {
    id: `${id}-hash`,
    name: 'Hash the file',
    type: 'n8n-nodes-base.crypto',
    typeVersion: 1,
    position: [165, -100],
    parameters: {
      action: 'hash',
      type: 'SHA256',
      binaryData: true,
      binaryPropertyName: 'data',
      dataPropertyName: 'sha256',
      encoding: 'hex',
    },
  },
];
