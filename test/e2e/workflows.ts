/** Workflows that the end-to-end tests import into n8n. */
import type { WorkflowFile } from './n8n-server.ts';

const CREDENTIALS = { waBridgeApi: { id: 'wabridge-local', name: 'wabridge' } };

export interface WitnessedWorkflow {
  readonly id: string;
  readonly witnessUrl: string;
  readonly acknowledge?: 'received' | 'finished' | 'succeeded';
  readonly maxInFlight?: number;
  /** Listens to this session alone; all sessions without it. */
  readonly session?: string;
  /** False leaves out the answer to the chat. */
  readonly answers?: boolean;
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
    {
      id: `${id}-trigger`,
      name: 'WaBridge Trigger',
      type: 'n8n-nodes-wabridge.waBridgeTrigger',
      typeVersion: 1,
      position: [0, 0],
      parameters: { events: ['message.received'], ...sessions, acknowledge, filters: {}, options: { maxInFlight } },
      credentials: CREDENTIALS,
    },
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
    {
      id: `${id}-answer`,
      name: 'Answer',
      type: 'n8n-nodes-wabridge.waBridge',
      typeVersion: 1,
      position: [440, 0],
      parameters: {
        resource: 'message',
        operation: 'sendText',
        session: { __rl: true, mode: 'name', value: '={{ $("WaBridge Trigger").item.json.session }}' },
        chat: { __rl: true, mode: 'id', value: '={{ $("WaBridge Trigger").item.json.chat.chatId }}' },
        text: '={{ "answer to " + $("WaBridge Trigger").item.json.text }}',
        options: {},
      },
      credentials: CREDENTIALS,
    },
  ];
  return {
    id,
    name: `end to end: ${id}`,
    nodes: [...(answers ? nodes : nodes.slice(0, 2)), ...(hashesMedia ? hashing(id) : [])],
    connections: {
      ...(hashesMedia
        ? {
            'WaBridge Trigger': to('Is there a file?'),
            'Is there a file?': to('Hash the file', 'Tell the witness'),
            'Hash the file': to('Tell the witness'),
          }
        : { 'WaBridge Trigger': to('Tell the witness') }),
      ...(answers ? { 'Tell the witness': to('Answer') } : {}),
    },
    settings: { executionOrder: 'v1', saveDataSuccessExecution: 'none' },
  };
}

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
            leftValue: '={{ $binary?.media !== undefined }}',
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
      binaryPropertyName: 'media',
      dataPropertyName: 'sha256',
      encoding: 'hex',
    },
  },
];
