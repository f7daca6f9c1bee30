/** What the stand-in does at the request of a test, seen from the bare whatsapp-web.js. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import whatsapp, { type Message } from 'whatsapp-web.js';
import type { Account } from '../standin/account.ts';
import { Standin } from '../standin/server.ts';
import { BareClient } from './bare-client.ts';

const LONG = 120_000;
let standin: Standin;
let folder: string;
let me: Account;
let bob: Account;
let clients: BareClient[];

async function open(): Promise<void> {
  standin = new Standin();
  await standin.start();
  me = standin.network.addAccount('4915110000001', 'Me');
  bob = standin.network.addAccount('4915110000002', 'Bob');
  folder = await mkdtemp(join(tmpdir(), 'wabridge-standin-'));
  clients = [];
}

async function close(): Promise<void> {
  await Promise.all(clients.map((client) => client.stop()));
  await standin.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

async function linked(): Promise<BareClient> {
  const bare = new BareClient(standin, folder);
  clients.push(bare);
  await bare.start();
  standin.scan((await bare.untilEvent('qr'))[0] as string, me);
  await bare.ready();
  return bare;
}

/** What became of a promise after a while. */
const after = <Value>(ms: number, promise: Promise<Value>): Promise<Value | 'open'> =>
  Promise.race([promise, wait(ms, 'open' as const)]);
const isBody = (body: string) => (message: Message) => message.body === body;

describe('one linked page', () => {
  let bare: BareClient;
  beforeAll(async () => {
    await open();
    bare = await linked();
  }, LONG);
  afterAll(close, LONG);

  test(
    'calls hang until they are repaired, throw a given number of times, come late',
    async () => {
      const page = standin.pageOf(me);
      await page.hang('WAWebQueryExistsJob.queryWidExists');
      const asked = bare.client.getNumberId(bob.phone);
      expect(await after(700, asked)).toBe('open');
      expect(await bare.client.getState()).toBe('CONNECTED');
      await page.repair();
      expect(await asked).toMatchObject({ _serialized: bob.pn });

      await page.fault('WAWebUpdateUnreadChatAction.sendSeen', { throws: 'markedUnread', times: 1 });
      await expect(bare.client.sendMessage(bob.pn, 'lost')).rejects.toThrow('markedUnread');
      expect((await bare.client.sendMessage(bob.pn, 'not lost')).body).toBe('not lost');
      await standin.network.until('the message', () => bob.inbox.length > 0);
      expect(bob.inbox.map(({ body }) => body)).toEqual(['not lost']);

      await page.fault('WAWebChatStateBridge.sendChatStateComposing', { delayMs: 2_000 });
      await (await bare.client.getChatById(bob.pn)).sendStateTyping();
      expect(bob.phoneEvents.some(({ kind }) => kind === 'chatstate')).toBe(false);
      await standin.network.until('the late state', () => bob.phoneEvents.some(({ kind }) => kind === 'chatstate'));
    },
    LONG,
  );

  test(
    'a busy page answers late, its browser at once; what it missed comes after',
    async () => {
      const page = standin.pageOf(me);
      for (const how of ['spins', 'works', 'waits'] as const) {
        await page.busy(3_000, how);
        await wait(200);
        standin.network.say(bob, me, how);
        const state = bare.client.getState();
        expect(await bare.client.pupBrowser?.version()).toContain('Chrom');
        expect(await after(800, state)).toBe('open');
        expect(await state).toBe('CONNECTED');
        await bare.untilEvent('message', isBody(how));
      }
    },
    LONG,
  );

  test(
    'is alive and deaf in five ways; a reload cures each, and what was missed is in the page',
    async () => {
      for (const way of ['listeners', 'collections', 'functions', 'inbound', 'half-open'] as const) {
        const readies = bare.count('ready');
        await standin.pageOf(me).deafen(way);
        standin.network.say(bob, me, `missed by ${way}`);
        await wait(400);
        expect(await bare.client.getState()).toBe('CONNECTED');
        expect(bare.emitted.filter(({ values }) => (values[0] as Message)?.body === `missed by ${way}`)).toEqual([]);
        await bare.client.pupPage?.reload();
        await bare.ready(readies + 1);
        const chat = await bare.client.getChatById(bob.pn);
        const held = await chat.fetchMessages({ limit: 20 });
        expect(held.map(({ body }) => body)).toContain(`missed by ${way}`);
        standin.network.say(bob, me, `heard after ${way}`);
        await bare.untilEvent('message', isBody(`heard after ${way}`));
      }
    },
    LONG,
  );

  test(
    'half-open: requests stay without an answer, sends without an acknowledgement',
    async () => {
      const page = standin.pageOf(me);
      const readies = bare.count('ready');
      await page.deafen('half-open');
      expect(await after(500, bare.client.getNumberId('4915110000077'))).toBe('open');
      const sent = await bare.client.sendMessage(bob.pn, 'into the void', { sendSeen: false });
      const arrived = (): boolean => bob.inbox.some(({ body }) => body === 'into the void');
      expect([sent.ack, arrived()]).toEqual([0, false]);
      // The page sends again by itself what was not acknowledged.
      await page.reload();
      await standin.network.until('the message', arrived);
      await bare.ready(readies + 1);
    },
    LONG,
  );

  test(
    'the server answers late or not at all; message actions wait for its answer, over a lost line too',
    async () => {
      const { network } = standin;
      network.answerDelayMs = 600;
      const late = bare.client.getNumberId(bob.phone);
      expect(await after(200, late)).toBe('open');
      expect(await late).not.toBeNull();
      network.answerDelayMs = 0;
      network.losesAnswers = true;
      expect(await after(300, bare.client.getNumberId(bob.phone))).toBe('open');
      network.losesAnswers = false;

      network.ackDelayMs = 2_000;
      const sent = await bare.client.sendMessage(bob.pn, 'slowly', { sendSeen: false });
      const isSent = (message: Message): boolean => message.id.id === sent.id.id;
      expect(bare.emitted.filter(({ event, values }) => event === 'message_ack' && isSent(values[0]))).toEqual([]);
      await bare.untilEvent('message_ack', (message, ack) => isSent(message) && ack === 2);
      network.ackDelayMs = 0;

      network.refuses = true;
      await expect(sent.react('👎')).rejects.toThrow('not-acceptable');
      network.refuses = false;
      network.swallows = true;
      const reaction = sent.react('👍');
      expect(await after(300, reaction)).toBe('open');
      network.swallows = false;
      const states = bare.count('change_state');
      for (const device of me.devices) device.drop();
      await reaction;
      expect(bob.phoneEvents.filter(({ kind }) => kind === 'reaction')).toHaveLength(1);
      const told = bare.emitted.flatMap(({ event, values }) => (event === 'change_state' ? values : []));
      expect(told.slice(states)).toEqual(['TIMEOUT', 'OPENING', 'CONNECTED']);
    },
    LONG,
  );

  test(
    'media: slow, refused, broken off, large; no lid for a number; what the phone decrypts on request',
    async () => {
      const { network, media } = standin;
      const big = Buffer.alloc(12 * 1024 * 1024, 'wabridge');
      network.say(bob, me, { type: 'document', media: standin.storeMedia(big, 'application/pdf', 'big.pdf') });
      const [message] = (await bare.untilEvent('message', ({ hasMedia }: Message) => hasMedia)) as [Message];
      expect((await message.downloadMedia()).data.length).toBe(Math.ceil(big.length / 3) * 4);
      media.delayMs = 500;
      const slow = message.downloadMedia();
      expect(await after(200, slow)).toBe('open');
      expect((await slow).filename).toBe('big.pdf');
      media.delayMs = 0;
      media.cutsDownloads = true;
      await expect(message.downloadMedia()).rejects.toThrow('Failed to fetch');
      media.uploadStatus = 503;
      const small = new whatsapp.MessageMedia('image/png', Buffer.from('small').toString('base64'));
      await expect(bare.client.sendMessage(bob.pn, small, { sendSeen: false })).rejects.toThrow('503');

      const dave = network.addAccount('4915110000004', 'Dave');
      dave.lidKnown = false;
      expect(await bare.client.getNumberId(dave.phone)).not.toBeNull();
      await expect(bare.client.sendMessage(dave.pn, 'hello')).rejects.toThrow('No LID for user');

      me.resendsUndecrypted = true;
      network.sayUndecrypted(bob, me, 'decrypted on request');
      await bare.untilEvent('message', isBody('decrypted on request'));
    },
    LONG,
  );
});

describe('the life of a page', () => {
  beforeEach(open, LONG);
  afterEach(close, LONG);

  test(
    'a sync before anybody listens is never announced; a reload while history is read ends the call; unlinked',
    async () => {
      const bare = await linked();
      standin.network.say(bob, me, 'hello');
      await bare.untilEvent('message', isBody('hello'));
      await bare.stop();
      standin.page.syncDelayMs = 0;
      const again = new BareClient(standin, folder);
      clients.push(again);
      await again.start();
      await again.until('the sync', () => standin.pageOf(me).connection !== null);
      const isSynced = `window.require('WAWebSocketModel').Socket.hasSynced`;
      expect(await again.client.pupPage?.evaluate(isSynced)).toBe(true);
      expect(again.emitted).toEqual([]);
      await again.client.pupPage?.evaluate('window.onAppStateHasSyncedEvent()');
      await again.ready();

      standin.page.syncDelayMs = 300;
      await standin.pageOf(me).fault('WAWebChatLoadMessages.loadEarlierMsgs', { reloads: true, times: 1 });
      const chat = await again.client.getChatById(bob.pn);
      await expect(chat.fetchMessages({ limit: 50 })).rejects.toThrow(/destroyed|detached|closed/);
      await again.ready(2);
      expect((await chat.fetchMessages({ limit: 50 })).map(({ body }) => body)).toEqual(['hello']);

      standin.network.unlink(me);
      expect(await again.untilEvent('disconnected')).toEqual(['LOGOUT']);
      await again.untilEvent('qr');
      standin.linkNewest(me);
      await again.ready(3);
      expect(await again.client.getContactById(me.pn)).toMatchObject({ isMe: true });
    },
    LONG,
  );

  test(
    'frames that navigate before the scan inject the library many times over; a conflict is taken over',
    async () => {
      const bare = new BareClient(standin, folder, { takeoverOnConflict: true, takeoverTimeoutMs: 100 });
      clients.push(bare);
      await bare.start();
      await standin.pages.all.at(-1)?.iframes(2);
      await bare.until('three codes', () => bare.count('qr') >= 3);
      standin.scan((await bare.untilEvent('qr'))[0] as string, me);
      await bare.until('three logins', () => bare.count('authenticated') >= 3);
      await bare.ready();
      for (const device of me.devices) device.tell({ type: 'conflict' });
      await bare.until('taken over', () => bare.count('authenticated') >= 6);
      expect(bare.count('disconnected')).toBe(0);
    },
    LONG,
  );

  test(
    'a repeated sync and frames that navigate repeat ready; memory grows; a crash is an error of the page',
    async () => {
      const bare = await linked();
      const page = standin.pageOf(me);
      await page.resync();
      await bare.ready(2);
      await page.iframes(2);
      await wait(500);
      await page.resync();
      await bare.ready(4);
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
      const bare = await linked();
      standin.network.block(me, 'TOS_BLOCK');
      expect(await bare.untilEvent('disconnected')).toEqual(['TOS_BLOCK']);
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

  test(
    'a pairing code links as a QR does; a wrong phone, a wrong code and a refusal do not',
    async () => {
      const bare = new BareClient(standin, folder);
      clients.push(bare);
      await bare.start();
      const notified: unknown[] = [];
      standin.network.events.on('pairing', (phone, code) => notified.push([phone, code]));
      standin.pairing.refusal = 'rate-overlimit';
      // The library passes on what minification left of the page's error, which is nothing.
      await expect(bare.client.requestPairingCode(me.phone)).rejects.not.toThrow('rate-overlimit');
      standin.pairing.refusal = null;
      const code = await bare.client.requestPairingCode(me.phone);
      expect(code).toMatch(/^[1-9A-HJ-NP-TV-Z]{8}$/);
      expect(await bare.untilEvent('code')).toEqual([code]);
      expect(notified).toEqual([[me.phone, code]]);
      expect(() => standin.enterCode(code, bob)).toThrow('does not accept');
      expect(() => standin.enterCode('ABCDEFGH', me)).toThrow('does not accept');
      standin.enterCode(`${code.slice(0, 4)}-${code.slice(4)}`, me);
      await bare.ready();
      standin.network.say(bob, me, 'linked by a code');
      await bare.untilEvent('message', isBody('linked by a code'));
    },
    LONG,
  );
});
