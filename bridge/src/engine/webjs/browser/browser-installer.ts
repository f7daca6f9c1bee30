/**
 * Puts a browser on the machine: Debian's package where this user may install one, else what Puppeteer's own installer
 * downloads. Always the headless shell, which needs about half the memory; a whole Chromium only if there is no other.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Browser as Product, computeExecutablePath, detectBrowserPlatform, install } from '@puppeteer/browsers';
import { WabError } from '../../../contract/errors.ts';
import { messageOf } from '../../../ops/reason.ts';
import { browserEnvironment } from './browser-environment.ts';
import { type Browser, browsersAt, type Places } from './browser-finder.ts';

export interface Ran {
  readonly code: number;
  readonly output: string;
}
/** Runs a program to its end and passes each line on; rejects if there is no such program. */
export type RunProgram = (program: string, args: readonly string[], onLine: (line: string) => void) => Promise<Ran>;

export interface InstallerOptions {
  readonly places: Places;
  /** Who installs; only root may install packages. */
  readonly uid: number | undefined;
  /** Debian's installer; used where it exists. */
  readonly aptGet: string;
  readonly run: RunProgram;
  readonly buildId: string;
  /** Where to download from, unless from Google's store: PUPPETEER_CHROME_HEADLESS_SHELL_DOWNLOAD_BASE_URL. */
  readonly downloadBaseUrl: string | undefined;
  /** A download that gets nothing for so long is given up, in milliseconds. */
  readonly stallMs: number;
  /** Says what is going on, for a person. */
  readonly say: (line: string) => void;
}

export interface Installed {
  readonly browser: Browser;
  /** How it came; `present` where nothing was to be done. */
  readonly how: 'present' | 'package' | 'download';
}

/** The build that this release of Puppeteer was made for; a test holds the two together. */
export const BUILD_ID = '146.0.7680.31';

const PACKAGES = ['chromium-headless-shell', 'chromium'];
const SAYS_EVERY_PERCENT = 10;

/**
 * Installs a headless shell unless there is one.
 *
 * @throws WabError WAB_BROWSER_INSTALL_FAILED with what was tried and what to do instead
 */
export async function installBrowser(options: InstallerOptions): Promise<Installed> {
  const present = browsersAt(options.places).find(({ shell }) => shell);
  if (present) return { browser: await proven(present, options), how: 'present' };
  const reasons: string[] = [];
  if (process.platform === 'linux' && options.uid === 0 && existsSync(options.aptGet)) {
    const byPackage = await fromPackages(options, reasons);
    if (byPackage) return { browser: await proven(byPackage, options), how: 'package' };
  }
  try {
    return { browser: await proven(await fromPuppeteer(options), options), how: 'download' };
  } catch (error) {
    if (error instanceof WabError) throw error;
    reasons.push(`the download failed: ${onOneLine(error)}`);
    throw failed(reasons.join('; '), error);
  }
}

async function fromPackages(
  { aptGet, run, say, places }: InstallerOptions,
  reasons: string[],
): Promise<Browser | null> {
  say('Updating the package lists …');
  const update = await run(aptGet, ['update', '-q'], say);
  if (update.code !== 0) reasons.push(`apt-get update ended with ${update.code}: ${lastLine(update.output)}`);
  for (const name of PACKAGES) {
    say(`Installing the package ${name} …`);
    const { code, output } = await run(aptGet, ['install', '-y', '-q', '--no-install-recommends', name], say);
    if (code !== 0) {
      reasons.push(`apt-get install ${name} ended with ${code}: ${lastLine(output)}`);
      continue;
    }
    const [browser] = browsersAt(places).filter(({ foundBy }) => foundBy === 'system');
    if (browser) return browser;
    reasons.push(`the package ${name} did not install a browser in any of the usual places`);
  }
  return null;
}

async function fromPuppeteer(options: InstallerOptions): Promise<Browser> {
  const { places, buildId, downloadBaseUrl, stallMs, say } = options;
  const browser = Product.CHROMEHEADLESSSHELL;
  if (detectBrowserPlatform() === undefined || (process.platform === 'linux' && process.arch !== 'x64'))
    throw new Error(`no browser is available for ${process.platform} on ${process.arch}`);
  clearTorn(places.cache, browser, buildId);
  say(`Downloading ${browser} ${buildId} to ${places.cache} …`);
  let lastOutputAt = performance.now();
  let saidPercent = 0;
  const download = install({
    browser,
    buildId,
    cacheDir: places.cache,
    ...(downloadBaseUrl === undefined ? {} : { baseUrl: downloadBaseUrl }),
    downloadProgressCallback: (bytes, of) => {
      lastOutputAt = performance.now();
      const percent = Math.floor((bytes / of) * 100);
      if (!(percent >= saidPercent + SAYS_EVERY_PERCENT)) return;
      saidPercent = percent - (percent % SAYS_EVERY_PERCENT);
      say(`  ${saidPercent} % of ${Math.round(of / 1e6)} MB`);
    },
  });
  const { executablePath } = await unlessStalled(download, stallMs, () => lastOutputAt);
  return { path: executablePath, shell: true, foundBy: 'puppeteer' };
}

/** A download or unpacking that was cut off leaves what the next one would take for whole. */
function clearTorn(cacheDir: string, browser: Product, buildId: string): void {
  const folder = join(cacheDir, browser);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of names) if (name.startsWith(`${buildId}-`)) rmSync(join(folder, name), { force: true });
  if (existsSync(computeExecutablePath({ cacheDir, browser, buildId }))) return;
  for (const name of names) if (name.endsWith(`-${buildId}`)) rmSync(join(folder, name), { recursive: true });
}

/** The installer itself waits for ever for a server that falls silent, and cannot be told to stop. */
async function unlessStalled<T>(work: Promise<T>, stallMs: number, lastOutputAt: () => number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      if (performance.now() - lastOutputAt() >= stallMs)
        reject(new Error(`no data arrived for ${Math.round(stallMs / 1000)} s`));
    }, stallMs / 10);
  });
  try {
    return await Promise.race([work, stalled]);
  } finally {
    clearInterval(timer);
    work.catch(() => undefined);
  }
}

/** A browser that is there may still lack libraries of the system. */
async function proven(browser: Browser, { run }: InstallerOptions): Promise<Browser> {
  const { code, output } = await run(browser.path, ['--version'], () => undefined).catch((error: unknown) => ({
    code: -1,
    output: onOneLine(error),
  }));
  if (code === 0) return browser;
  throw failed(`${browser.path} is installed but does not run: ${lastLine(output)}`);
}

const failed = (reason: string, cause?: unknown): WabError =>
  new WabError('WAB_BROWSER_INSTALL_FAILED', { reason }, { cause });
const onOneLine = (error: unknown): string => messageOf(error).replace(/\s+/g, ' ').trim();
const lastLine = (output: string): string => output.trim().split('\n').at(-1)?.trim() || 'it printed nothing';

/** Runs programs for real; what they print on either stream is told line by line. */
export const runProgram: RunProgram = (program, args, onLine) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...browserEnvironment(), DEBIAN_FRONTEND: 'noninteractive' },
    });
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        onLine(line);
      });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, output: lines.join('\n') }));
  });
