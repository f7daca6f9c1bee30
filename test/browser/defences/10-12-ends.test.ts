/** Defences 10 and 12: a browser that dies unheard, and a bridge that is asked to stop. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { browserTree, untilEnded } from '../processes.ts';
import { bobOf, failureOf, LONG } from '../session-at-test.ts';
import { Scene, said } from './scene.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close(), LONG);

describe('a browser that dies', () => {
  test(
    'defence 10: without it, the library says nothing at all',
    async () => {
      const stock = await scene.linkedStock();
      const { browser, pids } = await browserTree(stock.folder);
      const before = stock.events.length;
      process.kill(browser as number, 'SIGKILL');
      await untilEnded(pids);
      await wait(3_000);
      expect(stock.events.slice(before)).toEqual([]);
      expect(stock.isAlive).toBe(true);
      await expect(stock.call('getState')).rejects.toThrow();
    },
    LONG,
  );

  test(
    'defence 10: with it, the session says so, and the next start restores it without a QR',
    async () => {
      const { engine, recording } = await scene.linked();
      const { browser, pids } = await browserTree(scene.profileFolder);
      process.kill(browser as number, 'SIGKILL');
      expect((await recording.untilSignal('crashed')).reason).toContain('browser ended');
      await untilEnded(pids);
      const refused = failureOf(engine.perform('message.sendText', { chatId: bobOf(scene), text: 'x' }, null));
      expect((await refused).outcome).toBe('defer');
      await engine.start();
      await recording.untilSignal('ready', 2);
      expect(recording.signals.filter(({ kind }) => kind === 'qr')).toHaveLength(1);
    },
    LONG,
  );
});

describe('a bridge that is asked to stop', () => {
  test(
    'defence 12: without it, the libraries end the browser, and at SIGINT the bridge, at once',
    async () => {
      const stock = await scene.linkedStock();
      const { pids } = await browserTree(stock.folder);
      stock.signal('SIGTERM');
      await untilEnded(pids);
      await expect(stock.call('sendMessage', scene.bob.pn, 'a last word')).rejects.toThrow();
      expect(await stock.call('ping')).toBe('pong');
      expect(scene.fromNaive).toEqual([]);
      await stock.end();
      // At SIGINT there is no last word either.
      const next = scene.stock();
      await next.call('initialize');
      next.signal('SIGINT');
      expect(await next.exited).toBe(130);
    },
    LONG,
  );

  test(
    'defence 12: with it, what is under way is finished first, then everything ends',
    async () => {
      const ours = await scene.linkedProcess();
      const { pids } = await browserTree(scene.profileFolder);
      for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) ours.signal(signal);
      await said(ours, 'asked', 3);
      ours.say(`send ${scene.bob.pn} a last word`);
      await said(ours, 'receipt');
      ours.say('stop');
      expect(await ours.exited).toBe(0);
      await untilEnded(pids);
      expect(scene.received().map(({ text }) => text)).toEqual(['a last word']);
    },
    LONG,
  );
});
