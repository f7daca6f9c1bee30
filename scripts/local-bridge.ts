/** The bridge of `npm start`: a child process over the data folder of the settings, with the sandbox enabled. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readOperatorKey } from '../bridge/src/auth/operator-key.ts';
import { BridgeClient } from '../bridge/src/cli/client.ts';
import type { LoadedSettings } from '../bridge/src/config/load-settings.ts';
import { envNameOf, type SettingName } from '../bridge/src/config/settings.ts';
import { startGroup, type ProcessGroup } from './process-group.ts';
import { root } from './tasks.ts';

export const DEMO = 'demo';
const READY_DEADLINE_MS = 30_000;
/** Above the bridge's own deadline, after which it ends by itself. */
const STOP_GRACE_MS = 5_000;

/** What `npm start` sets where the user has not said otherwise. */
const PRESETS: Partial<Record<SettingName, string>> = {
  engines: 'sandbox,webjs',
  sandboxAutoLink: 'true',
  logLevel: 'warn',
  logFormat: 'pretty',
};

export interface LocalBridge {
  readonly url: string;
  /** The first n8n key of this data folder; null on later starts. */
  readonly firstKey: string | null;
  readonly client: BridgeClient;
  readonly process: Pick<ProcessGroup, 'ended'>;
}

/**
 * @param onStarted called once there is something to stop, with what stops it
 * @param env more of its environment, for the bridge alone
 * @throws Error where the port is taken, or the bridge ends (its reason is on stderr then)
 */
export async function startLocalBridge(
  { settings, origins }: LoadedSettings,
  onStarted: (stop: () => Promise<void>) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<LocalBridge> {
  await portIsFree(settings.host, settings.port, 'WABRIDGE_PORT');
  const presets = Object.entries(PRESETS).filter(([name]) => origins[name as SettingName] === 'default');
  let output = '';
  let onUrl: (url: string) => void;
  const listening = new Promise<string>((resolve) => (onUrl = resolve));
  const group = startGroup(process.execPath, [join(root, 'bridge', 'src', 'main.ts')], {
    env: {
      ...process.env,
      ...env,
      NODE_OPTIONS: undefined,
      NODE_NO_WARNINGS: '1',
      ...Object.fromEntries(presets.map(([name, value]) => [envNameOf(name), value])),
      WABRIDGE_DATA_DIR: settings.dataDir,
    },
    onStdout: (chunk) => {
      output += chunk.toString();
      const [, url] = /listens on (https?:\S+)[^]*\n$/.exec(output) ?? [];
      if (url !== undefined) onUrl(url);
    },
  });
  onStarted(() => group.stop(settings.shutdownTimeoutMs + STOP_GRACE_MS));
  const url = await Promise.race([
    listening,
    group.ended.then(() => Promise.reject(new Error('the bridge did not start (see above)'))),
  ]);
  const secret = readOperatorKey(settings.dataDir);
  if (secret === null) throw new Error(`the bridge made no operator key in ${settings.dataDir}`);
  return {
    url,
    firstKey: /\bwabk_\S+/.exec(output)?.[0] ?? null,
    client: new BridgeClient({ baseUrl: url, secret }),
    process: group,
  };
}

/** The simulated phone: made where it is missing, and ready when this returns. */
export async function ensureDemoSession(client: BridgeClient): Promise<void> {
  const list = async (): Promise<readonly { name: string; state: string }[]> =>
    (await client.request<{ sessions: { name: string; state: string }[] }>('GET', '/v1/sessions')).sessions;
  if (!(await list()).some(({ name }) => name === DEMO))
    await client.request('POST', '/v1/sessions', { body: { name: DEMO, engine: 'sandbox' } });
  const deadline = Date.now() + READY_DEADLINE_MS;
  for (;;) {
    const state = (await list()).find(({ name }) => name === DEMO)?.state;
    // Stopped by hand and kept so, or waiting for a scan that somebody asked for: not ours to change.
    if (state === 'ready' || state === 'stopped' || state === 'awaiting_scan') return;
    if (Date.now() > deadline) throw new Error(`the session ${DEMO} did not become ready (it is ${state})`);
    await sleep(50);
  }
}

/** @throws Error that says what to do */
export async function portIsFree(host: string, port: number, variable: string): Promise<void> {
  if (port === 0) return;
  const probe = createServer();
  const failure = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
    probe.once('error', resolve);
    probe.listen(port, host, () => resolve(null));
  });
  if (failure === null) await new Promise((resolve) => probe.close(resolve));
  else if (failure.code === 'EADDRINUSE')
    throw new Error(
      `port ${port} is taken. If wabridge runs in another terminal, stop it there; otherwise choose another port: ${variable}=${port + 1} npm start`,
    );
}
