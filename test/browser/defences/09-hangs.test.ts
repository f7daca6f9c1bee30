/** Defence 9: calls that never return, and pages that never come. */
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChatId } from '../../../bridge/src/contract/ids.ts';
import { browserTree, untilEnded } from '../processes.ts';
import { bobOf, failureOf, LONG } from '../session-at-test.ts';
import { Scene } from './scene.ts';

/** Longer than our deadline in the same situation; Puppeteer's own, where it has one, is 180 s. */
const TIMEOUT_MS = 6_000;
const hangs = async (call: Promise<unknown>): Promise<boolean> =>
  (await Promise.race([call, wait(TIMEOUT_MS, 'hangs')])) === 'hangs';

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close(), LONG);

describe('the page', () => {
  test(
    'defence 9: without it, a send to a chat that does not open, a look at all chats and a crashed page hang',
    async () => {
      const stock = await scene.linkedStock();
      await scene.naivePage.hang('WAWebFindChatAction.findOrCreateLatestChat');
      await scene.naivePage.hang('WAWebCollections.GroupMetadata.update');
      const calls = [stock.call('sendMessage', scene.carol.pn, 'hello?'), stock.call('getChats')];
      expect(await Promise.all(calls.map(hangs))).toEqual([true, true]);
      const before = stock.events.length;
      await scene.naivePage.crash();
      expect(await hangs(stock.call('getState'))).toBe(true);
      expect(stock.events.slice(before)).toEqual([]);
    },
    LONG,
  );

  test(
    'defence 9: with it, a send that hangs is unknown and in nobody’s way, and a crashed page is noticed',
    async () => {
      const { engine, recording } = await scene.linked({ send: 10_000 });
      await engine.perform('message.sendText', { chatId: bobOf(scene), text: 'hello' }, null);
      await scene.page.hang('WAWebFindChatAction.findOrCreateLatestChat');
      await scene.page.hang('WAWebCollections.GroupMetadata.update');
      const stuck = failureOf(
        engine.perform('message.sendText', { chatId: scene.carol.pn as ChatId, text: 'hello?' }, null),
      );
      await engine.perform('message.sendText', { chatId: bobOf(scene), text: 'still here' }, null);
      expect(await stuck).toMatchObject({ outcome: 'unknown' });
      await scene.page.crash();
      expect((await recording.untilSignal('crashed')).reason).toMatch(/crashed|ended|closed/);
    },
    LONG,
  );

  test(
    'defence 9: with it, what was missed is read without asking for the members of all groups',
    async () => {
      await (await scene.linked()).engine.stop();
      scene.standin.page.faults['WAWebCollections.GroupMetadata.update'] = { hangs: true };
      scene.standin.network.say(scene.bob, scene.group, 'to all of us');
      const { recording } = await scene.launch();
      await recording.untilMessage(({ text }) => text === 'to all of us');
    },
    LONG,
  );
});

describe('a server that takes the connection and says nothing', () => {
  let server: Server;
  const sockets = new Set<Socket>();
  beforeEach(async () => {
    server = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // Of two such flags, the last one counts.
  const silent = (): string =>
    `--host-resolver-rules=MAP web.whatsapp.com:443 127.0.0.1:${(server.address() as AddressInfo).port}`;

  test(
    'defence 9: without it, the start never ends',
    async () => {
      const stock = scene.stock({ args: [...scene.stockArgs, silent()] });
      expect(await hangs(stock.call('initialize'))).toBe(true);
      expect(stock.events).toEqual([]);
    },
    LONG,
  );

  test(
    'defence 9: with it, the start ends with a reason, and its browser too',
    async () => {
      const { recording } = await scene.launch({ start: 5_000 }, { browserArgs: [silent()] });
      expect((await recording.untilSignal('crashed')).reason).toContain('did not start');
      await untilEnded((await browserTree(scene.profileFolder)).pids, 10_000);
    },
    LONG,
  );
});
