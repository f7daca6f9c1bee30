/**
 * `npm start`: a bridge with a simulated phone, and a real n8n whose example workflow answers it. `--bridge-only` leaves
 * n8n out. `--scale` puts the bridge on a PostgreSQL, a Redis and an S3 server that it starts, too. Runs until Ctrl-C, SIGTERM,
 * or until one of the two ends; then everything it started is stopped.
 */
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { loadSettings, type LoadedSettings } from '../bridge/src/config/load-settings.ts';
import type { N8nServer } from '../test/e2e/n8n-server.ts';
import { DEMO, ensureDemoSession, portIsFree, startLocalBridge, type LocalBridge } from './local-bridge.ts';
import { startLocalN8n, type LocalN8n } from './local-n8n.ts';
import { serversFolderOf, startLocalServers } from './local-servers.ts';
import { startGroup } from './process-group.ts';
import { root, say } from './tasks.ts';

const OPTIONS = ['--bridge-only', '--scale'];
const N8N_PORT = 5678;
/** A bridge that was used on SQLite does not start on another database, so this is a bridge of its own. */
const SCALE_DATA_DIR = join(root, '.cache', 'scale');
/** A second Ctrl-C within this time is the same one, passed on by npm. */
const SAME_SIGNAL_MS = 1_000;

class Stopped extends Error {}

/** What was started, newest last. */
const stoppers: (() => Promise<void>)[] = [];
const stopping = new AbortController();

function onSignal(this: void): void {
  if (!stopping.signal.aborted) stopping.abort(new Stopped());
  else if (Date.now() - stoppedAt > SAME_SIGNAL_MS) process.exit(1);
}
let stoppedAt = 0;
stopping.signal.addEventListener('abort', () => (stoppedAt = Date.now()));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
// Killed without a word, the bootstrap cannot pass anything on.
const parent = process.ppid;
setInterval(() => process.ppid === parent || stopping.signal.aborted || onSignal(), 500).unref();
// A terminal that was closed must not keep us from stopping.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const untilStopped = new Promise<never>((_resolve, reject) =>
  stopping.signal.addEventListener('abort', () => reject(stopping.signal.reason as Error)),
);

async function run(args: readonly string[]): Promise<never> {
  const unknown = args.filter((arg) => !OPTIONS.includes(arg));
  if (unknown.length > 0) throw new Error(`unknown option ${unknown.join(' ')}; there are: ${OPTIONS.join(', ')}`);
  const bridgeOnly = args.includes('--bridge-only');
  const serversEnv = args.includes('--scale') ? await startServers() : {};
  const loaded = loadSettings({ ...process.env, ...serversEnv });
  process.umask(0o077);
  mkdirSync(loaded.settings.dataDir, { recursive: true, mode: 0o700 });

  const n8nPort = bridgeOnly ? null : portOfN8n(process.env.WABRIDGE_N8N_PORT);
  if (n8nPort !== null) {
    say('starting a bridge with a simulated phone, and a real n8n; both can only be reached from this machine');
    await portIsFree('127.0.0.1', n8nPort, 'WABRIDGE_N8N_PORT');
    await installN8n();
  }
  say('starting the bridge …');
  const bridge = await startLocalBridge(loaded, (stop) => stoppers.push(stop), serversEnv);
  const bridgeEnded = bridge.process.ended.then(() => Promise.reject(new Error('the bridge has ended')));
  bridgeEnded.catch(() => undefined);
  await Promise.race([bridgeEnded, ensureDemoSession(bridge.client)]);
  if (n8nPort === null) {
    print(bridgeText(bridge, loaded));
    return await bridgeEnded;
  }

  let server: N8nServer | undefined;
  const n8n = await Promise.race([
    bridgeEnded,
    startLocalN8n({
      dataDir: loaded.settings.dataDir,
      port: n8nPort,
      bridge,
      signal: stopping.signal,
      onServer: (started) => {
        server = started;
        stoppers.push(() => started.stop());
      },
    }),
  ]);
  print(text(bridge, n8n, loaded));
  await Promise.race([bridgeEnded, server?.untilEnded()]);
  throw new Error(`n8n has ended; ${n8n.logFile} says why`);
}

/** @returns the environment of a bridge on them */
async function startServers(): Promise<Readonly<Record<string, string>>> {
  const dataDir = process.env.WABRIDGE_DATA_DIR || SCALE_DATA_DIR;
  say('starting PostgreSQL, Redis and an S3 server; they can only be reached from this machine');
  const env = await startLocalServers(serversFolderOf(dataDir), (stop) => stoppers.push(stop));
  return { ...env, WABRIDGE_DATA_DIR: dataDir };
}

function portOfN8n(stated: string | undefined): number {
  const port = Number(stated || N8N_PORT);
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new Error(`WABRIDGE_N8N_PORT is "${stated}". Write a whole number from 1 to 65535.`);
  return port;
}

/** Says itself what it does and how long that takes; does nothing where it was done. */
async function installN8n(): Promise<void> {
  const install = startGroup(process.execPath, [join(root, 'scripts', 'install-n8n.cjs')]);
  const stop = (): Promise<void> => install.stop(5_000);
  stoppers.push(stop);
  const { code } = await install.ended;
  stoppers.splice(stoppers.indexOf(stop), 1);
  stopping.signal.throwIfAborted();
  if (code !== 0)
    throw new Error('n8n could not be installed (see above). `npm start -- --bridge-only` works without it');
}

const print = (lines: readonly string[]): void =>
  void process.stdout.write(`\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n\n`);

/** How a second terminal, in this folder, calls the command. */
const command = ({ settings, origins }: LoadedSettings): string =>
  origins.dataDir === 'default' ? 'npx wabridge' : `WABRIDGE_DATA_DIR=${settings.dataDir} npx wabridge`;
const shown = (path: string): string => (path.startsWith(root) ? relative(root, path) : path);

function text(bridge: LocalBridge, n8n: LocalN8n, loaded: LoadedSettings): string[] {
  return [
    ...(n8n.note === null
      ? ['Ready. To write to the simulated phone, run in a second terminal in this folder:']
      : [n8n.note, '', 'To write to the simulated phone, run in a second terminal in this folder:']),
    '',
    `  ${command(loaded)} sandbox say ${DEMO} "hi" --from +4915112345678 --wait`,
    '',
    `n8n       ${n8n.workflowUrl}`,
    `log in    ${n8n.owner.email}   ${n8n.owner.password}`,
    ...common(bridge, loaded),
  ];
}

function bridgeText(bridge: LocalBridge, loaded: LoadedSettings): string[] {
  return [
    'Ready. To write to the simulated phone, run in a second terminal in this folder:',
    '',
    `  ${command(loaded)} sandbox say ${DEMO} "hi" --from +4915112345678`,
    `  ${command(loaded)} events tail`,
    '',
    ...(bridge.firstKey === null ? [] : [`key       ${bridge.firstKey}   (for n8n; shown only this once)`]),
    ...common(bridge, loaded),
  ];
}

const common = (bridge: LocalBridge, loaded: LoadedSettings): string[] => [
  `bridge    ${bridge.url}   (a real phone: ${command(loaded)} session add <name>)`,
  `data      ${shown(loaded.settings.dataDir)}`,
  'stop      Ctrl-C',
];

let exitCode = 0;
try {
  await Promise.race([untilStopped, run(process.argv.slice(2))]);
} catch (error) {
  if (!(error instanceof Stopped)) {
    say(`${(error as Error).message}`);
    exitCode = 1;
  }
}
if (stoppers.length > 0) say('stopping …');
if (!stopping.signal.aborted) stopping.abort(new Stopped());
for (const stop of stoppers.toReversed()) {
  await stop().catch((error: unknown) => {
    say((error as Error).message);
    exitCode = 1;
  });
}
if (stoppers.length > 0) say('stopped');
process.exit(exitCode);
