/**
 * Defences 11 and 13: browsers and locks that are left behind. With a whole Chromium: the headless shell keeps no lock on
 * its profile.
 */
import { existsSync } from 'node:fs';
import { readFile, readlink, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { browserTree, isRunning, untilEnded } from '../processes.ts';
import { LONG } from '../session-at-test.ts';
import { said, Scene } from './scene.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open('_serialized', 'chromium');
});
afterEach(() => scene.close(), LONG);

const browserOf = async (folder: string): Promise<number> => (await browserTree(folder)).browser as number;

describe('a bridge that dies', () => {
  test(
    'defence 11: without it, the browser stays behind, and the next start is refused',
    async () => {
      const stock = await scene.linkedStock();
      const { pids } = await browserTree(stock.folder);
      stock.signal('SIGKILL');
      await stock.exited;
      await wait(1_000);
      expect(pids.filter(isRunning).length).toBeGreaterThan(2);
      const next = scene.stock();
      await expect(next.call('initialize')).rejects.toThrow(/already running/);
    },
    LONG,
  );

  test(
    'defence 11: with it, nothing stays behind, and the next start restores the session',
    async () => {
      const ours = await scene.linkedProcess();
      const { pids } = await browserTree(scene.profileFolder);
      expect(pids.length).toBeGreaterThan(2);
      ours.signal('SIGKILL');
      await ours.exited;
      await untilEnded(pids);
      const { recording } = await scene.launch();
      await recording.untilSignal('ready');
      expect(recording.signals.map(({ kind }) => kind)).not.toContain('qr');
    },
    LONG,
  );

  test(
    'defence 11: without it, a browser that hangs is never ended, and a start that failed leaves its browser running',
    async () => {
      const stock = await scene.linkedStock();
      process.kill(await browserOf(stock.folder), 'SIGSTOP');
      const destroyed = stock.call('destroy').then(() => 'ended');
      expect(await Promise.race([destroyed, wait(8_000, 'hangs')])).toBe('hangs');
      await stock.end();

      Object.assign(scene.standin.page, { version: undefined });
      const failing = scene.stock({ authTimeoutMs: 2_000 });
      await expect(failing.call('initialize')).rejects.toThrow('auth timeout');
      await wait(2_000);
      expect((await browserTree(failing.folder)).pids.length).toBeGreaterThan(2);
    },
    LONG,
  );

  test(
    'defence 11: with it, both are ended, by their process id where nothing else helps',
    async () => {
      const { engine } = await scene.linked({ close: 1_000 });
      const { browser, pids } = await browserTree(scene.profileFolder);
      process.kill(browser as number, 'SIGSTOP');
      await engine.stop();
      await untilEnded(pids);

      Object.assign(scene.standin.page, { version: undefined });
      const { recording } = await scene.launch({ document: 2_000 });
      expect((await recording.untilSignal('crashed')).reason).toContain('did not turn out to be WhatsApp Web');
      await untilEnded((await browserTree(scene.profileFolder)).pids, 10_000);
    },
    LONG,
  );
});

test(
  'a stop lets the browser end by itself, with all that it has to write',
  async () => {
    const { engine } = await scene.linked();
    await engine.stop();
    const preferences = await readFile(join(scene.profileFolder, 'session', 'Default', 'Preferences'), 'utf8');
    expect(JSON.parse(preferences)).toMatchObject({ profile: { exit_type: 'Normal' } });
  },
  LONG,
);

describe('locks on a profile', () => {
  const strangersLock = async (browserFolder: string): Promise<void> => {
    const lock = join(browserFolder, 'SingletonLock');
    await rm(lock, { force: true });
    // As a container leaves it that had another host name and is gone.
    await symlink('another-host-4711', lock);
  };

  const socketFolder = async (): Promise<string> => {
    const folder = dirname(await readlink(join(scene.profileFolder, 'session', 'SingletonSocket')));
    expect(existsSync(folder)).toBe(true);
    return folder;
  };

  test(
    'defence 13: without it, a lock left behind by another host keeps the session from starting',
    async () => {
      await (await scene.linkedStock()).call('destroy');
      await strangersLock(join(scene.naiveFolder, 'session'));
      await expect(scene.stock().call('initialize')).rejects.toThrow(/already running|Failed to launch/);
    },
    LONG,
  );

  test(
    'defence 13: with it, the lock is removed, since ours proves that nobody holds the profile',
    async () => {
      const first = await scene.linked();
      await expect(scene.launch()).rejects.toThrow(/in use/);
      await first.engine.stop();
      await strangersLock(join(scene.profileFolder, 'session'));
      const { recording } = await scene.launch();
      await recording.untilSignal('ready');
      expect(recording.signals.map(({ kind }) => kind)).not.toContain('qr');
    },
    LONG,
  );

  test(
    'defence 13: with it, what a killed browser keeps in the temporary folder goes too, at the stop or at the next start',
    async () => {
      const { engine } = await scene.linked({ close: 1_000 });
      const stopped = await socketFolder();
      process.kill(await browserOf(scene.profileFolder), 'SIGSTOP');
      await engine.stop();
      expect(existsSync(stopped)).toBe(false);

      const ours = scene.process();
      await said(ours, 'ready');
      const left = await socketFolder();
      const { pids } = await browserTree(scene.profileFolder);
      // Held, so that it cannot tidy up after its browser.
      ours.signal('SIGSTOP');
      process.kill(await browserOf(scene.profileFolder), 'SIGKILL');
      await untilEnded(pids);
      ours.signal('SIGKILL');
      await ours.exited;
      expect(existsSync(left)).toBe(true);
      const { recording } = await scene.launch();
      await recording.untilSignal('ready');
      expect(existsSync(left)).toBe(false);
    },
    LONG,
  );
});
