/** What can be wrong with the machine, and what to do about each. Every check is a function that finds one thing. */
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { readOperatorKey } from '../auth/operator-key.ts';
import type { LoadedSettings } from '../config/load-settings.ts';
import { browserFlagsOf, definitionOf, SETTING_NAMES } from '../config/settings.ts';
import { modeOpenToOthers } from '../ops/file-modes.ts';
import { whoami } from '../contract/operations/whoami/get.ts';
import type { Context } from './context.ts';
import { localTime } from './output.ts';
import { checkDeadLetters, checkSends, checkSessions } from './doctor-bridge.ts';
import { checkDatabase } from './doctor-database.ts';
import { checkMediaStore } from './doctor-media.ts';
import { checkProfileStore } from './doctor-profiles.ts';
import { checkRedis } from './doctor-redis.ts';
import { failed, ok, warning, type Check, type Finding, type Result } from './finding.ts';

const GIB = 1024 ** 3;
const OLDEST_CLOCK = Date.parse('2026-01-01T00:00:00Z');
const MAX_SKEW_MS = 30_000;
/** Rights of users who are neither the owner nor of the group. */
const ANYBODY = 0o007;

const CHECKS: Readonly<Record<string, Check>> = {
  'Node version': () => {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    if (major < 22 || (major === 22 && minor < 13))
      return failed(process.versions.node, 'Install Node 24 (22.13 is the oldest that works).');
    return ok(process.versions.node);
  },
  settings: (context) => {
    try {
      return ok(
        context.loaded.file === null ? 'valid (environment and defaults)' : `valid (with ${context.loaded.file})`,
      );
    } catch (error) {
      return failed(
        (error as Error).message,
        'Correct the settings as described above; `wabridge config` lists all of them.',
      );
    }
  },
  'data folder': (context) => {
    const { dataDir } = context.settings;
    const existing = nearestFolder(dataDir);
    try {
      rmSync(mkdtempSync(join(existing, '.wabridge-doctor-')), { recursive: true });
    } catch {
      return failed(
        `${existing} cannot be written to`,
        `Give this user write access to it, or choose another folder with WABRIDGE_DATA_DIR.`,
      );
    }
    return ok(existing === dataDir ? dataDir : `${dataDir} (created at the first start)`);
  },
  permissions: (context) => {
    const { dataDir } = context.settings;
    if (!existsSync(dataDir) || process.platform === 'win32') return ok('nothing to check yet');
    const mode = modeOpenToOthers(dataDir);
    if (mode !== null)
      return warning(`${dataDir} is accessible to other users (mode ${mode})`, `Run: chmod 700 ${dataDir}`);
    const leak = openSecret(context.loaded);
    if (leak !== null) return leak;
    try {
      return ok(
        readOperatorKey(dataDir) === null
          ? 'the folder is private; no operator key yet'
          : 'the folder and the operator key are private',
      );
    } catch (error) {
      return failed((error as Error).message, 'Fix it as described.');
    }
  },
  'disk space': (context) => {
    const { bavail, bsize } = statfsSync(nearestFolder(context.settings.dataDir));
    const free = bavail * bsize;
    const text = `${(free / GIB).toFixed(1)} GiB free`;
    if (free < GIB / 2) return failed(text, 'Free at least 0.5 GiB; nothing can be recorded on a full disk.');
    if (free < context.settings.mediaQuotaBytes)
      return warning(text, 'That is less than mediaQuotaBytes. Free space, or lower WABRIDGE_MEDIA_QUOTA_BYTES.');
    return ok(text);
  },
  database: ({ settings }) => checkDatabase(settings),
  'media store': checkMediaStore,
  'profile store': checkProfileStore,
  clock: () =>
    Date.now() < OLDEST_CLOCK
      ? failed(new Date().toISOString(), 'The clock is years behind, so no signature can be valid. Set it (NTP).')
      : ok(localTime(new Date().toISOString())!),
  browser: async (context) => {
    if (!context.settings.engines.includes('webjs')) return ok('not needed: the webjs engine is not enabled');
    // Brings Puppeteer along, which the other commands need not load.
    const { checkBrowser } = await import('../engine/webjs/browser/browser-check.ts');
    const facts = await checkBrowser(context.settings.browserPath, browserFlagsOf(context.settings));
    if (!facts.ok) return failed(facts.detail, facts.todo);
    return facts.warning === undefined ? ok(facts.detail) : warning(facts.detail, facts.warning);
  },
  Redis: ({ settings }) => checkRedis(settings),
  bridge: checkBridge,
};

/** What is asked of a bridge that answers. */
const CHECKS_OF_BRIDGE: Readonly<Record<string, Check>> = {
  sessions: checkSessions,
  'dead letters': checkDeadLetters,
  sends: checkSends,
};

/** Runs every check; one that cannot run for bad settings is left out, since those are a finding of their own. */
export async function examine(context: Context): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [check, run] of Object.entries({ ...CHECKS, ...CHECKS_OF_BRIDGE })) {
    const answers = findings.some((finding) => finding.check === 'bridge' && finding.state === 'ok');
    if (check in CHECKS_OF_BRIDGE && !answers) continue;
    try {
      findings.push({ check, ...(await run(context)) });
    } catch (error) {
      const settingsFailed = findings.some((finding) => finding.check === 'settings' && finding.state === 'failed');
      if (!settingsFailed) findings.push({ check, ...failed((error as Error).message, 'Fix it as described.') });
    }
  }
  return findings;
}

/** A settings file with a secret in it, or the private key of TLS, that others can read. */
function openSecret({ file, origins, settings }: LoadedSettings): Result | null {
  const secretInFile = SETTING_NAMES.find((name) => origins[name] === 'file' && definitionOf(name).secret === true);
  if (file !== null && secretInFile !== undefined) {
    const mode = modeOpenToOthers(file);
    if (mode !== null)
      return warning(
        `${file} contains ${secretInFile} and is accessible to other users (mode ${mode})`,
        `Run: chmod 600 ${file}`,
      );
  }
  const { tlsKeyFile } = settings;
  // A group that holds the readers of TLS keys is common.
  const mode = tlsKeyFile === undefined ? null : modeOpenToOthers(tlsKeyFile, ANYBODY);
  return mode === null
    ? null
    : warning(`${tlsKeyFile} is accessible to everyone (mode ${mode})`, `Run: chmod o= ${tlsKeyFile}`);
}

async function checkBridge(context: Context): Promise<Result> {
  const { baseUrl } = context;
  const answers = await fetch(`${baseUrl}/healthz`, { signal: AbortSignal.timeout(3000), redirect: 'error' }).then(
    (response) => response.ok,
    () => false,
  );
  if (!answers) {
    const { host, port } = context.settings;
    if (await portTaken(host, port))
      return failed(`another program listens on port ${port}`, 'Stop it, or choose another port with WABRIDGE_PORT.');
    return warning(`nothing answers at ${baseUrl}`, 'Start the bridge with `wabridge start`.');
  }
  try {
    const { serverTime, version } = await context.client().perform(whoami, {});
    const skew = Math.abs(Date.parse(serverTime) - Date.now());
    if (skew > MAX_SKEW_MS)
      return failed(
        `the bridge answers, but its clock is off by ${Math.round(skew / 1000)} s`,
        'Set both clocks (NTP).',
      );
    return ok(`version ${version} answers at ${baseUrl}`);
  } catch (error) {
    return failed(`a bridge answers at ${baseUrl}, but it does not accept this key`, (error as Error).message);
  }
}

function portTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EADDRINUSE'));
    server.listen(port, host, () => server.close(() => resolve(false)));
  });
}

function nearestFolder(path: string): string {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
