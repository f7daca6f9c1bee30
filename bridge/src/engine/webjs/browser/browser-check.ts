/** What `wabridge doctor` says about the browser: which one it is, and whether it starts on this machine. */
import { browserFacts, findBrowser, sandboxWarning } from './browser-finder.ts';
import { browserFlags } from './browser-flags.ts';
import { launchFailure } from './launch-failure.ts';

export type BrowserFinding =
  | { readonly ok: true; readonly detail: string; readonly warning?: string }
  | { readonly ok: false; readonly detail: string; readonly todo: string };

/**
 * Starts the browser once, with the flags that sessions use and without a page: one that is there may still lack a
 * library of the system, or a sandbox.
 *
 * @param configured the setting `browserPath`
 * @param more       the operator's own flags
 */
export async function checkBrowser(configured: string | undefined, more: readonly string[]): Promise<BrowserFinding> {
  const { ok, detail, warning } = browserFacts(configured);
  if (!ok) return { ok, detail: 'no browser can be used', todo: detail };
  const browser = findBrowser(configured);
  const flags = browserFlags(browser, { sandbox: sandboxWarning() === null, proxy: null, more });
  const failure = await launchFailure(browser.path, [...flags, '--headless']);
  if (failure !== null) return { ok: false, detail: `${browser.path} does not start`, todo: sentence(failure) };
  return { ok, detail, ...(warning === undefined ? {} : { warning }) };
}

const sentence = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
