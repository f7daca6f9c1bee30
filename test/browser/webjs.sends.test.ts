/** Sends whose outcome is not simply success. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChatId } from '../../bridge/src/contract/ids.ts';
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
      const { engine, heard } = await session.linked();
      session.standin.network.reload(session.me);
      await heard.untilSignal('interrupted');
      expect(await failureOf(engine.send({ type: 'text', chatId: bobOf(session), text: 'now?' }, null))).toMatchObject({
        outcome: 'defer',
      });
    },
    LONG,
  );

  test(
    'a number that the page has not met is looked up first, and nothing is marked as seen',
    async () => {
      const dave = session.standin.network.addAccount('4915110000009', 'Dave');
      const seen: unknown[] = [];
      session.standin.network.events.on('seen', (_account, chat) => seen.push(chat));
      const { engine } = await session.linked();
      session.standin.network.addAccount('4915110000010', 'Eve');
      const eve = '4915110000010@c.us' as ChatId;
      await engine.send({ type: 'text', chatId: eve, text: 'nice to meet you' }, engine.chooseWireId(eve));
      await engine.send({ type: 'text', chatId: dave.pn as ChatId, text: 'and you' }, null);
      expect(dave.inbox).toHaveLength(1);
      expect(
        await failureOf(engine.send({ type: 'text', chatId: '4915119999999@c.us' as ChatId, text: 'anybody?' }, null)),
      ).toMatchObject({ outcome: 'fail', code: 'WAB_CHAT_UNKNOWN' });
      expect(seen).toEqual([]);
    },
    LONG,
  );
});
