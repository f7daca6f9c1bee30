/** Finds a Chromium that is already on the machine; nothing is ever downloaded from here. */
import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { Browser as Product, computeExecutablePath, detectBrowserPlatform } from '@puppeteer/browsers';
import { WabError } from '../../../contract/errors.ts';

export interface Browser {
  readonly path: string;
  /** The small build without a window system; it wants another headless mode. */
  readonly shell: boolean;
  readonly foundBy: 'setting' | 'system' | 'puppeteer';
}

/** Where to look. */
export interface Places {
  /** Paths at which packages put the headless shell. */
  readonly shells: readonly string[];
  /** Paths at which packages put a whole Chromium or Chrome. */
  readonly browsers: readonly string[];
  /** Puppeteer's own download folder, which `wabridge browser install` uses too. */
  readonly cache: string;
}

/** Debian's command is a script that stays beside the browser: who ends it has not ended the browser. */
const SHELLS = [
  '/usr/lib/chromium/chromium-headless-shell',
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chrome-headless-shell',
];
const BROWSERS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** Where Puppeteer's tools download to: PUPPETEER_CACHE_DIR, or a folder of the user's. */
export const puppeteersFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  environment['PUPPETEER_CACHE_DIR'] || join(homedir(), '.cache', 'puppeteer');

export const usualPlaces = (): Places => ({ shells: SHELLS, browsers: BROWSERS, cache: puppeteersFolder() });

const notFound = (reason: string): WabError => new WabError('WAB_BROWSER_NOT_FOUND', { reason });

const runnable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

/**
 * The browser to use: the configured one, else a headless shell, else a whole browser. The shell needs about half the
 * memory, so it goes first wherever it comes from; of two of a kind, the system's goes first, since it is kept up to
 * date with the system.
 *
 * @param configured the setting `browserPath`
 * @throws WabError WAB_BROWSER_NOT_FOUND with what to install or set
 */
export function findBrowser(configured: string | undefined, places: Places = usualPlaces()): Browser {
  if (configured !== undefined) {
    if (!runnable(configured)) throw notFound(`the configured browser ${configured} is missing or cannot be run`);
    return { path: configured, shell: basename(configured).includes('headless-shell'), foundBy: 'setting' };
  }
  const [found] = browsersAt(places);
  if (!found) throw notFound('no Chromium or Chrome was found on this machine');
  return found;
}

/** Every usable browser, the preferred one first. */
export function browsersAt(places: Places): readonly Browser[] {
  const system = (paths: readonly string[], shell: boolean): Browser[] =>
    paths.filter(runnable).map((path) => ({ path, shell, foundBy: 'system' }));
  const downloaded = (product: Product, shell: boolean): Browser[] =>
    downloads(places.cache, product).map((path) => ({ path, shell, foundBy: 'puppeteer' }));
  return [
    ...system(places.shells, true),
    ...downloaded(Product.CHROMEHEADLESSSHELL, true),
    ...system(places.browsers, false),
    ...downloaded(Product.CHROME, false),
  ];
}

/** What Puppeteer's tools have downloaded for this kind of machine, the newest first. */
function downloads(cacheDir: string, browser: Product): string[] {
  const prefix = `${detectBrowserPlatform() ?? 'none'}-`;
  let folders: string[];
  try {
    folders = readdirSync(join(cacheDir, browser));
  } catch {
    return [];
  }
  return folders
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .sort((one, other) => other.localeCompare(one, 'en', { numeric: true }))
    .map((buildId) => computeExecutablePath({ cacheDir, browser, buildId }))
    .filter(runnable);
}

/** Why this browser and no other, for a person. */
export function reasonFor({ shell, foundBy }: Browser): string {
  if (foundBy === 'setting') return 'set by browserPath';
  const where = foundBy === 'system' ? 'installed on the system' : "in Puppeteer's download folder";
  return shell
    ? `${where}; the headless shell, which needs about half the memory of a full Chromium`
    : `${where}; the headless shell would need about half the memory (wabridge browser install)`;
}

/** What `wabridge doctor` says about the browser. */
export function browserFacts(
  configured: string | undefined,
  places: Places = usualPlaces(),
): { readonly ok: boolean; readonly detail: string; readonly warning?: string } {
  try {
    const browser = findBrowser(configured, places);
    const sandbox = sandboxWarning();
    return {
      ok: true,
      detail: `${browser.path} (${reasonFor(browser)})`,
      ...(sandbox === null ? {} : { warning: sandbox }),
    };
  } catch (error) {
    return { ok: false, detail: (error as Error).message };
  }
}

/** What is given up when the bridge runs as root, or null if Chromium's sandbox works. */
export function sandboxWarning(uid: number | undefined = process.getuid?.()): string | null {
  if (uid !== 0) return null;
  return 'Running as root: Chromium does not support its sandbox as root, so the sandbox is off, and an exploit in the page could reach everything that root can. Run the bridge as another user.';
}
