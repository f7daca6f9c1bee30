/** Programs that tests and `npm start -- --scale` need and npm does not have: Debian's packages, installed where this is root. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { postgresPrograms } from '../test/servers/postgres.ts';
import { redisProgram } from '../test/servers/redis.ts';
import { run, say } from './tasks.ts';

interface DebianPackage {
  readonly isInstalled: () => boolean;
  /** Of systemd. Tests start the program themselves, so the package must not start it, now or with the machine. */
  readonly service?: string;
}

const PACKAGES = {
  chromium: { isInstalled: () => existsSync('/usr/bin/chromium') },
  'chromium-headless-shell': { isInstalled: () => existsSync('/usr/bin/chromium-headless-shell') },
  postgresql: { isInstalled: () => postgresPrograms() !== null, service: 'postgresql' },
  'redis-server': { isInstalled: () => redisProgram() !== null, service: 'redis-server' },
} as const satisfies Readonly<Record<string, DebianPackage>>;
type PackageName = keyof typeof PACKAGES;

/** The browsers of the browser tests, which run on both: no browser can be downloaded where these tests run. */
export const BROWSERS = ['chromium', 'chromium-headless-shell'] as const;
/** The servers on which the bridge can store and schedule. */
export const SERVERS = ['postgresql', 'redis-server'] as const;

/** Asked by Debian's packages before they start a service. */
const POLICY = '/usr/sbin/policy-rc.d';
const POLICY_NOTHING_STARTS = '#!/bin/sh\nexit 101\n';
/** Read by postgresql-common, which makes and starts a database server of its own otherwise. */
const POSTGRES_FOLDER = '/etc/postgresql-common';
const POSTGRES_POLICY = `${POSTGRES_FOLDER}/createcluster.conf`;

/**
 * Installs what is missing.
 *
 * @param who needs them, for people
 * @throws Error that says what to install, where this is not root on Debian
 */
export async function ensureDebianPackages(names: readonly PackageName[], who = 'the tests'): Promise<void> {
  const missing = names.filter((name) => !PACKAGES[name].isInstalled());
  if (missing.length === 0) return;
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(
      `missing for ${who}: ${missing.join(', ')}. Install it (Debian: sudo apt-get install ${missing.join(' ')}) and try again.`,
    );
  }
  say(`installing Debian's ${missing.join(', ')} for ${who} (about a minute) …`);
  await withoutServices(missing, async () => {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    const update = await run('apt-get', ['update', '-qq'], { env, show: 'on-failure' });
    const install = await run('apt-get', ['install', '-y', '-qq', ...missing], { env, show: 'on-failure' });
    if (update.code !== 0 || install.code !== 0)
      throw new Error(`apt-get could not install ${missing.join(', ')} (see above)`);
  });
}

/** Nothing listens after the installation that did not before it. */
async function withoutServices(names: readonly PackageName[], install: () => Promise<void>): Promise<void> {
  const services = names.flatMap((name) => {
    const { service }: DebianPackage = PACKAGES[name];
    return service === undefined ? [] : [service];
  });
  if (services.length === 0) return install();
  const addsPolicy = !existsSync(POLICY);
  if (addsPolicy) writeFileSync(POLICY, POLICY_NOTHING_STARTS, { mode: 0o755 });
  if (names.includes('postgresql') && !existsSync(POSTGRES_POLICY)) {
    mkdirSync(POSTGRES_FOLDER, { recursive: true });
    writeFileSync(POSTGRES_POLICY, 'create_main_cluster = false\n');
  }
  try {
    await install();
    if (existsSync('/usr/bin/systemctl'))
      await run('/usr/bin/systemctl', ['disable', '--quiet', ...services], { show: 'never' });
  } finally {
    if (addsPolicy) rmSync(POLICY, { force: true });
  }
}
