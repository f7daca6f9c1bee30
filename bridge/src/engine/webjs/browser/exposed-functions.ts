/** Functions of ours that the page can call. */
import type { Page } from 'puppeteer';

/**
 * Lets a function be exposed to a page again. The library exposes one where the document of the moment does not have it, and a
 * document that began while it was being exposed has it not; Puppeteer refuses the second time ("already exists"), and the
 * page would stay without it. So it is taken back first, and one is exposed after another.
 */
export function allowExposingAgain(page: Pick<Page, 'exposeFunction' | 'removeExposedFunction'>): void {
  const expose = page.exposeFunction.bind(page);
  let before: Promise<void> = Promise.resolve();
  page.exposeFunction = (name, handler) => {
    const exposed = before.then(async () => {
      // Fails for one that was never exposed, and costs nothing then.
      await page.removeExposedFunction(name).catch(() => undefined);
      await expose(name, handler);
    });
    before = exposed.catch(() => undefined);
    return exposed;
  };
}
