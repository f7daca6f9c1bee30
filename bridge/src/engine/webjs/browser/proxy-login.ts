/**
 * Logs a browser in to its proxy, and nowhere else. Puppeteer's own `page.authenticate` answers anyone who asks: a web site
 * that answers 401, or somebody between it and us, would be given the login of the proxy.
 */
import type { Browser } from 'puppeteer';
import type { ProxyCredentials } from '../../../contract/proxy.ts';

/**
 * Answers from now on for all of a browser's pages and workers, also those that are opened later. It is asked through
 * the browser's target, since the requests of a service worker belong to no page, and for every request: Chromium asks
 * for a login only if a request was let through here, and any of them may be the first that the proxy sees.
 *
 * @throws Error if the browser does not answer
 */
export async function logInToProxy(browser: Browser, credentials: ProxyCredentials): Promise<void> {
  const session = await browser.target().createCDPSession();
  const answered = new Set<string>();
  // A request that was given up meanwhile needs no answer.
  const gone = (): void => undefined;
  session.on('Fetch.requestPaused', ({ requestId }) => {
    session.send('Fetch.continueRequest', { requestId }).catch(gone);
  });
  session.on('Fetch.authRequired', ({ requestId, authChallenge }) => {
    // A proxy that asks a second time for one request does not take this login. Without an answer the request fails.
    const wanted = authChallenge.source === 'Proxy' && !answered.has(requestId);
    if (wanted) answered.add(requestId);
    const authChallengeResponse = wanted
      ? { response: 'ProvideCredentials' as const, ...credentials }
      : { response: 'CancelAuth' as const };
    session.send('Fetch.continueWithAuth', { requestId, authChallengeResponse }).catch(gone);
  });
  await session.send('Fetch.enable', { handleAuthRequests: true, patterns: [{ urlPattern: '*' }] });
}
