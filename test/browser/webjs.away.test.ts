/** A page that cannot be had: the network is away or swallows everything, the server answers with an error, a dialog holds the page. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../until.ts';
import { LONG, SessionAtTest } from './session-at-test.ts';
import { SupervisedSession } from './supervised-session.ts';

const FOREVER_MS = 3_600_000;
/** A second launch would wait for ever. */
const ONE_LAUNCH = { startDeadlineMs: 15_000, backoff: { firstMs: FOREVER_MS, longestMs: FOREVER_MS } };
const SOON = { reachEvery: 500, reachAnswer: 2_000, busyTold: 2_000 };

let session: SessionAtTest;
let phone: SupervisedSession;
beforeEach(async () => {
  session = await SessionAtTest.open();
});
afterEach(async () => {
  await phone.supervisor.close('the test is over');
  await session.close();
}, LONG);

async function linked(): Promise<void> {
  phone = new SupervisedSession(session, ONE_LAUNCH, SOON);
  session.standin.scan(await phone.code(), session.me);
  await phone.untilState('ready');
}
const isAway = (): boolean => phone.supervisor.machine.reason.includes('cannot be reached');
const receives = async (text: string): Promise<void> => {
  session.standin.network.say(session.bob, session.me, text);
  await until(text, () => JSON.stringify(phone.recorder.facts).includes(text));
};

describe('a network that is away', () => {
  test(
    'while the page is loaded: the same browser waits for it, says so, and is back with it',
    async () => {
      await linked();
      await session.standin.goAway();
      await until('the reason', isAway);
      // Longer than a session may take to become ready.
      await wait(ONE_LAUNCH.startDeadlineMs + 2_000);
      expect(phone.state).toBe('reconnecting');
      expect(phone.supervisor.machine.degraded).toMatch(/cannot be reached \(ERR_CONNECTION_REFUSED\)/);
      await session.standin.comeBack();
      await phone.untilState('ready');
      await receives('back again');
      expect(phone.launches).toBe(1);
      // The line that the page got back by itself is left to it.
      const lost = phone.recorder.states.filter((state) => state === 'reconnecting').length;
      await wait(4 * SOON.reachEvery);
      expect(phone.recorder.states.filter((state) => state === 'reconnecting')).toHaveLength(lost);
      expect(phone.state).toBe('ready');
    },
    LONG,
  );

  test(
    'at the start, and at a reload: the page is asked for again in the same browser',
    async () => {
      phone = new SupervisedSession(session, ONE_LAUNCH, SOON);
      await session.standin.goAway();
      await phone.supervisor.start('a test');
      await until('the reason', isAway);
      await wait(ONE_LAUNCH.startDeadlineMs + 2_000);
      expect(phone.state).toBe('starting');
      await session.standin.comeBack();
      session.standin.scan(await until('a QR code', () => phone.supervisor.codes.qr?.code), session.me);
      await phone.untilState('ready');

      const page = session.standin.pageOf(session.me);
      const gone = session.standin.goAway();
      await page.reload().catch(() => undefined);
      await gone;
      await until('the reason', isAway);
      await session.standin.comeBack();
      await phone.untilState('ready');
      await receives('back again');
      expect(phone.launches).toBe(1);
    },
    2 * LONG,
  );
});

describe('a network that swallows everything', () => {
  test(
    'while the page is loaded: the same browser waits for it, says so, and is back with it',
    async () => {
      await linked();
      session.standin.swallowEverything();
      await until('the reason', isAway);
      await wait(ONE_LAUNCH.startDeadlineMs + 2_000);
      expect(phone.state).toBe('reconnecting');
      expect(phone.supervisor.machine.degraded).toMatch(/cannot be reached \(ERR_TIMED_OUT\)/);
      await session.standin.comeBack();
      await phone.untilState('ready', 15_000);
      await receives('back again');
      expect(phone.launches).toBe(1);
    },
    LONG,
  );

  test(
    'at the start: the load that hangs does not end the browser, and begins again',
    async () => {
      phone = new SupervisedSession(session, ONE_LAUNCH, { ...SOON, start: 15_000 });
      session.standin.swallowEverything();
      await phone.supervisor.start('a test');
      await until('the reason', isAway);
      await wait(ONE_LAUNCH.startDeadlineMs + 2_000);
      expect(phone.state).toBe('starting');
      await session.standin.comeBack();
      session.standin.scan(
        await until('a QR code', () => phone.supervisor.codes.qr?.code, { timeoutMs: 15_000 }),
        session.me,
      );
      await phone.untilState('ready');
      expect(phone.launches).toBe(1);
    },
    2 * LONG,
  );
});

describe('a page that hangs before the session was ever ready', () => {
  test(
    'is not taken for a network that is away: its start ends at the deadline, and another browser is launched',
    async () => {
      const again = { startDeadlineMs: 15_000, backoff: { firstMs: 100, longestMs: 100 } };
      phone = new SupervisedSession(session, again, { ...SOON, call: 2_000 });
      session.standin.page.syncDelayMs = FOREVER_MS;
      session.standin.scan(await phone.code(), session.me);
      await phone.untilState('connecting');
      // Not as long as the sync, since the browser would make the second of two equal requests wait for the first.
      await session.standin.pageOf(session.me).busy(FOREVER_MS - 1, 'waits');
      session.standin.page.syncDelayMs = 300;
      const { launches } = phone;
      await until('another browser', () => phone.launches > launches, { timeoutMs: 60_000 });
      await phone.untilState('ready');
      expect(JSON.stringify(phone.recorder.events)).not.toContain('cannot be reached');
    },
    2 * LONG,
  );
});

describe('a server that answers with an error', () => {
  test(
    'is told as what it is, at the start and at a reload',
    async () => {
      await linked();
      session.standin.pageStatus = 503;
      await session.standin.pageOf(session.me).reload();
      await until('the end', () => phone.supervisor.machine.reason.includes('HTTP 503'));
      session.standin.pageStatus = 500;
      await phone.supervisor.stop('a test');
      await phone.supervisor.start('a test');
      await phone.untilState('failed');
      expect(phone.supervisor.machine.reason).toContain('HTTP 500');
      session.standin.pageStatus = 200;
      await phone.supervisor.start('a test');
      await phone.untilState('ready');
    },
    LONG,
  );
});

describe('a dialog of the page', () => {
  test.each(['alert', 'confirm', 'prompt'] as const)(
    '%s is dismissed at once, and holds up nothing',
    async (kind) => {
      phone = new SupervisedSession(session, ONE_LAUNCH, { hungAfter: FOREVER_MS });
      session.standin.scan(await phone.code(), session.me);
      await phone.untilState('ready');
      await session.standin.pageOf(session.me).dialog(kind);
      await wait(200);
      await receives('behind the dialog');
      expect(phone.state).toBe('ready');
      expect(phone.logged).toContainEqual([{ type: kind }, 'the page showed a dialog, which was dismissed']);
    },
    LONG,
  );
});
