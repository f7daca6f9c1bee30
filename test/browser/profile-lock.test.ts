/** One profile, two bridges. A whole Chromium keeps a lock on its profile, the headless shell keeps none: ours holds for both. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { said, Scene } from './defences/scene.ts';
import { browserTree, untilEnded } from './processes.ts';
import { LONG } from './session-at-test.ts';

let scene: Scene;
afterEach(() => scene.close(), LONG);

test.each(['headless shell', 'chromium'] as const)(
  'a second process is refused while the first lives, and welcome once it was killed: %s',
  async (browser) => {
    scene = await Scene.open('_serialized', browser);
    const first = await scene.linkedProcess();
    const { pids, browser: running } = await browserTree(scene.profileFolder);
    const locks = (await readdir(join(scene.profileFolder, 'session'))).filter((name) => name.startsWith('Singleton'));
    expect(locks.length > 0).toBe(browser === 'chromium');

    const second = scene.process();
    expect(await second.exited).toBe(1);
    expect(second.lastWords).toContain('in use by another bridge process');
    expect((await browserTree(scene.profileFolder)).browser).toBe(running);

    first.signal('SIGKILL');
    await first.exited;
    await untilEnded(pids);
    const third = scene.process();
    await said(third, 'ready');
    expect(third.lines.filter(({ kind }) => kind === 'qr')).toEqual([]);
  },
  LONG,
);
