/** What the page can tell about a message whose send was cut off, before and after a restart. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChatId, MessageId } from '../../bridge/src/contract/ids.ts';
import type { Engine, EngineError } from '../../bridge/src/engine/engine.ts';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import { browserTree } from './processes.ts';
import { bobOf, failureOf, LONG, SessionAtTest } from './session-at-test.ts';

const OPENING_A_CHAT = 'WAWebFindChatAction.findOrCreateLatestChat';
let session: SessionAtTest;
beforeEach(async () => {
  session = await SessionAtTest.open();
});
afterEach(() => session.close(), LONG);

/** What `sendStatusOf` says, or how it refuses to say. */
const sendStatusOf = (engine: Engine, messageId: MessageId, chatId = bobOf(session)): Promise<string> =>
  engine.sendStatusOf(messageId, chatId).catch((error: EngineError) => error.outcome);

async function killBrowser(recording: EngineRecording): Promise<void> {
  process.kill((await browserTree(session.profileFolder)).browser as number, 'SIGKILL');
  await recording.untilSignal('crashed');
}

async function restart(engine: Engine, recording: EngineRecording): Promise<void> {
  await engine.start();
  await recording.untilSignal('ready', 2);
}

/** Sends, and resolves once the page is at work on the message and gets no further. */
async function sendThatHangs(
  engine: Engine,
  messageId: MessageId,
): Promise<{ readonly failure: Promise<EngineError> }> {
  await session.standin.pageOf(session.me).hang(OPENING_A_CHAT);
  const failure = failureOf(engine.perform('message.sendText', { chatId: bobOf(session), text: 'hello' }, messageId));
  await untilSendStatus(engine, messageId, 'defer');
  return { failure };
}

/** Asks until the send status is as wanted. @returns what was said on the way */
async function untilSendStatus(engine: Engine, messageId: MessageId, wanted: string): Promise<Set<string>> {
  const said = new Set<string>();
  for (const end = Date.now() + LONG / 2; !said.has(wanted); await wait(20)) {
    if (Date.now() > end) throw new Error(`the send status did not become ${wanted}; it was ${[...said].join(', ')}`);
    said.add(await sendStatusOf(engine, messageId));
  }
  return said;
}

describe('the send status of a message', () => {
  test(
    'that the page never stored is absent after a restart, and sent again under its id it arrives once',
    async () => {
      const { engine, recording } = await session.linked();
      const messageId = engine.chooseMessageId(bobOf(session));
      const { failure } = await sendThatHangs(engine, messageId);
      await killBrowser(recording);
      expect((await failure).outcome).toBe('unknown');
      expect(await sendStatusOf(engine, messageId)).toBe('defer');
      await restart(engine, recording);
      expect(await sendStatusOf(engine, messageId)).toBe('absent');
      expect(
        (await engine.perform('message.sendText', { chatId: bobOf(session), text: 'hello' }, messageId)).messageId,
      ).toBe(messageId);
      expect(session.received().map(({ messageId: id, text }) => [id, text])).toEqual([[messageId, 'hello']]);
    },
    LONG,
  );

  test(
    'is open while the page is at work on it, although the caller has given up waiting',
    async () => {
      const { engine } = await session.linked({ send: 1_000, ack: LONG });
      const messageId = engine.chooseMessageId(bobOf(session));
      const { failure } = await sendThatHangs(engine, messageId);
      expect((await failure).outcome).toBe('unknown');
      expect(await sendStatusOf(engine, messageId)).toBe('defer');
      // A second order for the same message is no second message.
      expect(
        (await failureOf(engine.perform('message.sendText', { chatId: bobOf(session), text: 'hello' }, messageId)))
          .outcome,
      ).toBe('unknown');
      await session.standin.pageOf(session.me).repair();
      await session.inbox(1);
      await untilSendStatus(engine, messageId, 'sent');
      expect(session.received()).toHaveLength(1);
    },
    LONG,
  );

  test(
    'that the page holds and does not send is never absent, and unknown once it had its time',
    async () => {
      const { engine, recording } = await session.linked({ ack: 3_000 });
      session.standin.network.swallows = true;
      session.standin.page.resendsPending = false;
      const messageId = engine.chooseMessageId(bobOf(session));
      const failure = failureOf(
        engine.perform('message.sendText', { chatId: bobOf(session), text: 'hello' }, messageId),
      );
      expect((await failure).outcome).toBe('unknown');
      await killBrowser(recording);
      await restart(engine, recording);
      const statuses = await untilSendStatus(engine, messageId, 'unknown');
      expect([...statuses].filter((status) => status !== 'defer' && status !== 'unknown')).toEqual([]);
    },
    LONG,
  );

  test(
    'is found in what the page keeps, by whichever of its two ids the chat is asked for',
    async () => {
      const { engine, recording } = await session.linked();
      const lid = session.bob.lid as ChatId;
      const inLidChat = await engine.perform(
        'message.sendText',
        { chatId: lid, text: 'one' },
        engine.chooseMessageId(lid),
      );
      // In memory after a restart is the last message of each chat.
      await engine.perform('message.sendText', { chatId: lid, text: 'two' }, engine.chooseMessageId(lid));
      const group = session.group.id as ChatId;
      const inGroup = await engine.perform(
        'message.sendText',
        { chatId: group, text: 'three' },
        engine.chooseMessageId(group),
      );
      await engine.perform('message.sendText', { chatId: group, text: 'four' }, engine.chooseMessageId(group));
      await killBrowser(recording);
      await restart(engine, recording);
      const [, , stanza] = inLidChat.messageId.split('_');
      expect(await sendStatusOf(engine, `true_${bobOf(session)}_${stanza}` as MessageId)).toBe('sent');
      expect(await sendStatusOf(engine, inLidChat.messageId, lid)).toBe('sent');
      expect(await sendStatusOf(engine, inGroup.messageId, group)).toBe('sent');
      expect(await sendStatusOf(engine, engine.chooseMessageId(group), group)).toBe('absent');
    },
    LONG,
  );
});
