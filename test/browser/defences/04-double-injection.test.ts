/**
 * Defence 4: the library takes hold of a page once for every frame that navigates, and does not wait for itself. Done
 * between a load and its sync, all of them attach their listeners.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createRequire } from 'node:module';
import puppeteer, { type Page } from 'puppeteer';
import { findBrowser } from '../../../bridge/src/engine/webjs/browser/browser-finder.ts';
import { allowExposingAgain } from '../../../bridge/src/engine/webjs/browser/exposed-functions.ts';
import type { Account } from '../../standin/account.ts';
import { until } from '../../until.ts';
import { LONG } from '../session-at-test.ts';
import { Scene } from './scene.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close(), LONG);

/** The page of an account loads anew, and two frames navigate in it before it has synced. */
async function reloadWithFrames(account: Account): Promise<void> {
  scene.standin.page.syncDelayMs = 8_000;
  const before = scene.standin.pageOf(account);
  await before.reload();
  const page = await until('the next page', () => {
    const newest = scene.standin.pages.all.at(-1);
    return newest && newest.id !== before.id ? newest : undefined;
  });
  await page.iframes(2);
}

test(
  'defence 4: without it, every message comes once for each injection',
  async () => {
    const stock = await scene.linkedStock();
    await reloadWithFrames(scene.naive);
    await stock.untilEvent('ready', 3);
    scene.standin.network.say(scene.bob, scene.naive, 'once');
    await stock.until('it again', () => (stock.messages.length > 1 ? true : undefined));
    expect(new Set(stock.messages.map(({ body }) => body))).toEqual(new Set(['once']));
  },
  LONG,
);

test(
  'defence 4: with it, the session is ready once and every message comes once',
  async () => {
    const { heard } = await scene.launch();
    const { code } = await heard.untilSignal('qr');
    await scene.standin.pages.all.at(-1)?.iframes(2);
    scene.standin.scan(code, scene.me);
    await heard.untilSignal('ready');
    await reloadWithFrames(scene.me);
    await heard.untilSignal('ready', 2);
    // The first may be found by the catch-up too, which reads what is there once the session is ready.
    for (const text of ['first', 'second', 'third']) await scene.hears(heard, text);
    expect(heard.messages.map(({ text }) => text).filter((text) => text !== 'first')).toEqual(['second', 'third']);
    const kinds = heard.signals.map(({ kind }) => kind).filter((kind) => kind !== 'qr');
    expect(kinds).toEqual(['authenticated', 'ready', 'interrupted', 'ready']);
  },
  LONG,
);

describe('a document that began while the library exposed a function to the page', () => {
  const { exposeFunctionIfAbsent } = createRequire(import.meta.url)('whatsapp-web.js/src/util/Puppeteer.js') as {
    exposeFunctionIfAbsent: (page: Page, name: string, handler: () => string) => Promise<void>;
  };

  /** Calls a function of the library's, exposed for the second time to a page whose document has lost it. */
  async function exposedTwice(prepare: (page: Page) => void): Promise<string> {
    const { path, shell } = findBrowser(scene.browserPath);
    const browser = await puppeteer.launch({
      executablePath: path,
      headless: shell ? 'shell' : true,
      args: [...scene.stockArgs],
    });
    try {
      const page = await browser.newPage();
      prepare(page);
      await exposeFunctionIfAbsent(page, 'onLogoutEvent', () => 'first');
      await page.evaluate(() => void delete (globalThis as { onLogoutEvent?: unknown }).onLogoutEvent);
      await exposeFunctionIfAbsent(page, 'onLogoutEvent', () => 'second');
      return await page.evaluate(() => (globalThis as unknown as { onLogoutEvent(): Promise<string> }).onLogoutEvent());
    } finally {
      await browser.close();
    }
  }

  test(
    'defence 4: without it, the library fails with "already exists"',
    () => expect(exposedTwice(() => undefined)).rejects.toThrow('already exists'),
    LONG,
  );

  test(
    'defence 4: with it, the document has the function',
    () => expect(exposedTwice(allowExposingAgain)).resolves.toBe('second'),
    LONG,
  );
});
