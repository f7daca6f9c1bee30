/** From a scan to ready, and back to it: the code that was taken is gone at once, a sync has as long as it gets on. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../until.ts';
import { LONG, SessionAtTest } from './session-at-test.ts';
import { SupervisedSession } from './supervised-session.ts';

const FOREVER_MS = 3_600_000;
const STALL_MS = 6_000;

let session: SessionAtTest;
let supervised: SupervisedSession | undefined;
beforeEach(async () => {
  supervised = undefined;
  session = await SessionAtTest.open();
});
afterEach(async () => {
  await supervised?.supervisor.close('the test is over');
  await session.close();
}, LONG);

test(
  'the code that was scanned is shown no more while the data of the account loads',
  async () => {
    session.standin.page.syncDelayMs = FOREVER_MS;
    const phone = (supervised = new SupervisedSession(session));
    session.standin.scan(await phone.code(), session.me);
    await phone.untilState('connecting', 20_000);
    expect(phone.supervisor.codes.qr).toBeNull();
    session.standin.pageOf(session.me).wake();
    await phone.untilState('ready');
    expect(phone.recorder.states).toEqual(['starting', 'awaiting_scan', 'connecting', 'ready']);
    expect(phone.launches).toBe(1);
  },
  LONG,
);

test(
  'a sync takes as long as it gets on, by the figures of the page; one that stalls ends in another launch',
  async () => {
    session.standin.page.syncDelayMs = FOREVER_MS;
    const phone = (supervised = new SupervisedSession(session, { startDeadlineMs: STALL_MS }));
    session.standin.scan(await phone.code(), session.me);
    await phone.untilState('connecting', 20_000);
    const page = session.standin.pageOf(session.me);
    const began = performance.now();
    for (let percent = 1; performance.now() - began < 3 * STALL_MS; percent += 1) {
      await page.progress(percent);
      await until('the figure', () => phone.supervisor.machine.reason.includes(`${percent} % of the history`));
      await wait(500);
    }
    expect(phone.launches).toBe(1);
    expect(phone.state).toBe('connecting');
    // From here on nothing comes any more.
    await until('another launch', () => phone.launches > 1);
    const reasons = phone.recorder.events.flatMap((event) => ('reason' in event.data ? [event.data.reason] : []));
    expect(reasons).toContainEqual(expect.stringMatching(/not become ready in time: .* % of the history/));
  },
  LONG,
);

test(
  'a reload whose sync ends before the library listens: told so at once, not at the next look',
  async () => {
    const { recording } = await session.linked({ watchReady: FOREVER_MS, readyAfterSync: FOREVER_MS });
    session.standin.page.syncDelayMs = 0;
    await session.standin.pageOf(session.me).reload();
    await recording.untilSignal('interrupted');
    await recording.untilSignal('ready', 2);
    session.standin.network.say(session.bob, session.me, 'anybody there?');
    await recording.untilMessage(({ text }) => text === 'anybody there?');
    expect(recording.messages).toHaveLength(1);
  },
  LONG,
);

test(
  'an account that was unlinked while the bridge was down is logged out, and the next start shows a code',
  async () => {
    const phone = (supervised = new SupervisedSession(session));
    session.standin.scan(await phone.code(), session.me);
    await phone.untilState('ready');
    await phone.supervisor.stop('the bridge is down');
    session.standin.network.unlink(session.me);
    await phone.supervisor.start('the bridge is back');
    await phone.untilState('logged_out');
    expect(phone.supervisor.self).toBeNull();
    expect(phone.recorder.states).not.toContain('failed');
    session.standin.scan(await phone.code(), session.me);
    await phone.untilState('ready');
  },
  LONG,
);
