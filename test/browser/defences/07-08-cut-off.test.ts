/** Defences 7 and 8: rejections that nobody handles, and calls that a reload cuts off. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '../../until.ts';
import { bobOf, failureOf, LONG } from '../session-at-test.ts';
import { said, Scene } from './scene.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close(), LONG);

/** The page comes back from a reload without showing which WhatsApp Web it is. */
function withoutVersion(): void {
  Object.assign(scene.standin.page, { version: undefined });
}

test(
  'defence 7: without it, a reload of which the page does not come back ends the whole process',
  async () => {
    const stock = await scene.linkedStock({ authTimeoutMs: 5_000 });
    withoutVersion();
    scene.standin.network.reload(scene.naive);
    expect(await stock.exited).toBe(1);
    expect(stock.lastWords).toContain('auth timeout');
  },
  LONG,
);

test(
  'defence 7: with it, the process lives, stray rejections find their session, and the next reload heals it',
  async () => {
    const { version } = scene.standin.page;
    const ours = await scene.linkedProcess({ document: 5_000 });
    withoutVersion();
    scene.standin.network.reload(scene.me);
    await ours.until('the failure to take hold', (lines) =>
      lines.find(({ said: words }) => JSON.stringify(words)?.includes('did not turn out to be WhatsApp Web')),
    );
    ours.say('stray');
    await ours.until('the stray rejection, told as one of the session', (lines) =>
      lines.find(({ said: words }) => /Target closed.*background task/.test(JSON.stringify(words) ?? '')),
    );
    scene.standin.page.version = version;
    scene.standin.network.reload(scene.me);
    await said(ours, 'ready', 2);
    expect(ours.isAlive).toBe(true);
  },
  LONG,
);

test(
  'defence 8: without it, a send that a reload cuts off looks failed, and who tries again sends twice',
  async () => {
    const stock = await scene.linkedStock();
    scene.standin.page.syncDelayMs = 4_000;
    scene.standin.network.holdsAcks = true;
    const sending = stock.call('sendMessage', scene.bob.pn, 'once, please', { waitUntilMsgSent: true });
    await until('its arrival', () => scene.fromNaive.length === 1);
    scene.standin.network.reload(scene.naive);
    await expect(sending).rejects.toThrow(/context was destroyed|detached/);
    await stock.untilEvent('ready', 2);
    await stock.call('sendMessage', scene.bob.pn, 'once, please');
    await until('both', () => scene.fromNaive.length === 2);
  },
  LONG,
);

test(
  'defence 8: with it, a call that is cut off is unknown, and a send waits for what WhatsApp says, under one id',
  async () => {
    const { network } = scene.standin;
    const { engine, recording } = await scene.linked();
    await scene.page.fault('WAWebSendMsgChatAction.addAndSendMsgToChat', { reloads: true, times: 1 });
    const cut = engine.perform('message.sendText', { chatId: bobOf(scene), text: 'cut off' }, null);
    expect(await failureOf(cut)).toMatchObject({ outcome: 'unknown' });
    await recording.untilSignal('ready', 2);

    scene.bob.reachable = scene.bob.readsAtOnce = false;
    network.holdsAcks = true;
    const messageId = engine.chooseMessageId(bobOf(scene));
    const message = { chatId: bobOf(scene), text: 'once, please' } as const;
    const sending = engine.perform('message.sendText', message, messageId);
    await scene.inbox(1);
    network.reload(scene.me);
    await recording.untilSignal('ready', 3);
    network.holdsAcks = false;
    network.reach(scene.bob);
    expect((await sending).messageId).toBe(messageId);
    expect(await engine.sendStatusOf(messageId, bobOf(scene))).toBe('sent');
    // Under the same id, a second try is no second message.
    expect((await engine.perform('message.sendText', message, messageId)).messageId).toBe(messageId);
    expect(scene.received()).toHaveLength(1);
  },
  LONG,
);
