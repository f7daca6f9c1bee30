/** A page that is alive and silent: the session notices, says so, heals, and reports what was missed. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { browserTree, untilEnded } from './processes.ts';
import { LONG } from './session-at-test.ts';
import { HEALING, signals, SOON, textsOf, untilRecovered, untilText, WatchedSession } from './watched-session.ts';

let session: WatchedSession;
beforeEach(async () => {
  // The build that WhatsApp serves now.
  session = await WatchedSession.open('$1');
});
afterEach(() => session.close(), LONG);

describe('a page that is alive and deaf', () => {
  test.each(['listeners', 'collections', 'functions'] as const)(
    'its %s are gone: what was missed is reported in order, and it hears again',
    async (way) => {
      const { recording, page } = await session.healthy();
      session.say('heard 1');
      await untilText(recording, 'heard 1');
      await page.deafen(way);
      session.say('missed 1', 'missed 2', 'missed 3');
      session.standin.network.say(session.carol, session.me, 'missed by Carol');
      await untilText(recording, 'missed 3');
      await untilText(recording, 'missed by Carol');
      await untilRecovered(recording, 2);
      expect(signals(recording, 'degraded').length).toBeGreaterThan(0);
      expect(signals(recording, 'crashed')).toEqual([]);
      session.say('heard 2');
      await untilText(recording, 'heard 2');
      expect(textsOf(recording, session.bob.pn)).toEqual(['heard 1', 'missed 1', 'missed 2', 'missed 3', 'heard 2']);
    },
    2 * LONG,
  );
});

describe('a line that is dead', () => {
  test(
    "half-open: WhatsApp's server does not answer while the page says that it is connected",
    async () => {
      const { recording, page } = await session.healthy();
      await page.deafen('half-open');
      session.say('into the void 1', 'into the void 2');
      await untilText(recording, 'into the void 2');
      await untilRecovered(recording, 2);
      expect(signals(recording, 'degraded')[0]?.reason).toContain("WhatsApp's server does not answer");
      session.say('over the line');
      await untilText(recording, 'over the line');
      expect(textsOf(recording, session.bob.pn)).toEqual(['into the void 1', 'into the void 2', 'over the line']);
    },
    2 * LONG,
  );
});

describe('a page that works nothing off', () => {
  test(
    'what the server sends is left lying: another connection is opened after a long silence, and then the page is healed',
    async () => {
      const { recording, page } = await session.healthy({ ...SOON, quietAfter: 5_000, proveRefresh: 5_000 });
      await page.deafen('inbound');
      session.say('left lying 1', 'left lying 2');
      await untilText(recording, 'left lying 2');
      await untilRecovered(recording, 2);
      expect(textsOf(recording, session.bob.pn)).toEqual(['left lying 1', 'left lying 2']);
      expect(signals(recording, 'crashed')).toEqual([]);
    },
    2 * LONG,
  );

  test(
    'what the server sends is left lying while people write: the frames tell it long before an hour is over',
    async () => {
      const { recording, page } = await session.healthy({ ...SOON, unanswered: 3_000, proveRefresh: 5_000 });
      for (const text of ['heard 1', 'heard 2', 'heard 3', 'heard 4']) {
        session.say(text);
        await untilText(recording, text);
      }
      await page.deafen('inbound');
      const texts = Array.from({ length: 30 }, (_, index) => `left lying ${index}`);
      session.say(...texts);
      await untilText(recording, 'left lying 29');
      await untilRecovered(recording, 2);
      expect(textsOf(recording, session.bob.pn).slice(4)).toEqual(texts);
      expect(signals(recording, 'degraded')[0]?.reason).toContain('did not answer');
      expect(signals(recording, 'crashed')).toEqual([]);
    },
    2 * LONG,
  );

  test(
    'what is asked of it to catch up is never answered: it is healed, and new events do not wait for ever',
    async () => {
      const first = await session.linked(SOON);
      await first.engine.stop();
      session.say('offline 1', 'offline 2', 'offline 3');
      session.standin.page.faults['WAWebChatLoadMessages.loadEarlierMsgs'] = { hangs: true };
      const { recording } = await session.launch({ ...SOON, call: 2_000 });
      await recording.untilSignal('ready');
      await recording.until('degraded', () => signals(recording, 'degraded')[0], HEALING);
      session.standin.page.faults = {};
      session.say('new');
      await untilText(recording, 'new');
      await untilRecovered(recording, 1);
      expect(textsOf(recording, session.bob.pn)).toEqual(['offline 1', 'offline 2', 'offline 3', 'new']);
    },
    2 * LONG,
  );
});

describe('catching up', () => {
  test(
    'a reload in the middle of it: nothing is missed, and the order of each chat is kept',
    async () => {
      const first = await session.linked(SOON);
      await first.engine.stop();
      const texts = Array.from({ length: 60 }, (_, index) => `offline ${index}`);
      session.say(...texts);
      session.standin.network.say(session.carol, session.me, 'offline from Carol');
      // The first read of earlier messages comes back late, and the page reloads before that.
      session.standin.page.faults['WAWebChatLoadMessages.loadEarlierMsgs'] = { delayMs: 4_000 };
      const { recording } = await session.launch(SOON);
      await recording.untilSignal('ready');
      await session.openPage.reload();
      await recording.untilSignal('ready', 2);
      session.say('during the catch-up');
      await untilText(recording, 'during the catch-up');
      await untilText(recording, 'offline from Carol');
      expect(textsOf(recording, session.bob.pn)).toEqual([...texts, 'during the catch-up']);
    },
    2 * LONG,
  );
});

describe('an account that WhatsApp refuses', () => {
  test.each([
    ['TOS_BLOCK', 'request a review'],
    ['PROXYBLOCK', 'use another network'],
  ] as const)(
    '%s while it is connected, and at the next start: told so, and the login state stays',
    async (state, advice) => {
      const first = await session.healthy();
      session.standin.network.block(session.me, state);
      expect((await first.recording.untilSignal('refused')).reason).toContain(advice);
      await untilEnded((await browserTree(session.profileFolder)).pids, 10_000);
      const second = await session.launch(SOON);
      expect((await second.recording.untilSignal('refused')).reason).toContain(advice);
      session.standin.network.block(session.me, null);
      const third = await session.launch(SOON);
      await third.recording.untilSignal('ready');
      expect(signals(third.recording, 'qr')).toEqual([]);
      for (const { recording } of [first, second, third]) expect(signals(recording, 'crashed')).toEqual([]);
    },
    2 * LONG,
  );
});
