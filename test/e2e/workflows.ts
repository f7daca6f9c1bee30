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
}

/** Trigger, then a call that tells the witness which event runs, then an answer to the chat. */
export function witnessedWorkflow(options: WitnessedWorkflow): WorkflowFile {
  const { id, witnessUrl, acknowledge = 'finished', maxInFlight = 5, session, answers = true } = options;
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
          '={{ JSON.stringify({ eventId: $json.id, attempt: $json.delivery.attempt, chat: $json.chat.chatId, text: $json.text }) }}',
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
  const to = (node: string): object => ({ main: [[{ node, type: 'main', index: 0 }]] });
  return {
    id,
    name: `end to end: ${id}`,
    nodes: answers ? nodes : nodes.slice(0, 2),
    connections: {
      'WaBridge Trigger': to('Tell the witness'),
      ...(answers ? { 'Tell the witness': to('Answer') } : {}),
    },
    settings: { executionOrder: 'v1', saveDataSuccessExecution: 'none' },
  };
}
