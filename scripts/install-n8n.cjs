'use strict';
/**
 * Installs the n8n that `npm start`, the end-to-end tests and the benchmark run: a private package with its own lock in
 * test/e2e/n8n, outside the node pack. Does nothing where that is done already. Run it with the Node that will run n8n.
 *
 * It is large, so all clones of one user share it: it lives in the user's cache folder, named after everything that it
 * depends on, and test/e2e/n8n/node_modules links there.
 *
 * Install scripts stay off: one dependency insists on pnpm, another fails to compile, and n8n needs only sqlite3 built.
 */
const { createHash } = require('node:crypto');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { npm, say } = require('./npm.cjs');

const folder = path.resolve(__dirname, '..', 'test', 'e2e', 'n8n');
const modules = path.join(folder, 'node_modules');
const PACKAGE_FILES = ['package.json', 'package-lock.json'];
const UNUSED_DAYS = 30;

/** What an installation of n8n needs besides npm. */
const NEEDS = 'the network and the free disk space (4 GB)';

/** Changes with everything that an installation depends on. */
const identity = createHash('sha256')
  .update(fs.readFileSync(path.join(folder, 'package-lock.json')))
  .update([process.version, process.platform, process.arch].join(' '))
  .digest('hex')
  .slice(0, 16);
const caches = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'wabridge');
const shared = path.join(caches, `n8n-${identity}`);

/** The stamp of a finished installation; when it was touched last tells when it was used last. */
const stampOf = (home) => path.join(home, 'node_modules', '.wabridge-installed');

/** Whether the packages of this clone are those of a finished installation. */
function isInstalled() {
  try {
    return fs.readFileSync(stampOf(folder), 'utf8') === identity;
  } catch {
    return false;
  }
}

/** The headers of this very Node, so that the build downloads nothing. */
function headers() {
  const prefix = path.dirname(path.dirname(process.execPath));
  return fs.existsSync(path.join(prefix, 'include', 'node', 'node.h')) ? { npm_config_nodedir: prefix } : {};
}

/** Whether this Node can load the database driver. */
const sqliteLoads = (home) =>
  spawnSync(process.execPath, ['-e', "require('sqlite3')"], { cwd: home, stdio: 'ignore' }).status === 0;

/** Installs into a folder that no other process uses. */
async function install(home) {
  for (const file of PACKAGE_FILES) fs.copyFileSync(path.join(folder, file), path.join(home, file));
  await npm(process.execPath, ['ci', '--ignore-scripts'], {
    folder: home,
    what: 'fetching n8n and what it needs (about 100 s)',
    needs: NEEDS,
  });
  if (!sqliteLoads(home))
    await npm(process.execPath, ['rebuild', 'sqlite3', '--ignore-scripts=false'], {
      folder: home,
      env: headers(),
      what: 'building its database driver, sqlite3 (about a minute)',
      needs: NEEDS,
    });
  if (!sqliteLoads(home))
    throw new Error(
      'sqlite3 was built but does not load. It needs python3, make and a C++ compiler (Debian and Ubuntu: sudo apt-get install python3 build-essential).',
    );
  fs.writeFileSync(stampOf(home), identity);
}

/** Removes what nobody has used for a month, and what an installation that did not end has left. */
function removeOld() {
  for (const name of fs.readdirSync(caches).filter((each) => each.startsWith('n8n-'))) {
    const home = path.join(caches, name);
    const used = fs.statSync(stampOf(home), { throwIfNoEntry: false })?.mtimeMs;
    const since = used ?? fs.statSync(home, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    const days = (Date.now() - since) / 86_400_000;
    if (days > (used === undefined ? 1 : UNUSED_DAYS)) fs.rmSync(home, { recursive: true, force: true });
  }
}

/** Installs beside the place where it is looked for and moves it there whole: several may do so at once. */
async function installShared() {
  fs.mkdirSync(caches, { recursive: true });
  removeOld();
  const { n8n } = require(path.join(folder, 'package.json')).dependencies;
  say(`installing n8n ${n8n} for the clones of this repository alone: about three minutes and 4 GB of disk, once`);
  const unfinished = fs.mkdtempSync(`${shared}.`);
  try {
    await install(unfinished);
    // Another may have been faster.
    if (fs.existsSync(stampOf(shared))) return;
    fs.rmSync(shared, { recursive: true, force: true });
    fs.renameSync(unfinished, shared);
  } finally {
    fs.rmSync(unfinished, { recursive: true, force: true });
  }
}

async function main() {
  if (!isInstalled()) {
    if (!fs.existsSync(stampOf(shared))) await installShared();
    // A link to another version, or an installation of this clone's own from before they were shared.
    fs.rmSync(modules, { recursive: true, force: true });
    fs.symlinkSync(path.join(shared, 'node_modules'), modules, 'junction');
  }
  const now = new Date();
  fs.utimesSync(stampOf(folder), now, now);
}

main().catch((error) => {
  say(error.message);
  process.exitCode = 1;
});
