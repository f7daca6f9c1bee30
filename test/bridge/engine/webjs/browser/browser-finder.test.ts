import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { Browser as Product, computeExecutablePath } from '@puppeteer/browsers';
import {
  browserFacts,
  browsersAt,
  findBrowser,
  puppeteersFolder,
  reasonFor,
  sandboxWarning,
  type Places,
} from '../../../../../bridge/src/engine/webjs/browser/browser-finder.ts';

const folder = mkdtempSync(join(tmpdir(), 'wabridge-finder-'));
afterAll(() => rmSync(folder, { recursive: true }));
const program = (path: string, mode = 0o755): string => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), '', { mode });
  return join(folder, path);
};
/** As Puppeteer's tools lay a download out. */
const download = (cacheDir: string, browser: Product, buildId: string): string =>
  program(computeExecutablePath({ cacheDir: join(folder, cacheDir), browser, buildId }).slice(folder.length + 1));

const nowhere: Places = { shells: [], browsers: [], cache: join(folder, 'no-cache') };
const missing = join(folder, 'missing');

test('the configured browser comes first, and a wrong one is not replaced by another', () => {
  const path = program('my-chromium');
  const places = { ...nowhere, shells: [program('other-headless-shell')] };
  expect(findBrowser(path, places)).toEqual({ path, shell: false, foundBy: 'setting' });
  expect(findBrowser(places.shells[0], places)).toMatchObject({ shell: true, foundBy: 'setting' });
  expect(() => findBrowser(missing, places)).toThrow(/missing or cannot be run/);
  expect(() => findBrowser(program('not-runnable', 0o644), places)).toThrow(/WABRIDGE_BROWSER_PATH/);
  expect(() => findBrowser(folder, places)).toThrow(/missing or cannot be run/);
});

describe('the headless shell is preferred wherever it comes from', () => {
  const shell = program('usr/chromium-headless-shell');
  const whole = program('usr/chromium');

  test('system before download, newest download first, whole browsers last', () => {
    const older = download('cache', Product.CHROMEHEADLESSSHELL, '99.0.1.2');
    const newer = download('cache', Product.CHROMEHEADLESSSHELL, '146.0.7680.31');
    const chrome = download('cache', Product.CHROME, '146.0.7680.31');
    const places = { shells: [missing, shell], browsers: [missing, whole], cache: join(folder, 'cache') };
    expect(browsersAt(places)).toEqual([
      { path: shell, shell: true, foundBy: 'system' },
      { path: newer, shell: true, foundBy: 'puppeteer' },
      { path: older, shell: true, foundBy: 'puppeteer' },
      { path: whole, shell: false, foundBy: 'system' },
      { path: chrome, shell: false, foundBy: 'puppeteer' },
    ]);
    expect(findBrowser(undefined, { ...places, shells: [] }).path).toBe(newer);
  });

  test('a whole browser is used where there is nothing else', () => {
    expect(findBrowser(undefined, { ...nowhere, browsers: [whole] })).toEqual({
      path: whole,
      shell: false,
      foundBy: 'system',
    });
    expect(() => findBrowser(undefined, nowhere)).toThrow(/wabridge browser install/);
  });

  test('a download that is not whole, and one for another machine, are passed over', () => {
    download('torn', Product.CHROMEHEADLESSSHELL, '120.0.0.0');
    const cache = join(folder, 'torn');
    rmSync(computeExecutablePath({ cacheDir: cache, browser: Product.CHROMEHEADLESSSHELL, buildId: '120.0.0.0' }));
    program('torn/chrome-headless-shell/amiga-130.0.0.0/chrome-headless-shell');
    expect(browsersAt({ ...nowhere, cache })).toEqual([]);
  });

  test('the reason says which and why', () => {
    expect(reasonFor({ path: shell, shell: true, foundBy: 'system' })).toMatch(/system.*half the memory/);
    expect(reasonFor({ path: whole, shell: false, foundBy: 'puppeteer' })).toMatch(/wabridge browser install/);
    expect(reasonFor({ path: whole, shell: false, foundBy: 'setting' })).toContain('browserPath');
  });
});

test("Puppeteer's folder is where its tools download to", () => {
  expect(puppeteersFolder({ PUPPETEER_CACHE_DIR: '/elsewhere' })).toBe('/elsewhere');
  expect(puppeteersFolder({})).toMatch(/\.cache.puppeteer$/);
});

test('facts for the doctor say which browser and why, or what to install', () => {
  const path = program('facts/chromium-headless-shell');
  expect(browserFacts(undefined, { ...nowhere, shells: [path] })).toMatchObject({
    ok: true,
    detail: expect.stringMatching(/facts.chromium-headless-shell \(installed on the system; the headless shell/),
  });
  expect(browserFacts(missing)).toMatchObject({
    ok: false,
    detail: expect.stringContaining('apt-get install chromium-headless-shell'),
  });
});

test('root is warned of what it gives up, others are not', () => {
  expect(sandboxWarning(0)).toMatch(/sandbox/);
  expect(sandboxWarning(1000)).toBeNull();
});
