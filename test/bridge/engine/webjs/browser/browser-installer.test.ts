/** The installer with a made-up package manager, and with Puppeteer's real installer against a server of our own. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Browser as Product, computeExecutablePath } from '@puppeteer/browsers';
import type { Places } from '../../../../../bridge/src/engine/webjs/browser/browser-finder.ts';
import {
  BUILD_ID,
  installBrowser,
  runProgram,
  type InstallerOptions,
  type Ran,
} from '../../../../../bridge/src/engine/webjs/browser/browser-installer.ts';
import { zipOf } from './zip.ts';

const BUILD = '146.0.1.2';
const RUNS = '#!/bin/sh\necho "Chromium 146"\n';
const LACKS = '#!/bin/sh\necho "error while loading shared libraries: libnss3.so" >&2\nexit 127\n';

test('the build is the one that Puppeteer was made for', async () => {
  const { PUPPETEER_REVISIONS } = (await import('puppeteer')) as unknown as {
    PUPPETEER_REVISIONS: Record<string, string>;
  };
  expect(PUPPETEER_REVISIONS['chrome-headless-shell']).toBe(BUILD_ID);
});

let folder: string;
let places: Places;
let ran: string[];
let said: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wabridge-installer-'));
  places = { shells: [join(folder, 'shell')], browsers: [join(folder, 'chromium')], cache: join(folder, 'cache') };
  ran = [];
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const program = (path: string, text = RUNS): string => {
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
};
/** Packages as a system has them: each puts a program somewhere, or is not known. */
const aptWith =
  (packages: Readonly<Record<string, string>>): InstallerOptions['run'] =>
  async (called, args, onLine): Promise<Ran> => {
    if (!called.endsWith('apt-get')) return runProgram(called, args, onLine);
    ran.push(args.join(' '));
    if (args[0] === 'update') return { code: 0, output: '' };
    const path = packages[args.at(-1) as string];
    if (path === undefined) return { code: 100, output: `E: Unable to locate package ${args.at(-1)}` };
    onLine('Setting up …');
    program(path);
    return { code: 0, output: 'Setting up …' };
  };
const optionsWith = (more: Partial<InstallerOptions>): InstallerOptions => ({
  places,
  uid: 0,
  aptGet: program(join(folder, 'apt-get')),
  run: aptWith({}),
  buildId: BUILD,
  // Nothing listens there: a test that downloads without meaning to fails.
  downloadBaseUrl: 'http://127.0.0.1:9',
  stallMs: 20_000,
  say: (line) => said.push(line),
  ...more,
});

describe('as root on Debian', () => {
  test('the package of the headless shell is installed, with progress', async () => {
    const shell = places.shells[0] as string;
    const installed = await installBrowser(optionsWith({ run: aptWith({ 'chromium-headless-shell': shell }) }));
    expect(installed).toEqual({ browser: { path: shell, shell: true, foundBy: 'system' }, how: 'package' });
    expect(ran).toEqual(['update -q', 'install -y -q --no-install-recommends chromium-headless-shell']);
    expect(said).toEqual(expect.arrayContaining(['Installing the package chromium-headless-shell …', 'Setting up …']));
  });

  test('a whole Chromium is installed where there is no package of the shell', async () => {
    const chromium = places.browsers[0] as string;
    const installed = await installBrowser(optionsWith({ run: aptWith({ chromium }) }));
    expect(installed.browser).toEqual({ path: chromium, shell: false, foundBy: 'system' });
  });

  test('a package that brings only a stub is no browser', async () => {
    const run = aptWith({ chromium: join(folder, 'elsewhere') });
    await expect(installBrowser(optionsWith({ run }))).rejects.toThrow(/did not install a browser.*download failed/);
  });

  test('nothing is done where a headless shell is there already', async () => {
    const path = program(places.shells[0] as string);
    expect(await installBrowser(optionsWith({}))).toMatchObject({ browser: { path }, how: 'present' });
    expect(ran).toEqual([]);
  });

  test('a browser that lacks libraries is not taken for installed', async () => {
    program(places.shells[0] as string, LACKS);
    await expect(installBrowser(optionsWith({}))).rejects.toMatchObject({
      code: 'WAB_BROWSER_INSTALL_FAILED',
      message: expect.stringContaining('libnss3.so'),
    });
  });
});

describe("Puppeteer's installer", () => {
  let server: Server;
  const serve = async (answer: RequestListener): Promise<string> => {
    server = createServer(answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const path = (): string =>
    computeExecutablePath({ cacheDir: places.cache, browser: Product.CHROMEHEADLESSSHELL, buildId: BUILD });
  /** The file inside the archive, below the folder that Puppeteer makes for the build. */
  const archive = (text = RUNS): Buffer =>
    zipOf({ name: path().split(`-${BUILD}/`)[1] as string, bytes: Buffer.from(text), mode: 0o755 });

  test('another user downloads the headless shell into its folder', async () => {
    const asked: string[] = [];
    const downloadBaseUrl = await serve((request, response) => {
      asked.push(request.url as string);
      const bytes = archive();
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    });
    const installed = await installBrowser(optionsWith({ uid: 1000, downloadBaseUrl }));
    expect(installed).toEqual({ browser: { path: path(), shell: true, foundBy: 'puppeteer' }, how: 'download' });
    expect(asked).toEqual([expect.stringContaining(`/${BUILD}/`)]);
    expect(ran).toEqual([]);
    expect(said.at(-1)).toContain('100 %');
    expect(await installBrowser(optionsWith({ uid: 1000 }))).toMatchObject({ how: 'present' });
  });

  test('what an earlier download left torn is not taken for whole', async () => {
    const root = join(places.cache, Product.CHROMEHEADLESSSHELL);
    mkdirSync(
      join(
        root,
        path()
          .slice(root.length + 1)
          .split('/')[0] as string,
      ),
      { recursive: true },
    );
    writeFileSync(join(root, `${BUILD}-${'chrome-headless-shell-linux64.zip'}`), 'half a file');
    const downloadBaseUrl = await serve((_, response) => void response.end(archive()));
    expect(await installBrowser(optionsWith({ uid: 1000, downloadBaseUrl }))).toMatchObject({ how: 'download' });
    expect(readdirSync(root)).toHaveLength(1);
  });

  test('a refusal, and a server that falls silent, are told with what to do', async () => {
    const refused = await serve((_, response) => void response.writeHead(403).end());
    await expect(installBrowser(optionsWith({ uid: 1000, downloadBaseUrl: refused }))).rejects.toMatchObject({
      code: 'WAB_BROWSER_INSTALL_FAILED',
      message: expect.stringMatching(/download failed.*403.*WABRIDGE_BROWSER_PATH/),
    });
    server.close();
    const silent = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 1_000_000 });
      response.write('a beginning');
    });
    const options = optionsWith({ uid: 1000, downloadBaseUrl: silent, stallMs: 500 });
    await expect(installBrowser(options)).rejects.toThrow(/no data arrived/);
  });

  test('as root it is the last resort, and the error names everything that was tried', async () => {
    const downloadBaseUrl = await serve((_, response) => void response.writeHead(404).end());
    await expect(installBrowser(optionsWith({ downloadBaseUrl }))).rejects.toThrow(
      /chromium-headless-shell ended with 100: E: Unable to locate.*install chromium ended.*download failed/,
    );
  });
});
