/** An n8n of a test's own beside a bridge: with a key of that bridge and with workflows that run. */
import { N8N_SCOPES, type Scope } from '../../bridge/src/contract/scopes.ts';
import { freePort, type BridgeProcess } from './bridge-process.ts';
import type { N8nSettings } from './n8n-environment.ts';
import { bridgeCredential, N8nServer, type WorkflowFile } from './n8n-server.ts';

type Bridge = Pick<BridgeProcess, 'client' | 'url'>;

export interface IssuedKey {
  readonly keyId: string;
  /** What goes into the credential. */
  readonly secret: string;
}

/** `npm test` prepares one for all files; a file that is run by hand does without. */
const template = process.env['TEST_N8N_TEMPLATE'];

/** What the workflows of the tests are made of (`workflows.ts`). */
const NODE_TYPES = [
  'n8n-nodes-base.crypto',
  'n8n-nodes-base.errorTrigger',
  'n8n-nodes-base.httpRequest',
  'n8n-nodes-base.if',
  'n8n-nodes-base.manualTrigger',
  'n8n-nodes-wabridge.waBridge',
  'n8n-nodes-wabridge.waBridgeTrigger',
];

/**
 * What a start does for nobody here, and almost half of its processor time: n8n writes its whole editor into a folder
 * at each start, and starts a task runner, which only Code nodes use.
 */
const WITHOUT_EDITOR_AND_RUNNER = {
  N8N_DISABLE_UI: 'true',
  N8N_RUNNERS_MODE: 'external',
  N8N_RUNNERS_AUTH_TOKEN: 'no runner comes',
};

/**
 * An n8n on free ports that has not started, with the faster of n8n's expression engines, without editor and task runner,
 * and with the nodes that the tests use. `start.test.ts` runs n8n as users have it, `answer.test.ts` all but editor and
 * task runner.
 *
 * @param folder of this n8n alone
 */
export async function n8nIn(folder: string, env: Readonly<Record<string, string>> = {}): Promise<N8nServer> {
  return usualN8nIn(folder, { expressionEngine: 'legacy', nodeTypes: NODE_TYPES, env });
}

/** The same with the expression engine and the node types that users have, unless others are given. */
export async function usualN8nIn(
  folder: string,
  { env, ...settings }: Pick<N8nSettings, 'env' | 'expressionEngine' | 'nodeTypes'> = {},
): Promise<N8nServer> {
  return new N8nServer({
    folder,
    port: await freePort(),
    brokerPort: await freePort(),
    ...settings,
    env: { ...WITHOUT_EDITOR_AND_RUNNER, ...env },
    template,
  });
}

/** Has a running bridge issue a key; by default one that may do what n8n's nodes need. */
export async function issueKey(
  { client }: Bridge,
  name = 'n8n',
  scopes: readonly Scope[] = N8N_SCOPES,
): Promise<IssuedKey> {
  const { key, secret } = await client.request<{ key: { keyId: string }; secret: string }>('POST', '/v1/keys', {
    body: { name, scopes },
  });
  return { keyId: key.keyId, secret };
}

/** Starts an n8n with a credential for a running bridge, and resolves once the triggers of all workflows run. */
export async function publish(n8n: N8nServer, bridge: Bridge, workflows: readonly WorkflowFile[]): Promise<void> {
  const { secret } = await issueKey(bridge);
  await n8n.prepare({ credentials: [], workflows: [] });
  await n8n.start();
  await n8n.add({ credentials: [bridgeCredential(bridge.url, secret)], workflows });
  for (const { id } of workflows) await n8n.untilPublished(id);
}
