/** Real parts of n8n-core around the nodes of the pack: workflow, contexts, the signing credential, the executor. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
const folder = mkdtempSync(join(tmpdir(), 'wabridge-pack-'));
process.env['N8N_USER_FOLDER'] = folder;
process.env['N8N_ENCRYPTION_KEY'] = 'key-of-the-pack-tests';
process.env['N8N_LOG_LEVEL'] = 'silent';

import { afterAll } from '@jest/globals';
import { BinaryDataService, TriggerContext, WorkflowExecute } from 'n8n-core';
import {
  createRunExecutionData,
  Workflow,
  type ICredentialDataDecryptedObject,
  type ICredentialsHelper,
  type IConnections,
  type IHttpRequestOptions,
  type INode,
  type INodeExecutionData,
  type INodeType,
  type INodeTypes,
  type IRun,
  type ITriggerFunctions,
  type ITriggerResponse,
  type IWorkflowExecuteAdditionalData,
  type WorkflowActivateMode,
  type WorkflowExecuteMode,
} from 'n8n-workflow';
import { WaBridgeApi } from '../../../credentials/WaBridgeApi.credentials';
import { WaBridge } from '../../../nodes/WaBridge/WaBridge.node';
import { WaBridgeTrigger } from '../../../nodes/WaBridgeTrigger/WaBridgeTrigger.node';

// Of each test file that works with this one.
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

/** Binary data in files, as n8n keeps it unless told otherwise; without this call it is kept in the items. */
export async function keepBinaryDataInFiles(): Promise<void> {
  // The container of n8n-core itself; it is not among this repository's own dependencies.
  const { Container } = createRequire(require.resolve('n8n-core'))('@n8n/di') as {
    Container: { get<T>(type: new (...args: never[]) => T): T };
  };
  await Container.get(BinaryDataService).init();
}

export const TRIGGER = 'n8n-nodes-wabridge.waBridgeTrigger';
export const ACTION = 'n8n-nodes-wabridge.waBridge';
/** A key of no bridge; enough where signatures are not checked. */
export const SIGNING_KEY = `wabk_test_${Buffer.alloc(32, 7).toString('base64url')}`;

export const nodeTypes = (extra: Record<string, INodeType> = {}): INodeTypes => {
  const known: Record<string, INodeType> = {
    [TRIGGER]: new WaBridgeTrigger(),
    [ACTION]: new WaBridge(),
    [`${ACTION}Tool`]: new WaBridge(),
    ...extra,
  };
  const get = (type: string): INodeType => {
    const found = known[type];
    if (found === undefined) throw new Error(`No node type ${type} in this test.`);
    return found;
  };
  return { getByName: get, getByNameAndVersion: get, getKnownTypes: () => ({}) };
};

export const node = (
  name: string,
  type: string,
  parameters: INode['parameters'] = {},
  rest: Partial<INode> = {},
): INode => ({
  id: `id-of-${name.toLowerCase().replace(/\W+/g, '-')}`,
  name,
  type,
  typeVersion: 1,
  position: [0, 0],
  parameters,
  credentials: { waBridgeApi: { id: 'cred-1', name: 'WaBridge' } },
  ...rest,
});

/** Nodes one after the other. */
export function chain(...nodes: INode[]): IConnections {
  const connections: IConnections = {};
  nodes.slice(0, -1).forEach(({ name }, index) => {
    connections[name] = { main: [[{ node: (nodes[index + 1] as INode).name, type: 'main', index: 0 }]] };
  });
  return connections;
}

export const workflowOf = (
  nodes: INode[],
  connections: IConnections = chain(...nodes),
  types: INodeTypes = nodeTypes(),
  id = 'wf-1',
): Workflow =>
  new Workflow({
    id,
    name: 'Test',
    nodes,
    connections,
    active: true,
    nodeTypes: types,
    settings: { executionOrder: 'v1' },
  });

export interface CredentialData {
  baseUrl: string;
  privateKey: string;
}

/** What n8n hands to every context. The credential is real: `authenticate` signs each request. */
export function additionalData(credential: CredentialData, executionId = '101'): IWorkflowExecuteAdditionalData {
  const type = new WaBridgeApi();
  const credentialsHelper = {
    getParentTypes: () => [],
    preAuthentication: async () => undefined,
    authenticate: async (data: ICredentialDataDecryptedObject, _type: string, options: IHttpRequestOptions) =>
      await type.authenticate(data, options),
    getCredentials: async () => ({}),
    getDecrypted: async () => ({ ...credential }),
    getCredentialsProperties: () => type.properties,
    isCredentialUsableByNode: () => true,
    updateCredentials: async () => {},
  } as unknown as ICredentialsHelper;
  return {
    credentialsHelper,
    executionId,
    currentNodeExecutionIndex: 0,
    restApiUrl: 'http://127.0.0.1:1/rest',
    instanceBaseUrl: 'http://127.0.0.1:1/',
    webhookBaseUrl: 'http://127.0.0.1:1/webhook',
    webhookWaitingBaseUrl: 'http://127.0.0.1:1/webhook-waiting',
    webhookTestBaseUrl: 'http://127.0.0.1:1/webhook-test',
    formWaitingBaseUrl: 'http://127.0.0.1:1/form-waiting',
    variables: {},
    executionTimeoutTimestamp: undefined,
    userId: 'user-1',
    hooks: { runHook: async () => {}, addHandler: () => {} },
    setExecutionStatus: () => {},
    sendDataToUI: () => {},
    logAiEvent: () => {},
  } as unknown as IWorkflowExecuteAdditionalData;
}

export interface RunOptions {
  readonly mode?: WorkflowExecuteMode;
  readonly executionId?: string;
  readonly start?: string;
  /** Context data that an earlier execution left behind (a retry takes it along). */
  readonly contextData?: Record<string, Record<string, unknown>>;
}

/** Runs a workflow with the real executor, as n8n does after a trigger emitted `items`. */
export async function execute(
  workflow: Workflow,
  credential: CredentialData,
  items: INodeExecutionData[],
  options: RunOptions = {},
): Promise<IRun> {
  const mode = options.mode ?? 'trigger';
  const start = workflow.getNode(options.start ?? Object.keys(workflow.nodes)[0] ?? '') as INode;
  const data = createRunExecutionData({
    executionData: {
      nodeExecutionStack: [{ node: start, data: { main: [items] }, source: null }],
      ...(options.contextData === undefined ? {} : { contextData: options.contextData }),
    },
  });
  const executor = new WorkflowExecute(additionalData(credential, options.executionId), mode, data);
  return await executor.processRunExecutionData(workflow);
}

export interface TestRun {
  /** What `trigger()` gave back. */
  readonly response: ITriggerResponse;
  /** Settles as n8n's own manual execution does: with the first emitted data, or an error. */
  readonly result: Promise<INodeExecutionData[][]>;
}

/** A test run in the editor: n8n puts its own `emit` in place after `trigger()` has returned. */
export async function openTestRun(credential: CredentialData, parameters: INode['parameters'] = {}): Promise<TestRun> {
  const definition = node('WaBridge Trigger', TRIGGER, { events: ['message.received'], ...parameters });
  const context = new TriggerContext(
    workflowOf([definition], {}),
    definition,
    additionalData(credential),
    'manual',
    'manual',
  );
  const response = await new WaBridgeTrigger().trigger.call(context as unknown as ITriggerFunctions);
  const result = new Promise<INodeExecutionData[][]>((resolve, reject) => {
    Object.assign(context, { emit: resolve, emitError: reject, saveFailedExecution: reject });
  });
  result.catch(() => {});
  return { response, result };
}

/** The items that a node put out in its last run. */
export function outputOf(run: IRun, name: string): INodeExecutionData[] {
  const runs = run.data.resultData.runData[name] ?? [];
  return runs.at(-1)?.data?.['main']?.[0] ?? [];
}

export interface Emitted {
  readonly items: INodeExecutionData[];
  readonly key: string | undefined;
  /** Ends the run: a status, `undefined` for a duplicate, or an error where it could not be started. */
  readonly finish: (outcome: IRun['status'] | undefined | Error) => void;
}

/** An activated trigger whose executions the test ends as it likes. */
export class ActiveTrigger {
  readonly emitted: Emitted[] = [];
  readonly failures: string[] = [];
  readonly log: string[] = [];
  readonly #response: ITriggerResponse;
  #waiting: Array<() => void> = [];

  private constructor(response: ITriggerResponse) {
    this.#response = response;
  }

  static async open(
    credential: CredentialData,
    parameters: INode['parameters'] = {},
    options: { workflowId?: string; activation?: WorkflowActivateMode } = {},
  ): Promise<ActiveTrigger> {
    const trigger = new ActiveTrigger({});
    const definition = node('WaBridge Trigger', TRIGGER, { events: ['message.received'], ...parameters });
    const workflow = workflowOf(
      [definition],
      {},
      nodeTypes(),
      options.workflowId ?? `wf-${Math.random().toString(36).slice(2)}`,
    );
    const emit: ITriggerFunctions['emit'] = (data, _response, done, key) => {
      trigger.emitted.push({
        items: data[0] ?? [],
        key,
        finish: (outcome) => {
          if (outcome instanceof Error) done?.reject(outcome);
          else done?.resolve((outcome === undefined ? undefined : { status: outcome }) as unknown as IRun);
        },
      });
      for (const wake of trigger.#waiting.splice(0)) wake();
    };
    const context = new TriggerContext(
      workflow,
      definition,
      additionalData(credential),
      'trigger',
      options.activation ?? 'activate',
      emit,
      () => {},
      (error) => {
        trigger.failures.push(error.message);
        for (const wake of trigger.#waiting.splice(0)) wake();
      },
    );
    Object.defineProperty(context, 'logger', { value: logger(trigger.log) });
    const response = await new WaBridgeTrigger().trigger.call(context as unknown as ITriggerFunctions);
    Object.assign(trigger.#response, response);
    return trigger;
  }

  /** The nth emitted execution (from 1), once it was. */
  async run(number: number): Promise<Emitted> {
    for (;;) {
      const emitted = this.emitted[number - 1];
      if (emitted !== undefined) return emitted;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Resolves once so many failed executions were recorded. */
  async untilFailures(count: number): Promise<void> {
    while (this.failures.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    await this.#response.closeFunction?.();
  }
}

const logger = (lines: string[]) => {
  const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`);
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    scoped: () => logger(lines),
  };
};
