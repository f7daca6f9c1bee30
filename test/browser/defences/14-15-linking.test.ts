/** Defences 14 and 15: an account that is unlinked from the phone, and a QR that nobody scans for a while. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findBrowser } from '../../../bridge/src/engine/webjs/browser/browser-finder.ts';
import { until } from '../../until.ts';
import { LONG } from '../session-at-test.ts';
import { Scene } from './scene.ts';

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close(), LONG);

test(
  'defence 14: without it, the browser of an unlinked account shows a new QR whose login is not kept',
  async () => {
    const stock = await scene.linkedStock();
    const earlier = stock.named('qr').length;
    scene.standin.page.syncDelayMs = 4_000;
    scene.standin.network.unlink(scene.naive);
    expect(await stock.untilEvent('disconnected')).toEqual(['LOGOUT']);
    const [code] = await stock.untilEvent('qr', earlier + 1);
    scene.standin.scan(code as string, scene.naive);
    await stock.untilEvent('ready', 2);
    await stock.call('destroy');
    const next = scene.stock();
    void next.call('initialize');
    await next.untilEvent('qr');
  },
  LONG,
);

test(
  'defence 14: with it, the browser goes first, and the login of the next QR is kept',
  async () => {
    const { engine, recording } = await scene.linked();
    scene.standin.network.unlink(scene.me);
    await recording.untilSignal('logged_out');
    expect(recording.signals.filter(({ kind }) => kind === 'qr')).toHaveLength(1);
    await engine.start();
    scene.standin.scan((await recording.untilSignal('qr', 2)).code, scene.me);
    await recording.untilSignal('ready', 2);
    await engine.stop();
    const next = await scene.launch();
    await next.recording.untilSignal('ready');
    expect(next.recording.signals.map(({ kind }) => kind)).not.toContain('qr');
  },
  LONG,
);

test(
  'defence 14: with it, the profile of the unlinked account is there until its browser has ended',
  async () => {
    const browser = findBrowser(scene.browserPath);
    const kept = join(scene.folder, 'kept');
    // A browser that looks whether its login state is still there, some time before it counts as ended.
    const looks = join(scene.folder, browser.shell ? 'chromium-headless-shell' : 'chromium');
    const stored = join(scene.profileFolder, 'session', 'Default', 'IndexedDB');
    const script = `#!/bin/sh\n'${browser.path}' "$@"\nsleep 2\ntest -d '${stored}' && touch '${kept}'\n`;
    await writeFile(looks, script, { mode: 0o755 });
    const { recording } = await scene.linked({ close: 30_000 }, { browserPath: looks });
    scene.standin.network.unlink(scene.me);
    await recording.untilSignal('logged_out');
    expect([existsSync(kept), existsSync(stored)]).toEqual([true, false]);
  },
  LONG,
);

test(
  'defence 15: without it, an idle page shows no more codes',
  async () => {
    Object.assign(scene.standin.qr, { lifetimeMs: 1_000, renewals: 2 });
    const stock = scene.stock();
    await stock.call('initialize');
    await until('idleness', async () => (await stock.call('getState')) === 'UNPAIRED_IDLE');
    const shown = stock.named('qr').length;
    await wait(4_000);
    expect(stock.named('qr')).toHaveLength(shown);
    expect(await stock.call('getState')).toBe('UNPAIRED_IDLE');
  },
  LONG,
);

test(
  'defence 15: with it, it is asked for the next one',
  async () => {
    Object.assign(scene.standin.qr, { lifetimeMs: 1_000, renewals: 2 });
    const { recording } = await scene.launch({ watchStarting: 100 });
    const codes = await recording.until('a fourth code', () => {
      const issued = recording.signals.flatMap((signal) => (signal.kind === 'qr' ? [signal.code] : []));
      return issued.length >= 4 ? issued : undefined;
    });
    expect(new Set(codes).size).toBe(codes.length);
    scene.standin.scan(codes.at(-1) as string, scene.me);
    await recording.untilSignal('ready');
  },
  LONG,
);
