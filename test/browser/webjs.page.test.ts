/** What the page does to a session: late and repeated events, reloads, conflicts, hidden numbers. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bobOf, LONG, SessionAtTest } from './session-at-test.ts';

let session: SessionAtTest;
beforeEach(async () => {
  session = await SessionAtTest.open();
});
afterEach(() => session.close(), LONG);

describe('the page', () => {
  test(
    'a reload is taken in stride: ready again, every message once, sends work',
    async () => {
      const { engine, heard } = await session.linked();
      session.standin.network.reload(session.me);
      await heard.untilSignal('interrupted');
      await heard.untilSignal('ready', 2);
      session.standin.network.say(session.bob, session.me, 'after the reload');
      await heard.untilMessage((message) => message.text === 'after the reload');
      await engine.send({ type: 'text', chatId: bobOf(session), text: 'indeed' }, null);
      expect(heard.messages.filter(({ text }) => text === 'after the reload')).toHaveLength(1);
      expect(heard.signals.filter(({ kind }) => kind === 'authenticated')).toHaveLength(1);
    },
    LONG,
  );
});
