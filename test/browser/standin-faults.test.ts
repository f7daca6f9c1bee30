/** What the stand-in does at the request of a test, seen from the bare whatsapp-web.js. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Message } from 'whatsapp-web.js';
import type { Account } from '../standin/account.ts';
import type { OpenPage } from '../standin/pages.ts';
import { Standin } from '../standin/server.ts';
import { BareClient } from './bare-client.ts';

const LONG = 120_000;
let standin: Standin;
let folder: string;
let me: Account;
let bob: Account;
let clients: BareClient[];

beforeEach(async () => {
  standin = new Standin();
  await standin.start();
  me = standin.network.addAccount('4915110000001', 'Me');
  bob = standin.network.addAccount('4915110000002', 'Bob');
  folder = await mkdtemp(join(tmpdir(), 'wabridge-standin-'));
  clients = [];
});
afterEach(async () => {
  await Promise.all(clients.map((client) => client.stop()));
  await standin.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}, LONG);

async function linked(): Promise<{ bare: BareClient; page: OpenPage }> {
  const bare = new BareClient(standin, folder);
  clients.push(bare);
  await bare.start();
  standin.scan((await bare.heard('qr'))[0] as string, me);
  await bare.heard('ready');
  return { bare, page: standin.pageOf(me) };
}

/** What became of a promise after a while. */
const after = <Value>(ms: number, promise: Promise<Value>): Promise<Value | 'open'> =>
  Promise.race([promise, wait(ms, 'open' as const)]);
const isBody = (body: string) => (message: Message) => message.body === body;

describe('calls of the page', () => {
  test(
    'hang until they are mended, throw a given number of times, come late',
    async () => {
      const { bare, page } = await linked();
      await page.hang('WAWebQueryExistsJob.queryWidExists');
      const asked = bare.client.getNumberId(bob.phone);
      expect(await after(700, asked)).toBe('open');
      expect(await bare.client.getState()).toBe('CONNECTED');
      await page.mend();
      expect(await asked).toMatchObject({ _serialized: bob.pn });

      await page.fault('WAWebUpdateUnreadChatAction.sendSeen', { throws: 'markedUnread', times: 1 });
      await expect(bare.client.sendMessage(bob.pn, 'lost')).rejects.toThrow('markedUnread');
      expect((await bare.client.sendMessage(bob.pn, 'not lost')).body).toBe('not lost');
      await standin.network.until('the message', () => bob.inbox.length > 0);
      expect(bob.inbox.map(({ body }) => body)).toEqual(['not lost']);

      await page.fault('WAWebChatStateBridge.sendChatStateComposing', { delayMs: 400 });
      await (await bare.client.getChatById(bob.pn)).sendStateTyping();
      expect(bob.heard.some(({ kind }) => kind === 'chatstate')).toBe(false);
      await standin.network.until('the late state', () => bob.heard.some(({ kind }) => kind === 'chatstate'));
    },
    LONG,
  );

  test(
    'a busy page answers late, its browser at once; what it missed comes after',
    async () => {
      const { bare, page } = await linked();
      for (const how of ['spins', 'waits'] as const) {
        await page.busy(2_500, how);
        await wait(200);
        standin.network.say(bob, me, how);
        const state = bare.client.getState();
        expect(await bare.client.pupBrowser?.version()).toContain('Chrom');
        expect(await after(800, state)).toBe('open');
        expect(await state).toBe('CONNECTED');
        await bare.heard('message', isBody(how));
      }
    },
    LONG,
  );
});

describe('a page that is alive and deaf', () => {
  test(
    'in five ways; a reload cures each, and what was missed is in the page',
    async () => {
      const { bare } = await linked();
      for (const way of ['listeners', 'collections', 'functions', 'inbound', 'half-open'] as const) {
        const readies = bare.count('ready');
        await standin.pageOf(me).deafen(way);
        standin.network.say(bob, me, `missed by ${way}`);
        await wait(400);
        expect(await bare.client.getState()).toBe('CONNECTED');
        expect(bare.emitted.filter(({ values }) => (values[0] as Message)?.body === `missed by ${way}`)).toEqual([]);
        await bare.client.pupPage?.reload();
        await bare.until('ready again', () => bare.count('ready') > readies);
        const chat = await bare.client.getChatById(bob.pn);
        const held = await chat.fetchMessages({ limit: 20 });
        expect(held.map(({ body }) => body)).toContain(`missed by ${way}`);
        standin.network.say(bob, me, `heard after ${way}`);
        await bare.heard('message', isBody(`heard after ${way}`));
      }
    },
    LONG,
  );

  test(
    'half-open: requests stay without an answer, sends without an acknowledgement',
    async () => {
      const { bare, page } = await linked();
      await page.deafen('half-open');
      expect(await after(500, bare.client.getNumberId('4915110000077'))).toBe('open');
      const sent = await bare.client.sendMessage(bob.pn, 'into the void', { sendSeen: false });
      expect([sent.ack, bob.inbox]).toEqual([0, []]);
      // The page sends again by itself what was not acknowledged.
      await page.reload();
      await standin.network.until('the message', () => bob.inbox.length === 1);
      await bare.until('ready again', () => bare.count('ready') === 2);
    },
    LONG,
  );
});

describe('the life of a page', () => {
  test(
    'a repeated sync and frames that navigate repeat ready; memory grows; a crash is an error of the page',
    async () => {
      const { bare, page } = await linked();
      await page.resync();
      await bare.until('ready again', () => bare.count('ready') >= 2);
      await page.iframes(2);
      await wait(500);
      await page.resync();
      await bare.until('ready after injections', () => bare.count('ready') >= 4);
      const heap = async (): Promise<number> => (await bare.client.pupPage?.metrics())?.JSHeapUsedSize ?? 0;
      const before = await heap();
      await page.grow(60);
      expect((await heap()) - before).toBeGreaterThan(55e6);
      const crashed = new Promise((resolve) => bare.client.pupPage?.once('error', resolve));
      await page.crash();
      expect(String(await crashed)).toContain('crashed');
    },
    LONG,
  );

  test(
    'an account that is blocked ends a linked session, and every start shows why',
    async () => {
      const { bare } = await linked();
      standin.network.block(me, 'TOS_BLOCK');
      expect(await bare.heard('disconnected')).toEqual(['TOS_BLOCK']);
      await bare.until('the end of the browser', () => bare.client.pupBrowser?.connected === false);
      const again = new BareClient(standin, folder);
      clients.push(again);
      await again.start();
      expect(await again.client.getState()).toBe('TOS_BLOCK');
      for (const state of ['SMB_TOS_BLOCK', 'PROXYBLOCK', 'DEPRECATED_VERSION']) {
        await standin.pages.all.at(-1)?.state(state);
        expect(await again.client.getState()).toBe(state);
      }
      // Not a word of the library about any of it.
      expect(again.emitted).toEqual([]);
    },
    LONG,
  );
});

test(
  'a pairing code links as a QR does; a wrong phone, a wrong code and a refusal do not',
  async () => {
    const bare = new BareClient(standin, folder);
    clients.push(bare);
    await bare.start();
    const notified: unknown[] = [];
    standin.network.events.on('pairing', (phone, code) => notified.push([phone, code]));
    standin.pairing.refusal = 'rate-overlimit';
    await expect(bare.client.requestPairingCode(me.phone)).rejects.toThrow('rate-overlimit');
    standin.pairing.refusal = null;
    const code = await bare.client.requestPairingCode(me.phone);
    expect(code).toMatch(/^[1-9A-HJ-NP-TV-Z]{8}$/);
    expect(await bare.heard('code')).toEqual([code]);
    expect(notified).toEqual([[me.phone, code]]);
    expect(() => standin.enterCode(code, bob)).toThrow('does not accept');
    expect(() => standin.enterCode('ABCDEFGH', me)).toThrow('does not accept');
    standin.enterCode(`${code.slice(0, 4)}-${code.slice(4)}`, me);
    await bare.heard('ready');
    standin.network.say(bob, me, 'linked by a code');
    await bare.heard('message', isBody('linked by a code'));
  },
  LONG,
);
