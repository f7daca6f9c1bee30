'use strict';
/**
 * The way in for `npm start`, `npm test` and the rest. Runs on any Node from 18 on, depends on nothing, and brings what
 * the real scripts need: Node 24 (n8n needs it) and the packages of the lock file. Then it hands over.
 */
const { createHash } = require('node:crypto');
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { npm, npmProgram, say, SIGNALS } = require('./npm.cjs');

const root = path.resolve(__dirname, '..');
const NODE_MAJOR = 24;
const COMMANDS = {
  start: 'start.ts',
  test: 'test.ts',
  'test:unit': 'test.ts',
  'test:long': 'test.ts',
  build: 'build.ts',
  generate: 'generate.ts',
  'pack:n8n': 'pack-n8n.ts',
  lint: 'lint.ts',
  bench: 'bench.ts',
  standin: '../test/standin/main.ts',
  torture: 'torture.ts',
};

function fail(line) {
  say(line);
  process.exit(1);
}

/** The path of a Node of the right major version: this one, or the one that npm brings into tools/node. */
async function ensureNode() {
  if (Number(process.versions.node.split('.')[0]) === NODE_MAJOR) return process.execPath;
  const folder = path.join(root, 'tools', 'node');
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const binary = path.join(
    folder,
    'node_modules',
    `node-${platform}-${process.arch}`,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  const wanted = require('../tools/node/package.json').optionalDependencies[`node-${platform}-${process.arch}`];
  if (!wanted) {
    fail(
      `this is Node ${process.versions.node}, wabridge runs on Node ${NODE_MAJOR}, and npm has no Node ${NODE_MAJOR} for ${platform}-${process.arch}. Install Node ${NODE_MAJOR} and try again.`,
    );
  }
  const present =
    fs.existsSync(binary) && spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout?.trim() === `v${wanted}`;
  if (!present)
    await npm(process.execPath, ['ci'], {
      folder,
      what: `this is Node ${process.versions.node}; fetching Node ${wanted} for this repository alone`,
    });
  if (!fs.existsSync(binary))
    fail(`npm did not install ${path.relative(root, binary)}. Delete tools/node/node_modules and try again.`);
  return binary;
}

/** `npm ci`, unless the installed packages are those of the lock file already. */
async function ensurePackages(node) {
  // Called by a script that was started here (the tests run `npm start`): its packages are there, and in use.
  if (process.env.WABRIDGE_NPM) return;
  const lock = fs.readFileSync(path.join(root, 'package-lock.json'));
  const wanted = createHash('sha256').update(lock).update(String(NODE_MAJOR)).digest('hex');
  const stamp = path.join(root, 'node_modules', '.wabridge-installed');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return;
  await npm(node, ['ci'], { folder: root, what: 'installing the packages of this repository (about a minute)' });
  fs.writeFileSync(stamp, wanted);
}

/** Calls back when the process that started this one has ended. */
function whenOrphaned(callback) {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    callback();
  }, 500);
  watch.unref();
}

async function main() {
  const [command, ...args] = process.argv.slice(2);
  const script = COMMANDS[command];
  if (!script) fail(`there is no command "${command ?? ''}". There are: ${Object.keys(COMMANDS).join(', ')}.`);
  const node = await ensureNode();
  await ensurePackages(node);
  const child = spawn(
    node,
    [path.join(__dirname, script), ...(command.startsWith('test:') ? [`--only=${command.slice(5)}`] : []), ...args],
    {
      cwd: root,
      stdio: 'inherit',
      env: {
        ...process.env,
        PATH: `${path.dirname(node)}${path.delimiter}${path.join(root, 'node_modules', '.bin')}${path.delimiter}${process.env.PATH}`,
        WABRIDGE_NPM: npmProgram(),
      },
    },
  );
  // A terminal sends Ctrl-C to the child as well; a supervisor signals this process alone. Either way it waits for the end.
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  // npm, asked to stop, ends without a word to what its shell started.
  if (process.env.npm_lifecycle_event) whenOrphaned(() => child.kill('SIGTERM'));
  child.on('close', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

main().catch((error) => fail(error.message));
