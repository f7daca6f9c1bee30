/** Defences 2 and 3: `ready` that never comes, and `ready` that comes again and again. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until } from '../../until.ts';
import { LONG } from '../session-at-test.ts';
import { Scene } from './scene.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close(), LONG);

test(
  'defence 2: without it, a sync that ends before the library listens leaves a session that is never ready',
  async () => {
    await (await scene.linkedStock()).end();
    scene.standin.page.syncDelayMs = 0;
    const stock = scene.stock();
    await stock.call('initialize');
    await until('the sync', () => stock.page(`window.require('WAWebSocketModel').Socket.hasSynced`));
    await wait(4_000);
    expect(stock.named('ready')).toEqual([]);
    // The page hears what the library does not pass on.
    scene.standin.network.say(scene.bob, scene.naive, 'anybody there?');
    await until('the message in the page', () => stock.page(`window.require('WAWebCollections').Msg.length > 0`));
    expect(stock.messages).toEqual([]);
  },
  LONG,
);

test(
  'defence 2: with it, the session is ready and hears',
  async () => {
    const first = await scene.linked();
    await first.engine.stop();
    scene.standin.page.syncDelayMs = 0;
    const { recording } = await scene.launch();
    await recording.untilSignal('ready');
    await scene.untilReceived(recording, 'anybody there?');
  },
  LONG,
);

test(
  'defence 3: without it, every lost line says `authenticated` and `ready` again, twice, also while not synced',
  async () => {
    const stock = await scene.linkedStock();
    for (const device of scene.naive.devices) device.drop();
    await stock.untilEvent('ready', 3);
    expect(stock.named('authenticated').length).toBeGreaterThanOrEqual(3);
  },
  LONG,
);

test(
  'defence 3: with it, a login is told once, and `ready` once for each time that the line was lost',
  async () => {
    const { recording } = await scene.linked();
    for (const lost of [1, 2]) {
      for (const device of scene.me.devices) device.drop();
      await recording.untilSignal('interrupted', lost);
      await recording.untilSignal('ready', lost + 1);
    }
    for (const text of ['first', 'second', 'third']) await scene.untilReceived(recording, text);
    const kinds = recording.signals.map(({ kind }) => kind).filter((kind) => !kind.startsWith('qr'));
    expect(kinds).toEqual(['authenticated', 'ready', 'interrupted', 'ready', 'interrupted', 'ready']);
    // The first may be found by the catch-up too, which reads what is there once the session is ready.
    expect(recording.messages.map(({ text }) => text).filter((text) => text !== 'first')).toEqual(['second', 'third']);
  },
  LONG,
);
