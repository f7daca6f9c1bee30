/** Finds a Chromium that is already on the machine; nothing is ever downloaded from here. */
import { accessSync, constants } from 'node:fs';
import { basename } from 'node:path';
import puppeteer from 'puppeteer';

export interface Browser {
  readonly path: string;
  /** The small build without a window system; it wants another headless mode. */
  readonly shell: boolean;
  readonly foundBy: 'setting' | 'system' | 'puppeteer';
}

const SYSTEM_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium-headless-shell',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

export class BrowserNotFound extends Error {
  constructor(reason: string) {
    super(
      `${reason} Install one (Debian or Ubuntu: apt-get install chromium) and, if it is not found by itself, set browserPath (WABRIDGE_BROWSER_PATH) to its path.`,
    );
    this.name = 'BrowserNotFound';
  }
}

const runnable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
const at = (path: string, foundBy: Browser['foundBy']): Browser => ({
  path,
  shell: basename(path).includes('headless-shell'),
  foundBy,
});

/**
 * The browser to use: the configured one, else the first of the usual places, else Puppeteer's own download.
 *
 * @param configured the setting `browserPath`
 * @throws BrowserNotFound with what to install or set
 */
export function findBrowser(configured: string | undefined, systemPaths: readonly string[] = SYSTEM_PATHS): Browser {
  if (configured !== undefined) {
    if (runnable(configured)) return at(configured, 'setting');
    throw new BrowserNotFound(`The configured browser ${configured} is missing or cannot be run.`);
  }
  const system = systemPaths.find(runnable);
  if (system !== undefined) return at(system, 'system');
  const downloaded = puppeteersOwn();
  if (downloaded !== null && runnable(downloaded)) return at(downloaded, 'puppeteer');
  throw new BrowserNotFound('No Chromium or Chrome was found on this machine.');
}

function puppeteersOwn(): string | null {
  try {
    return puppeteer.executablePath();
  } catch {
    return null;
  }
}

/** What `wabridge doctor` says about the browser. */
export function browserFacts(configured: string | undefined): {
  readonly ok: boolean;
  readonly detail: string;
  readonly warning?: string;
} {
  try {
    const browser = findBrowser(configured);
    const sandbox = sandboxWarning();
    return {
      ok: true,
      detail: `${browser.path} (${browser.foundBy})`,
      ...(sandbox === null ? {} : { warning: sandbox }),
    };
  } catch (error) {
    return { ok: false, detail: (error as Error).message };
  }
}

/** What is given up when the bridge runs as root, or null where Chromium's sandbox works. */
export function sandboxWarning(uid: number | undefined = process.getuid?.()): string | null {
  if (uid !== 0) return null;
  return 'Running as root: Chromium refuses its sandbox there, so it is switched off, and a flaw in the page could reach everything this user can. Run the bridge as another user.';
}
