/** Defence 20: pages that grow for as long as they run. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { memoryOf } from '../../benchmark/webjs/memory.ts';
import { browserTree, untilEnded } from '../processes.ts';
import { bobOf, LONG } from '../session-at-test.ts';
import { Scene } from './scene.ts';

const MIB = 1024 ** 2;
/** A session on the stand-in page uses about 200 MiB. */
const CEILING = 450 * MIB;
const GROWS_BY_MIB = 400;

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close(), LONG);

test(
  'defence 20: without it, a page has grown, and nothing is said or done about it',
  async () => {
    const stock = await scene.linkedStock();
    const { browser } = await browserTree(stock.folder);
    const said = stock.events.length;
    await scene.naivePage.grow(GROWS_BY_MIB);
    // Measured for five seconds, in which nothing happens.
    expect((await memoryOf(stock.pid, stock.folder)).browsers * MIB).toBeGreaterThan(CEILING);
    expect((await browserTree(stock.folder)).browser).toBe(browser);
    expect(stock.events).toHaveLength(said);
  },
  LONG,
);

test(
  'defence 20: with it, a browser that uses more than the limit is replaced, and nothing is lost on the way',
  async () => {
    const { engine, recording } = await scene.linked({}, { memory: { ceilingBytes: CEILING, everyMs: 600 } });
    const { pids } = await browserTree(scene.profileFolder);
    await scene.untilReceived(recording, 'before');
    // Its browser may go before it has answered.
    scene.page.grow(GROWS_BY_MIB).catch(() => undefined);
    expect((await recording.untilSignal('interrupted')).reason).toContain('more than the limit of 450 MiB');
    scene.standin.network.say(scene.bob, scene.me, 'during');
    await recording.untilSignal('ready', 2);
    await untilEnded(pids);
    await recording.untilMessage(({ text }) => text === 'during');
    await engine.perform('message.sendText', { chatId: bobOf(scene), text: 'after' }, null);
    expect(scene.received().map(({ text }) => text)).toEqual(['after']);
    expect(recording.signals.map(({ kind }) => kind)).not.toContain('crashed');
  },
  LONG,
);
