/**
 * Defence 4: the library takes hold of a page once for every frame that navigates, and does not wait for itself. Done
 * between a load and its sync, all of them attach their listeners.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Account } from '../../standin/account.ts';
import { until } from '../../until.ts';
import { LONG } from '../session-at-test.ts';
import { Scene } from './scene.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close(), LONG);

/** The page of an account reloads, and two frames navigate in it before it has synced. */
async function reloadWithFrames(account: Account): Promise<void> {
  scene.standin.page.syncDelayMs = 8_000;
  const before = scene.standin.pageOf(account);
  await before.reload();
  const page = await until('the next page', () => {
    const newest = scene.standin.pages.all.at(-1);
    return newest && newest.id !== before.id ? newest : undefined;
  });
  await page.iframes(2);
}

test(
  'defence 4: without it, every message comes once for each injection',
  async () => {
    const stock = await scene.linkedStock();
    await reloadWithFrames(scene.naive);
    await stock.untilEvent('ready', 3);
    scene.standin.network.say(scene.bob, scene.naive, 'once');
    await stock.until('it again', () => (stock.messages.length > 1 ? true : undefined));
    expect(new Set(stock.messages.map(({ body }) => body))).toEqual(new Set(['once']));
  },
  LONG,
);

test(
  'defence 4: with it, the session is ready once and every message comes once',
  async () => {
    const { recording } = await scene.launch();
    const { code } = await recording.untilSignal('qr');
    await scene.standin.pages.all.at(-1)?.iframes(2);
    scene.standin.scan(code, scene.me);
    await recording.untilSignal('ready');
    await reloadWithFrames(scene.me);
    await recording.untilSignal('ready', 2);
    // The first may be found by the catch-up too, which reads what is there once the session is ready.
    for (const text of ['first', 'second', 'third']) await scene.untilReceived(recording, text);
    expect(recording.messages.map(({ text }) => text).filter((text) => text !== 'first')).toEqual(['second', 'third']);
    const kinds = recording.signals.map(({ kind }) => kind).filter((kind) => !kind.startsWith('qr'));
    expect(kinds).toEqual(['authenticated', 'ready', 'interrupted', 'ready']);
  },
  LONG,
);

test(
  'defence 4: with it, each document is taken hold of once',
  async () => {
    const { recording } = await scene.linked();
    await reloadWithFrames(scene.me);
    await recording.untilSignal('ready', 2);
    expect(await scene.page.listeners()).toBe(1);
  },
  LONG,
);

test(
  'defence 4: with it, a sync that is told twice attaches the listeners once',
  async () => {
    const { recording } = await scene.linked();
    scene.standin.page.syncsTwice = true;
    await scene.page.reload();
    await recording.untilSignal('ready', 2);
    for (const text of ['first', 'second', 'third']) await scene.untilReceived(recording, text);
    expect(recording.messages.map(({ text }) => text).filter((text) => text !== 'first')).toEqual(['second', 'third']);
  },
  LONG,
);

describe('a document that began while the library exposed a function to the page', () => {
  test(
    'defence 4: without it, the library fails with "already exists", which ends the process',
    async () => {
      const stock = await scene.linkedStock();
      scene.standin.page.losesFunctions = true;
      await scene.naivePage.reload();
      expect(await stock.exited).toBe(1);
      expect(stock.lastWords).toContain('already exists');
    },
    LONG,
  );

  test(
    'defence 4: with it, the document has the function',
    async () => {
      const { recording } = await scene.linked();
      scene.standin.page.losesFunctions = true;
      await scene.page.reload();
      await recording.untilSignal('ready', 2);
      await scene.untilReceived(recording, 'over the function');
    },
    LONG,
  );
});
