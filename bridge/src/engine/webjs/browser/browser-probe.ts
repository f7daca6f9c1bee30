/**
 * Signs of life of a browser and its page that do not go through the page's calls: they are asked over sessions of their
 * own, so that a call that is stuck holds up none of them.
 */
import type { Browser, CDPSession, Page } from 'puppeteer';
import { within } from '../../../ops/deadline.ts';
import { messageOf } from '../../../ops/reason.ts';
import { TransportError } from '../deadlines.ts';

export interface BrowserProbe {
  /** The browser's name and version; rejects if it does not answer. */
  browserVersion(): Promise<string>;
  /** Processor time that the renderers have used, in seconds; null if this browser does not tell. */
  rendererSeconds(): Promise<number | null>;
  /** Resolves when the page's main thread has a moment to answer. */
  ping(): Promise<void>;
  /**
   * Loads a URL apart from the page and its cache. Null if it came, otherwise the name of Chromium's error.
   *
   * @param ms deadline
   * @throws DeadlineError if nothing came until then; the load is given up. TransportError if already the browser did not
   *   answer, which says nothing of the network
   */
  reach(url: string, ms: number): Promise<string | null>;
  /** Tells of WhatsApp's WebSocket: another one, and the frames that travel on it; and of loads. Resolves once it does. */
  frames(told: FrameListener): Promise<void>;
  /** Ends the page's renderer, whatever it is doing; the page's `error` event tells when that is done. */
  endRenderer(): void;
}

export interface FrameListener {
  begun(): void;
  received(bytes: number): void;
  sent(): void;
  /** Part of something that the page loads came over the network. */
  loaded(): void;
}

/** WhatsApp's line, among the sockets of the page. */
const LINE = /^wss:\/\/([\w-]+\.)*whatsapp\.(com|net)(:\d+)?\/ws\/chat/;
const TEXT = 1;
/** Binary payloads are told as Base64. */
const bytesOf = ({ opcode, payloadData }: { opcode: number; payloadData: string }): number =>
  opcode === TEXT ? payloadData.length : Math.floor((payloadData.length * 3) / 4);

export function browserProbeOf(browser: Browser, page: Page): BrowserProbe {
  const ofBrowser = kept(() => browser.target().createCDPSession());
  const ofPage = kept(() => page.createCDPSession());
  return {
    browserVersion: async () => (await ofBrowser((session) => session.send('Browser.getVersion'))).product,
    async rendererSeconds() {
      const found = await ofBrowser((session) => session.send('SystemInfo.getProcessInfo')).catch(() => null);
      return (
        found && found.processInfo.reduce((sum, { type, cpuTime }) => (type === 'renderer' ? sum + cpuTime : sum), 0)
      );
    },
    async ping() {
      await ofPage((session) => session.send('Runtime.evaluate', { expression: '0' }));
    },
    async reach(url, ms) {
      const opening = page.createCDPSession();
      try {
        const { session, frameId } = await openFrame(opening, ms);
        return await within(load(session, frameId, url), ms, `loading ${url}`);
      } finally {
        // Ends a load that is still under way: left behind, a few of them would hold up the next ones.
        opening.then((session) => session.detach()).catch(() => undefined);
      }
    },
    async frames(told) {
      const session = await page.createCDPSession();
      let line: string | null = null;
      session.on('Network.webSocketCreated', ({ requestId, url }) => {
        if (!LINE.test(url)) return;
        line = requestId;
        told.begun();
      });
      session.on('Network.webSocketFrameReceived', ({ requestId, response }) => {
        if (requestId === line) told.received(bytesOf(response));
      });
      session.on('Network.webSocketFrameSent', ({ requestId }) => {
        if (requestId === line) told.sent();
      });
      session.on('Network.responseReceived', ({ response }) => {
        if (/^https?:/.test(response.url) && !response.fromDiskCache && !response.fromServiceWorker) told.loaded();
      });
      session.on('Network.dataReceived', ({ encodedDataLength }) => {
        if (encodedDataLength > 0) told.loaded();
      });
      // Nothing is kept of what passes.
      await session.send('Network.enable', { maxTotalBufferSize: 0, maxResourceBufferSize: 0 });
    },
    endRenderer() {
      // Carried out by the browser, so that a renderer that hangs cannot refuse. It is never answered.
      ofPage((session) => session.send('Page.crash')).catch(() => undefined);
    },
  };
}

/**
 * A session and the id of the page's main frame, which is that of the page itself. Only the browser is asked: `Page.getFrameTree`
 * waits for the page's main thread, so that a page that hangs would look like a network that is away.
 *
 * @throws TransportError, not late
 */
async function openFrame(
  opening: Promise<CDPSession>,
  ms: number,
): Promise<{ readonly session: CDPSession; readonly frameId: string }> {
  const asked = opening.then(async (session) => {
    const { targetInfo } = await session.send('Target.getTargetInfo');
    return { session, frameId: targetInfo.targetId };
  });
  try {
    return await within(asked, ms, 'asking the browser for the page');
  } catch (error) {
    throw new TransportError(messageOf(error), { cause: error });
  }
}

async function load(session: CDPSession, frameId: string, url: string): Promise<string | null> {
  const options = { disableCache: true, includeCredentials: false };
  const { resource } = await session.send('Network.loadNetworkResource', { frameId, url, options });
  // The browser holds what it loaded until it is told that nobody wants it.
  if (resource.stream !== undefined) await session.send('IO.close', { handle: resource.stream });
  return resource.netErrorName ?? null;
}

/** Work over a session that is opened when it is first needed, and again after a failure. */
function kept(open: () => Promise<CDPSession>): <T>(work: (session: CDPSession) => Promise<T>) => Promise<T> {
  let opened: Promise<CDPSession> | null = null;
  return async (work) => {
    const session = (opened ??= open());
    try {
      return await work(await session);
    } catch (error) {
      if (opened === session) opened = null;
      void session.then((broken) => broken.detach()).catch(() => undefined);
      throw error;
    }
  };
}
