/**
 * The published package on a machine where no browser can be downloaded: packed, installed by npm with install scripts
 * switched on, and used. It needs npm's registry and nothing else.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';

jest.setTimeout(600_000);
const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const { npmProgram } = createRequire(import.meta.url)('../../scripts/npm.cjs') as { npmProgram: () => string };

/** Nothing listens there. */
const NOWHERE = 'http://127.0.0.1:9';

let folder: string;
let environment: NodeJS.ProcessEnv;
let manifest: { version: string; dependencies: Record<string, string> };

const npm = (cwd: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  run(process.execPath, [npmProgram(), ...args, '--ignore-scripts=false', '--no-audit', '--no-fund'], {
    cwd,
    env: environment,
  });
async function project(name: string): Promise<string> {
  const made = join(folder, name);
  await mkdir(made);
  await writeFile(join(made, 'package.json'), '{ "private": true }');
  return made;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-package-'));
  // What this run of npm told its children (this repository switches install scripts off) is not to be handed on.
  const inherited = Object.entries(process.env).filter(([name]) => !/^(npm_|PUPPETEER_|NODE_OPTIONS)/i.test(name));
  environment = {
    ...Object.fromEntries(inherited),
    PUPPETEER_CHROME_DOWNLOAD_BASE_URL: NOWHERE,
    PUPPETEER_CHROME_HEADLESS_SHELL_DOWNLOAD_BASE_URL: NOWHERE,
    PUPPETEER_CACHE_DIR: join(folder, 'browsers'),
  };
  manifest = JSON.parse(await readFile(join(ROOT, 'bridge', 'package.json'), 'utf8')) as typeof manifest;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('Puppeteer itself cannot be installed here, so that this test would notice its download', async () => {
  const version = manifest.dependencies['puppeteer']?.split('@').at(-1);
  const empty = await project('puppeteer');
  const install = (): Promise<string> =>
    npm(empty, 'install', `puppeteer@${version}`).then(
      () => 'it was installed',
      (error: { stderr: string }) => error.stderr,
    );
  const first = await install();
  // A registry that hiccups is asked a second time.
  expect(first.includes('ECONNREFUSED') ? first : await install()).toContain('ECONNREFUSED');
});

test('the packed bridge installs, and whatsapp-web.js drives a browser of the system', async () => {
  const source = join(folder, 'source');
  await mkdir(source);
  // As `npm run build` left it.
  for (const part of ['bin', 'dist', 'package.json'])
    await cp(join(ROOT, 'bridge', part), join(source, part), { recursive: true });
  await npm(source, 'pack', '--pack-destination', folder);

  const user = await project('user');
  const install = (): Promise<unknown> => npm(user, 'install', join(folder, `wabridge-${manifest.version}.tgz`));
  await install().catch(install);
  const wabridge = async (...args: string[]): Promise<string> =>
    (await run(join(user, 'node_modules', '.bin', 'wabridge'), args, { cwd: user, env: environment })).stdout.trim();
  expect(await wabridge('--version')).toBe(manifest.version);
  const browser = JSON.parse(await wabridge('browser', 'show', '--json')) as { path: string; shell: boolean };

  await writeFile(
    join(user, 'drive.cjs'),
    `const library = require.resolve('whatsapp-web.js');
     const { Client } = require(library);
     const puppeteer = require('node:module').createRequire(library)('puppeteer');
     const [executablePath, headless] = process.argv.slice(2);
     const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
     puppeteer.launch({ executablePath, headless: headless === 'shell' ? 'shell' : true, pipe: true, args }).then(async (browser) => {
       const answer = await (await browser.newPage()).evaluate(() => 6 * 7);
       await browser.close();
       console.log(JSON.stringify({ answer, client: typeof Client }));
     });`,
  );
  const driven = await run(process.execPath, ['drive.cjs', browser.path, browser.shell ? 'shell' : 'whole'], {
    cwd: user,
    env: environment,
  });
  expect(JSON.parse(driven.stdout)).toEqual({ answer: 42, client: 'function' });
});
