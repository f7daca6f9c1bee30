'use strict';
/** Runs npm with a Node of our choice, for the scripts that install what is missing. Depends on nothing; any Node from 18 on. */
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const BEAT_MS = 20_000;

const say = (line) => process.stderr.write(`wabridge: ${line}\n`);
const isNpm = (file) => /npm-cli\.[cm]?js$/.test(file);

/** npm's own program: the one told by the environment, else the one behind `npm` in the PATH. @throws Error */
function npmProgram() {
  const told = [process.env.WABRIDGE_NPM, process.env.npm_execpath].find((file) => file && isNpm(file));
  if (told) return told;
  for (const folder of (process.env.PATH || '').split(path.delimiter)) {
    const candidate = path.join(folder, 'npm');
    if (fs.existsSync(candidate) && isNpm(fs.realpathSync(candidate))) return fs.realpathSync(candidate);
  }
  throw new Error('npm was not found. Install npm (it comes with Node.js) and try again.');
}

function once(node, args, folder, env) {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const output = [];
  return new Promise((resolve, reject) => {
    const child = spawn(node, [npmProgram(), ...args, '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      env: { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}`, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const beat = setInterval(() => say(`  still at it (${seconds()} s)`), BEAT_MS);
    const stop = (signal) => child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, stop);
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(beat);
      for (const signal of SIGNALS) process.off(signal, stop);
      // Stopped by a signal, ours or npm's: whoever sent it wants this process to end too.
      if (code === null) process.exit(1);
      resolve({ code, seconds: seconds(), output: Buffer.concat(output) });
    });
  });
}

/**
 * Runs npm in a folder and shows its output only where it fails; a line now and then shows that it lives. A registry
 * that hiccups is asked a second time.
 *
 * @param {string} node   the Node that runs npm and its scripts
 * @param {string[]} args npm's arguments
 * @param {string} what   what is being done, for a person
 * @throws Error that says what to look at
 */
async function npm(node, args, { folder, what, env = {}, needs = 'the network and the free disk space' }) {
  say(`${what} …`);
  let done = await once(node, args, folder, env);
  if (done.code !== 0) {
    say(`  that failed (exit code ${done.code}) and is tried once more`);
    done = await once(node, args, folder, env);
  }
  if (done.code !== 0) {
    process.stderr.write(done.output);
    throw new Error(`"npm ${args.join(' ')}" failed in ${folder} (see above). Check ${needs}, then try again.`);
  }
  say(`  done in ${done.seconds} s`);
}

module.exports = { npm, npmProgram, say, SIGNALS };
