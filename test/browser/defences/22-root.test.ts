/** Defence 22: Chromium's sandbox and the user who runs the bridge. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { browserTree } from '../processes.ts';
import { LONG } from '../session-at-test.ts';
import { Scene } from './scene.ts';

const root = process.getuid?.() === 0;
let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close(), LONG);

test(
  'defence 22: without it, root has no browser at all',
  async () => {
    const start = scene.stock({ args: scene.standin.browserArgs }).call('initialize');
    // Anybody else has one, with its sandbox.
    if (root) await expect(start).rejects.toThrow(/Failed to launch|no-sandbox/);
    else await start;
  },
  LONG,
);

test(
  'defence 22: with it, the sandbox is given up for root only, and the bridge says so',
  async () => {
    const { engine, recording } = await scene.launch();
    await recording.untilSignal('qr');
    const { commands } = await browserTree(scene.profileFolder);
    expect(commands.some((command) => command.includes('--no-sandbox'))).toBe(root);
    await engine.stop();
    const ours = scene.process();
    await ours.until('the start', (lines) => lines.find(({ kind }) => kind === 'qr'));
    const warned = JSON.stringify(ours.lines).includes('Running as root: Chromium does not support its sandbox');
    expect(warned).toBe(root);
  },
  LONG,
);
