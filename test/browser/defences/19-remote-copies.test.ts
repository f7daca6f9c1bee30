/** Defence 19: `RemoteAuth` gives the login away for states that have nothing to do with it. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LONG } from '../session-at-test.ts';
import { Scene } from './scene.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close(), LONG);

test(
  'defence 19: without it, another page with the same login deletes the remote copy, and the login with it',
  async () => {
    const stock = await scene.linkedStock({ auth: 'remote' });
    await stock.call('remoteCopy');
    for (const device of scene.naive.devices) device.tell({ type: 'conflict' });
    await stock.untilEvent('remote_copy_deleted');
    expect(await stock.untilEvent('disconnected')).toEqual(['CONFLICT']);
    await stock.end();
    const next = scene.stock({ auth: 'remote' });
    void next.call('initialize');
    await next.untilEvent('qr');
  },
  LONG,
);

test(
  'defence 19: with it, the session ends with the reason, and its login stays where it is',
  async () => {
    const { engine, recording } = await scene.linked();
    for (const device of scene.me.devices) device.tell({ type: 'conflict' });
    expect((await recording.untilSignal('crashed')).reason).toContain('CONFLICT');
    await engine.start();
    await recording.untilSignal('ready', 2);
    expect(recording.signals.filter(({ kind }) => kind === 'qr')).toHaveLength(1);
  },
  LONG,
);
