/** Sends whose outcome is not simply success. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { bobOf, failureOf, LONG, SessionAtTest } from './session-at-test.ts';

let session: SessionAtTest;
beforeEach(async () => {
  session = await SessionAtTest.open();
});
afterEach(() => session.close(), LONG);

describe('sends', () => {
  test(
    'a send while the line is down is put off',
    async () => {
      const { engine, recording } = await session.linked();
      session.standin.network.reload(session.me);
      await recording.untilSignal('interrupted');
      expect(
        await failureOf(engine.perform('message.sendText', { chatId: bobOf(session), text: 'now?' }, null)),
      ).toMatchObject({
        outcome: 'defer',
      });
    },
    LONG,
  );
});
