'use strict';
/**
 * The way in for `npm start`, `npm test` and the rest. Runs on any Node from 18 on, depends on nothing, and brings what
 * the real scripts need: Node 24 (n8n needs it) and the packages of the lock file. Then it hands over.
 */
const { createHash } = require('node:crypto');
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const NODE_MAJOR = 24;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const COMMANDS = {
  start: 'start.ts',
  test: 'test.ts',
  'test:unit': 'test.ts',
  build: 'build.ts',
  lint: 'lint.ts',
  bench: 'bench.ts',
};

const say = (line) => process.stderr.write(`wabridge: ${line}\n`);

function fail(line) {
  say(line);
  process.exit(1);
}

/** npm's own program, so that it can be run with the Node of our choice. */
function npmProgram() {
  const fromEnvironment = process.env.npm_execpath;
  if (fromEnvironment && /npm-cli\.[cm]?js$/.test(fromEnvironment)) return fromEnvironment;
  for (const folder of (process.env.PATH || '').split(path.delimiter)) {
    const candidate = path.join(folder, 'npm');
    if (!fs.existsSync(candidate)) continue;
    const real = fs.realpathSync(candidate);
    if (/npm-cli\.[cm]?js$/.test(real)) return real;
  }
  return fail('npm was not found. Install npm (it comes with Node.js) and try again.');
}

/** Runs npm in a folder and shows its output only where it fails; a dot every few seconds shows that it lives. */
function npm(node, args, folder, why) {
  say(`${why} …`);
  const started = Date.now();
  const output = [];
  return new Promise((resolve) => {
    const child = spawn(node, [npmProgram(), ...args, '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      env: { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const beat = setInterval(() => say(`  still at it (${Math.round((Date.now() - started) / 1000)} s)`), 20_000);
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    const stop = (signal) => child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, stop);
    child.on('close', (code) => {
      clearInterval(beat);
      for (const signal of SIGNALS) process.off(signal, stop);
      if (code === null) process.exit(1);
      if (code !== 0) {
        process.stderr.write(Buffer.concat(output));
        fail(
          `"npm ${args.join(' ')}" failed in ${path.relative(root, folder) || '.'} (see above). Check the network and the free disk space, then try again.`,
        );
      }
      say(`  done in ${Math.round((Date.now() - started) / 1000)} s`);
      resolve();
    });
  });
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
    await npm(
      process.execPath,
      ['ci'],
      folder,
      `this is Node ${process.versions.node}; fetching Node ${wanted} for this repository alone`,
    );
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
  await npm(node, ['ci'], root, 'installing the packages of this repository (about a minute)');
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
    [path.join(__dirname, script), ...(command === 'test:unit' ? ['--only=unit'] : []), ...args],
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

main().catch((error) => fail(error.stack));
