#!/usr/bin/env node
// The wabridge command. A committed file, so that npm can link it before the first build: it runs the build where there
// is one, else the source, and finds a new enough Node where the one it was started with is too old.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED = [22, 13];
const STRIPS_TYPES = [22, 18];
const bridge = join(dirname(fileURLToPath(import.meta.url)), '..');
const built = programsIn(join(bridge, 'dist'), 'cli.js', 'young-generation.js');
const source = programsIn(join(bridge, 'src'), 'cli/cli.ts', 'ops/young-generation.ts');
const version = process.versions.node.split('.').map(Number);
const atLeast = ([major, minor]) => version[0] > major || (version[0] === major && version[1] >= minor);

// In a clone the source wins, so that nobody runs yesterday's build; the published package has the build alone.
const { cli, youngGeneration } = existsSync(source.cli) && atLeast(STRIPS_TYPES) ? source : built;

if (atLeast(NEEDED) && existsSync(cli)) {
  if (process.argv[2] === 'start') {
    // Before the command itself is loaded, since this begins the process anew (bridge/docs/adr/0014).
    const { keepYoungGenerationSmall } = await import(pathToFileURL(youngGeneration).href);
    keepYoungGenerationSmall(fileURLToPath(import.meta.url));
  }
  const { run } = await import(pathToFileURL(cli).href);
  process.exitCode = await run(process.argv);
} else {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const node = join(
    bridge,
    '..',
    'tools',
    'node',
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (!existsSync(node)) {
    const needed = (existsSync(built.cli) ? NEEDED : STRIPS_TYPES).join('.');
    fail(
      `wabridge needs Node ${needed} or newer; this is Node ${process.versions.node}. Install Node 24, or run \`npm start\` once in the repository, which fetches it.`,
    );
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to the child as well; a supervisor signals this process alone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}

function programsIn(folder, cli, youngGeneration) {
  return { cli: join(folder, cli), youngGeneration: join(folder, youngGeneration) };
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
