/**
 * The pack in an n8n of one's own: built by the command of the README, put into place by exactly the words that it prints
 * and that the README has, and loaded by an n8n whose folder was empty before.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { INSTALL_STEPS, installText, TARBALL } from '../../scripts/install-steps.ts';
import { freePort } from './bridge-process.ts';
import { N8nServer } from './n8n-server.ts';

jest.setTimeout(600_000);
const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const [byNpm, inDocker] = INSTALL_STEPS;

let folder: string;
let printed: string;

/** Types a line into a shell at the root of the repository, as somebody with an empty home. */
async function type(line: string, home: string, programs = ''): Promise<void> {
  const path = [programs, process.env['PATH'] ?? ''].filter((each) => each !== '').join(delimiter);
  await run('sh', ['-c', line], { cwd: ROOT, env: { HOME: home, PATH: path } });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-own-n8n-'));
  // The bootstrap brings packages only; they are here.
  printed = (await run(process.execPath, ['scripts/bootstrap.cjs', 'pack:n8n'], { cwd: ROOT, env: process.env }))
    .stdout;
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(join(ROOT, TARBALL), { force: true });
});

test('what is printed is what the README says', async () => {
  expect(printed.trim()).toBe(installText());
  const lines = (await readFile(join(ROOT, 'README.md'), 'utf8')).split('\n').map((line) => line.trim());
  for (const command of INSTALL_STEPS.flatMap(({ commands }) => commands)) {
    expect(printed).toContain(command);
    expect(lines).toContain(command);
  }
});

test('n8n installed by npm: its nodes are there after these words and a start, with their help', async () => {
  const home = join(folder, 'npm');
  await mkdir(home);
  for (const command of byNpm!.commands) await type(command, home);
  // The same again replaces what was there.
  for (const command of byNpm!.commands) await type(command, home);
  const server = new N8nServer({ folder: home, port: await freePort(), brokerPort: await freePort() });
  try {
    await server.start();
    const types = ['waBridge', 'waBridgeTrigger'].map((name) => ({ name: `n8n-nodes-wabridge.${name}`, version: 1 }));
    const loaded = await server.rest<
      { name: string; credentials: object[]; codex: { resources: { primaryDocumentation: { url: string }[] } } }[]
    >('POST', '/node-types', { nodeInfos: types });
    expect(loaded.map(({ name }) => name)).toEqual(['waBridge', 'waBridgeTrigger']);
    for (const { credentials, codex } of loaded) {
      expect(credentials).toMatchObject([{ name: 'waBridgeApi' }]);
      // The editor adds its own parameters behind the address, as it does for every node.
      const help = new URL(`${codex.resources.primaryDocumentation[0]!.url}?utm_source=n8n_app`, server.url);
      const page = await fetch(help);
      expect({ status: page.status, type: page.headers.get('content-type') }).toEqual({
        status: 200,
        type: expect.stringContaining('image/svg+xml'),
      });
      expect(await page.text()).toContain('wabridge key issue');
    }
    expect(server.output).not.toMatch(/Failed to load|error.*wabridge/i);
  } finally {
    await server.kill();
  }
});

test('n8n in Docker: the words put the same files into the folder of the container', async () => {
  const [programs, container] = [join(folder, 'bin'), join(folder, 'container')];
  await Promise.all([mkdir(programs), mkdir(container)]);
  // In place of a container: its shell with its home, and a note of what else was asked for.
  const docker = join(programs, 'docker');
  await writeFile(
    docker,
    `#!/bin/sh\nif [ "$1 $2 $3" = "exec -i n8n" ]; then shift 3; HOME=${container} exec "$@"; fi\necho "$@" >> ${container}/asked\n`,
  );
  await chmod(docker, 0o755);
  for (const command of inDocker!.commands) await type(command, join(folder, 'nobody'), programs);
  const manifest = join(container, '.n8n', 'nodes', 'node_modules', 'n8n-nodes-wabridge', 'package.json');
  expect(JSON.parse(await readFile(manifest, 'utf8'))).toMatchObject({ name: 'n8n-nodes-wabridge' });
  expect(await readFile(join(container, 'asked'), 'utf8')).toBe('restart n8n\n');
});
