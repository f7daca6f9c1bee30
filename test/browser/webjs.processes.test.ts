/** Processes that die, hang or are cut off, and what is left of them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DEADLINES } from '../../bridge/src/engine/webjs/deadlines.ts';
import { browserTree, untilEnded } from './processes.ts';
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
      const { engine, recording } = await session.linked();
      session.standin.network.holdsAcks = true;
      const messageId = engine.chooseMessageId(bobOf(session));
      const sending = failureOf(
        engine.perform('message.sendText', { chatId: bobOf(session), text: 'did it leave?' }, messageId),
      );
      await session.inbox(1);
      process.kill((await browserTree(session.profileFolder)).browser as number, 'SIGKILL');
      expect((await sending).outcome).toBe('unknown');
      await recording.untilSignal('crashed');
      session.standin.network.holdsAcks = false;
      await engine.start();
      await recording.untilSignal('ready', 2);
      // The page sends what it holds unacknowledged by itself; the server takes one id once.
      await recording.until('the acknowledgement', () => (recording.acksOf(messageId).length > 0 ? true : undefined));
      expect(await engine.sendStatusOf(messageId, bobOf(session))).toBe('sent');
      expect(session.received()).toHaveLength(1);
    },
    LONG,
  );

  test(
    'a logout that the page does not answer fails, and the login state is kept',
    async () => {
      const { engine } = await session.linked({ call: 5_000 });
      await session.standin.pageOf(session.me).hang('WAWebSocketModel.Socket.logout');
      expect((await failureOf(engine.logout())).message).toContain('took longer');
      await engine.stop();
      const { recording } = await session.launch();
      await recording.untilSignal('ready');
      expect(recording.signals.map(({ kind }) => kind)).not.toContain('qr');
    },
    LONG,
  );

  test(
    'stopping right after starting leaves no process',
    async () => {
      const { engine } = await session.launch();
      await engine.stop();
      await untilEnded((await browserTree(session.profileFolder)).pids, 10_000);
    },
    LONG,
  );

  test(
    'stopping a browser that never finishes its start leaves no process',
    async () => {
      const stuck = join(session.folder, 'stuck-browser');
      await writeFile(stuck, '#!/bin/sh\nsleep 600\n', { mode: 0o755 });
      const { engine } = await session.launch({}, { browserPath: stuck });
      let pids: readonly number[] = [];
      while (pids.length < 2) {
        await wait(50);
        pids = (await browserTree(session.profileFolder)).pids;
      }
      const began = performance.now();
      await engine.stop();
      await untilEnded(pids, 2_000);
      expect(performance.now() - began).toBeLessThan(DEADLINES.close);
    },
    LONG,
  );
});
