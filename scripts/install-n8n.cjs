'use strict';
/**
 * Installs the n8n that `npm start`, the end-to-end tests and the benchmark run: a private package with its own lock in
 * test/e2e/n8n, outside the node pack. Does nothing where that is done already. Run it with the Node that will run n8n.
 *
 * Install scripts stay off: one dependency insists on pnpm, another fails to compile, and n8n needs only sqlite3 built.
 */
const { createHash } = require('node:crypto');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { npm, say } = require('./npm.cjs');

const folder = path.resolve(__dirname, '..', 'test', 'e2e', 'n8n');
const modules = path.join(folder, 'node_modules');
const lockFile = path.join(folder, 'package-lock.json');
const stampFile = path.join(modules, '.wabridge-installed');

/** What an installation of n8n needs besides npm. */
const NEEDS = 'the network and the free disk space (4 GB)';

/** Whether what npm noted as installed is what the lock asks for. */
function packagesAreThere() {
  const note = path.join(modules, '.package-lock.json');
  if (!fs.existsSync(note)) return false;
  const wanted = JSON.parse(fs.readFileSync(lockFile, 'utf8')).packages;
  const installed = JSON.parse(fs.readFileSync(note, 'utf8')).packages;
  return Object.entries(wanted).every(
    ([name, entry]) => name === '' || entry.optional || entry.dev || installed[name]?.version === entry.version,
  );
}

/** The headers of this very Node, so that the build downloads nothing. */
function headers() {
  const prefix = path.dirname(path.dirname(process.execPath));
  return fs.existsSync(path.join(prefix, 'include', 'node', 'node.h')) ? { npm_config_nodedir: prefix } : {};
}

/** Whether this Node can load the database driver. */
const sqliteLoads = () =>
  spawnSync(process.execPath, ['-e', "require('sqlite3')"], { cwd: folder, stdio: 'ignore' }).status === 0;

async function main() {
  const stamp = createHash('sha256').update(fs.readFileSync(lockFile)).update(process.version).digest('hex');
  if (fs.existsSync(stampFile) && fs.readFileSync(stampFile, 'utf8') === stamp) return;
  const { n8n } = require(path.join(folder, 'package.json')).dependencies;
  say(`installing n8n ${n8n} for this repository alone: about three minutes and 4 GB of disk, once`);
  if (!packagesAreThere())
    await npm(process.execPath, ['ci', '--ignore-scripts'], {
      folder,
      what: 'fetching n8n and what it needs (about 100 s)',
      needs: NEEDS,
    });
  if (!sqliteLoads())
    await npm(process.execPath, ['rebuild', 'sqlite3', '--ignore-scripts=false'], {
      folder,
      env: headers(),
      what: 'building its database driver, sqlite3 (about a minute)',
      needs: NEEDS,
    });
  if (!sqliteLoads())
    throw new Error(
      'sqlite3 was built but does not load. It needs python3, make and a C++ compiler (Debian and Ubuntu: sudo apt-get install python3 build-essential).',
    );
  fs.writeFileSync(stampFile, stamp);
}

main().catch((error) => {
  say(error.message);
  process.exitCode = 1;
});
