/** Processes that die, hang or are cut off, and what is left of them. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { browserTree } from './processes.ts';
import { bobOf, failureOf, LONG, SessionAtTest } from './session-at-test.ts';

let session: SessionAtTest;
beforeEach(async () => {
  session = await SessionAtTest.open();
});
afterEach(() => session.close(), LONG);

describe('processes', () => {
  test(
    'a send cut off by the death of the browser is unknown, never failed',
    async () => {
      const { engine, heard } = await session.linked();
      session.standin.network.holdsAcks = true;
      const wireId = engine.chooseWireId(bobOf(session));
      const sending = failureOf(engine.send({ type: 'text', chatId: bobOf(session), text: 'did it leave?' }, wireId));
      await session.inbox(1);
      process.kill((await browserTree(session.profileFolder)).browser as number, 'SIGKILL');
      expect((await sending).outcome).toBe('unknown');
      await heard.untilSignal('crashed');
      session.standin.network.holdsAcks = false;
      await engine.start();
      await heard.untilSignal('ready', 2);
      // The page sends what it holds unacknowledged by itself; the server takes one id once.
      await heard.until('the acknowledgement', () => (heard.acksOf(wireId).length > 0 ? true : undefined));
      expect(await engine.fateOf(wireId, bobOf(session))).toBe('sent');
      expect(session.received()).toHaveLength(1);
    },
    LONG,
  );

  test(
    'stopping right after starting leaves no process',
    async () => {
      const { engine } = await session.launch();
      await engine.stop();
      expect((await browserTree(session.profileFolder)).pids).toEqual([]);
    },
    LONG,
  );
});
