/** The live check as a person runs it, through a bridge of its own, the real library and a real browser. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LIVE_CHECK_NAMES } from '../../bridge/src/cli/live-checks.ts';
import type { LiveReport } from '../../bridge/src/cli/live/report.ts';
import { doctorLive, statesOf } from '../bridge/cli/live-person.ts';
import type { Account } from '../standin/account.ts';
import { BridgeAtTest } from './bridge-at-test.ts';

const LONG = 300_000;
let at: BridgeAtTest;
let me: Account;
let bob: Account;

beforeEach(async () => {
  at = await BridgeAtTest.open();
  me = at.standin.network.addAccount('4915110000001', 'Meredith Own');
  bob = at.standin.network.addAccount('4915110000002', 'Bob Other');
  bob.readsAtOnce = true;
});
afterEach(() => at.close(), LONG);

test(
  'every check is ok on a page that works, with a person who writes and a restart, and the report names nobody',
  async () => {
    const { bridge, standin } = at;
    await bridge.start();
    await at.scan('merediths-phone', me);
    await at.untilReady();

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
