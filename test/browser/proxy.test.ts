/** A session behind a proxy: everything goes through it, and nothing finds another way. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import puppeteer, { type Page } from 'puppeteer';
import { parseProxy } from '../../bridge/src/contract/proxy.ts';
import { logInToProxy } from '../../bridge/src/engine/webjs/browser/proxy-login.ts';
import { BridgeProcess, freePort } from '../e2e/bridge-process.ts';
import { browserTree } from './processes.ts';
import { ProxyServer } from './proxy-server.ts';
import { bobOf, failureOf, LONG, SessionAtTest } from './session-at-test.ts';
import { BROWSERS } from './webjs-harness.ts';

/** No name leads anywhere, so that what goes past the proxy goes nowhere. */
const NO_OTHER_WAY = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1';
const WHATSAPP = 'web.whatsapp.com:443';
const USER = 'ada';
const PASSWORD = 'p@ss:wört';
const LOGIN = `${USER}:${PASSWORD}`;
const WRITTEN_LOGIN = `${USER}:${encodeURIComponent(PASSWORD)}`;

let session: SessionAtTest;
let proxy: ProxyServer;
beforeEach(async () => {
  session = await SessionAtTest.open();
});
afterEach(async () => {
  try {
    await session.close();
  } finally {
    await proxy.stop();
  }
}, LONG);

/** The road of a session: linked, text and media in, text out. */
async function travel(url: string, browserArgs: readonly string[] = []): Promise<void> {
  const { engine, recording } = await session.linked(
    {},
    { proxy: parseProxy(url), browserArgs: [NO_OTHER_WAY, ...browserArgs] },
  );
  const bytes = Buffer.from('a file that came through');
  const media = session.standin.storeMedia(bytes, 'application/pdf', 'a.pdf');
  session.standin.network.say(session.bob, session.me, { type: 'document', media });
  const message = await recording.untilMessage(({ kind }) => kind === 'document');
  expect(await buffer(await engine.downloadMedia(message.messageId, 1024 * 1024))).toEqual(bytes);
  await engine.perform('message.sendText', { chatId: bobOf(session), text: 'through a proxy' }, null);
  expect((await session.inbox(1)).map(({ text }) => text)).toEqual(['through a proxy']);
  expect(proxy.asked.length).toBeGreaterThanOrEqual(2);
  expect(new Set(proxy.asked)).toEqual(new Set([WHATSAPP]));
}
const commandLines = async (): Promise<string[]> => (await browserTree(session.profileFolder)).commands;

describe('a session goes through its proxy', () => {
  test(
    'an http proxy that wants a login, which no command line shows',
    async () => {
      proxy = await ProxyServer.http(session.standin.port, LOGIN);
      await travel(`http://${WRITTEN_LOGIN}@127.0.0.1:${proxy.port}`);
      expect(proxy.refused).toBeGreaterThan(0);
      const commands = await commandLines();
      expect(commands.some((command) => command.includes(`127.0.0.1:${proxy.port}`))).toBe(true);
      expect(commands.filter((command) => command.includes(USER) || command.includes('wört'))).toEqual([]);
    },
    LONG,
  );

  test(
    'a site behind the proxy that asks for a login is not given the one of the proxy',
    async () => {
      proxy = await ProxyServer.http(session.standin.port, LOGIN);
      const { engine, recording } = await session.linked(
        {},
        { proxy: parseProxy(`http://${WRITTEN_LOGIN}@127.0.0.1:${proxy.port}`), browserArgs: [NO_OTHER_WAY] },
      );
      const stored = session.standin.storeMedia(Buffer.from('not for strangers'), 'application/pdf', 'a.pdf');
      session.standin.network.say(session.bob, session.me, { type: 'document', media: stored });
      const { messageId } = await recording.untilMessage(({ kind }) => kind === 'document');
      session.standin.media.asksForLogin = true;
      const failure = await failureOf(engine.downloadMedia(messageId, 1024 * 1024).then(buffer));
      expect(failure.code).toBe('WAB_MEDIA_FAILED');
      expect(proxy.refused).toBeGreaterThan(0);
      expect(session.standin.media.logins).toEqual([]);
      session.standin.media.asksForLogin = false;
      expect(String(await buffer(await engine.downloadMedia(messageId, 1024 * 1024)))).toBe('not for strangers');
    },
    LONG,
  );

  test.each(['headless shell', 'chromium'] as const)(
    'later pages and a new renderer are logged in as well, and only to the proxy: %s',
    async (kind) => {
      const login = { username: USER, password: PASSWORD };
      proxy = await ProxyServer.http(session.standin.port, LOGIN);
      const server = `--proxy-server=http://127.0.0.1:${proxy.port}`;
      const { directPath } = session.standin.storeMedia(Buffer.from('not for strangers'), 'text/plain');
      session.standin.media.asksForLogin = true;
      const shell = kind === 'headless shell';
      const browser = await puppeteer.launch({
        executablePath: BROWSERS[kind],
        headless: shell ? 'shell' : true,
        pipe: true,
        args: [
          ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
          ...session.standin.browserArgs,
          NO_OTHER_WAY,
          server,
        ],
      });
      try {
        await logInToProxy(browser, login);
        const [first] = await browser.pages();
        const site = 'https://web.whatsapp.com';
        const statusOf = async (page: Page, path: string): Promise<number | undefined> =>
          (await page.goto(`${site}${path}`))?.status();
        expect(await statusOf(first as Page, '/')).toBe(200);
        expect(await statusOf(first as Page, directPath)).toBe(401);
        const ended = new Promise((resolve) => first?.once('error', resolve));
        (await first?.createCDPSession())?.send('Page.crash').catch(() => undefined);
        await ended;
        expect(await statusOf(first as Page, '/')).toBe(200);
        expect(await statusOf(first as Page, directPath)).toBe(401);
        const later = await browser.newPage();
        expect(await statusOf(later, '/')).toBe(200);
        expect(await statusOf(later, directPath)).toBe(401);
        expect(session.standin.media.logins).toEqual([]);
      } finally {
        await browser.close();
      }
    },
    LONG,
  );

  test(
    'an https proxy that wants a login',
    async () => {
      const { proxy: started, pin } = await ProxyServer.https(session.standin.port, LOGIN);
      proxy = started;
      const pins = session.standin.browserArgs
        .filter((flag) => flag.startsWith('--ignore-certificate-errors-spki-list='))
        .map((flag) => `${flag},${pin}`);
      await travel(`https://${WRITTEN_LOGIN}@127.0.0.1:${proxy.port}`, pins);
    },
    LONG,
  );

  test(
    'a SOCKS5 proxy',
    async () => {
      proxy = await ProxyServer.socks5(session.standin.port);
      await travel(`socks5://127.0.0.1:${proxy.port}`);
    },
    LONG,
  );

  test(
    'a proxy that is down, or turns the login away, is told as the reason',
    async () => {
      proxy = await ProxyServer.http(session.standin.port, LOGIN);
      const { recording } = await session.launch(
        {},
        { proxy: parseProxy(`http://ada:wrong@127.0.0.1:${proxy.port}`), browserArgs: [NO_OTHER_WAY] },
      );
      expect((await recording.untilSignal('crashed')).reason).toMatch(/proxy/i);
      expect(proxy.asked).toEqual([]);
      const { port } = await ProxyServer.http(0).then(async (down) => {
        const at = { port: down.port };
        await down.stop();
        return at;
      });
      const other = await session.launch({}, { proxy: parseProxy(`http://127.0.0.1:${port}`) });
      expect((await other.recording.untilSignal('progress')).reason).toContain('ERR_PROXY_CONNECTION_FAILED');
    },
    LONG,
  );
});

describe('through the whole bridge', () => {
  let bridge: BridgeProcess;
  afterEach(async () => {
    await bridge.stop();
    await rm(bridge.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }, LONG);

  test(
    'a session that was added with a proxy keeps it over a restart, and its login is nowhere in the open',
    async () => {
      proxy = await ProxyServer.http(session.standin.port, LOGIN);
      bridge = new BridgeProcess(await mkdtemp(join(tmpdir(), 'wabridge-proxy-')), await freePort(), {
        WABRIDGE_ENGINES: 'webjs',
        WABRIDGE_LOG_LEVEL: 'debug',
        WABRIDGE_BROWSER_FLAGS: [...session.standin.browserArgs, NO_OTHER_WAY].join('\n'),
      });
      await bridge.start();
      const awaitsScan = async (): Promise<void> => {
        const end = Date.now() + 60_000;
        for (;;) {
          const { state } = await bridge.client.request<{ state: string }>('GET', '/v1/sessions/far');
          if (state === 'awaiting_scan') return;
          if (Date.now() > end) throw new Error(`still ${state}:\n${bridge.output}`);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      };
      const added = await bridge.client.request<{ proxy: string }>('POST', '/v1/sessions', {
        body: { name: 'far', engine: 'webjs', proxy: `http://${WRITTEN_LOGIN}@127.0.0.1:${proxy.port}` },
      });
      expect(added.proxy).toBe(`127.0.0.1:${proxy.port}`);
      await awaitsScan();
      await bridge.stop();
      const before = proxy.asked.length;
      await bridge.start();
      await awaitsScan();
      expect(proxy.asked.length).toBeGreaterThan(before);

      await bridge.stop();
      const files = (await readdir(bridge.dataDir, { withFileTypes: true, recursive: true })).filter((entry) =>
        entry.isFile(),
      );
      expect(files.length).toBeGreaterThan(1);
      const texts = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')));
      for (const text of [bridge.output, ...texts])
        for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), Buffer.from(PASSWORD).toString('latin1')])
          expect(text.includes(secret)).toBe(false);
    },
    LONG,
  );
});
