/** The live check as a person runs it, through a bridge of its own, the real library and a real browser. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LIVE_CHECK_NAMES } from '../../bridge/src/cli/live-checks.ts';
import type { LiveReport } from '../../bridge/src/cli/live/report.ts';
import { doctorLive, statesOf } from '../bridge/cli/live-person.ts';
import { BridgeProcess, freePort } from '../e2e/bridge-process.ts';
import type { Account } from '../standin/account.ts';
import { BUILDS } from '../standin/page-settings.ts';
import { Standin } from '../standin/server.ts';

const LONG = 300_000;
let standin: Standin;
let me: Account;
let bob: Account;
let bridge: BridgeProcess;

beforeEach(async () => {
  standin = new Standin();
  Object.assign(standin.page, { build: '$1', version: BUILDS.$1 });
  await standin.start();
  me = standin.network.addAccount('4915110000001', 'Meredith Own');
  bob = standin.network.addAccount('4915110000002', 'Bob Other');
  bob.readsAtOnce = true;
  bridge = new BridgeProcess(await mkdtemp(join(tmpdir(), 'wabridge-live-')), await freePort(), {
    WABRIDGE_ENGINES: 'webjs',
    WABRIDGE_BROWSER_FLAGS: standin.browserArgs.join('\n'),
  });
});
afterEach(async () => {
  await bridge.stop();
  await standin.stop();
  await rm(bridge.dataDir, { recursive: true, force: true, maxRetries: 5 });
}, LONG);

async function until<Found>(what: string, ask: () => Promise<Found | undefined>): Promise<Found> {
  const end = Date.now() + 60_000;
  for (;;) {
    const found = await ask().catch(() => undefined);
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`waited too long for ${what}:\n${bridge.output}`);
    await wait(100);
  }
}

test(
  'every check is ok on a page that works, with a person who writes and a restart, and the report names nobody',
  async () => {
    await bridge.start();
    await bridge.client.request('POST', '/v1/sessions', { body: { name: 'merediths-phone', engine: 'webjs' } });
    const path = '/v1/sessions/merediths-phone';
    const { code } = await until('a QR', () => bridge.client.request<{ code: string }>('GET', `${path}/qr`));
    standin.scan(code, me);
    await until('ready', async () => {
      const { state } = await bridge.client.request<{ state: string }>('GET', path);
      return state === 'ready' ? true : undefined;
    });

    const checked = await doctorLive(bridge, ['merediths-phone', '--restart', '--json', '--wait', '90'], (text) => {
      const media = standin.media.store(Buffer.from('a photo, as far as anybody looks'), 'image/jpeg');
      standin.network.say(bob, me, { type: 'image', caption: text, media });
    });
    const report = JSON.parse(checked.out) as LiveReport;
    // Which of the two tells the log of a message first decides whether there is a file to fetch back: bridge or page.
    const others = report.checks.filter(({ state, check }) => state !== 'ok' && check !== 'download');
    expect({ others, err: checked.err }).toEqual({ others: [], err: expect.any(String) });
    expect(report.checks.map(({ check }) => check)).toEqual(LIVE_CHECK_NAMES);
    expect(statesOf(checked.out)['download']).not.toBe('failed');
    expect(checked.code).toBe(0);
    expect(report).toMatchObject({ engine: 'webjs', simulated: false });
    expect(checked.out).not.toMatch(/merediths-phone|Meredith|Bob|4915110000|wabridge \d{4}/);

    // What the other phone saw of it: one reply to the picture, and a reaction.
    expect(bob.inbox.filter(({ fromMe }) => !fromMe)).toHaveLength(1);
    expect(bob.inbox[0]?.quoted).toBeDefined();
  },
  LONG,
);
