/** What the page can tell about a message whose send was cut off, before and after a restart. */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChatId, WireId } from '../../bridge/src/contract/ids.ts';
import type { Engine, EngineError, EngineSend } from '../../bridge/src/engine/engine.ts';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import { browserTree } from './processes.ts';
import { bobOf, failureOf, LONG, SessionAtTest } from './session-at-test.ts';

const OPENING_A_CHAT = 'WAWebFindChatAction.findOrCreateLatestChat';
let session: SessionAtTest;
beforeEach(async () => {
  session = await SessionAtTest.open();
});
afterEach(() => session.close(), LONG);

const textTo = (chatId: ChatId, text: string): EngineSend => ({ type: 'text', chatId, text });

/** What `fateOf` says, or how it refuses to say. */
const fateOf = (engine: Engine, wireId: WireId, chatId = bobOf(session)): Promise<string> =>
  engine.fateOf(wireId, chatId).catch((error: EngineError) => error.outcome);

async function killBrowser(recording: EngineRecording): Promise<void> {
  process.kill((await browserTree(session.profileFolder)).browser as number, 'SIGKILL');
  await recording.untilSignal('crashed');
}

async function restart(engine: Engine, recording: EngineRecording): Promise<void> {
  await engine.start();
  await recording.untilSignal('ready', 2);
}

/** Sends, and resolves once the page is at work on the message and gets no further. */
async function sendThatHangs(engine: Engine, wireId: WireId): Promise<{ readonly failure: Promise<EngineError> }> {
  await session.standin.pageOf(session.me).hang(OPENING_A_CHAT);
  const failure = failureOf(engine.send(textTo(bobOf(session), 'hello'), wireId));
  await untilFate(engine, wireId, 'defer');
  return { failure };
}

/** Asks until the fate is as wanted. @returns what was said on the way */
async function untilFate(engine: Engine, wireId: WireId, wanted: string): Promise<Set<string>> {
  const said = new Set<string>();
  for (const end = Date.now() + LONG / 2; !said.has(wanted); await wait(20)) {
    if (Date.now() > end) throw new Error(`the fate did not become ${wanted}; it was ${[...said].join(', ')}`);
    said.add(await fateOf(engine, wireId));
  }
  return said;
}

describe('the fate of a message', () => {
  test(
    'that the page never stored is absent after a restart, and sent again under its id it arrives once',
    async () => {
      const { engine, recording } = await session.linked();
      const wireId = engine.chooseWireId(bobOf(session));
      const { failure } = await sendThatHangs(engine, wireId);
      await killBrowser(recording);
      expect((await failure).outcome).toBe('unknown');
      expect(await fateOf(engine, wireId)).toBe('defer');
      await restart(engine, recording);
      expect(await fateOf(engine, wireId)).toBe('absent');
      expect((await engine.send(textTo(bobOf(session), 'hello'), wireId)).wireId).toBe(wireId);
      expect(session.received().map(({ wireId: id, text }) => [id, text])).toEqual([[wireId, 'hello']]);
    },
    LONG,
  );

  test(
    'is open while the page is at work on it, although the caller has given up waiting',
    async () => {
      const { engine } = await session.linked({ send: 1_000, ack: LONG });
      const wireId = engine.chooseWireId(bobOf(session));
      const { failure } = await sendThatHangs(engine, wireId);
      expect((await failure).outcome).toBe('unknown');
      expect(await fateOf(engine, wireId)).toBe('defer');
      // A second order for the same message is no second message.
      expect((await failureOf(engine.send(textTo(bobOf(session), 'hello'), wireId))).outcome).toBe('unknown');
      await session.standin.pageOf(session.me).repair();
      await session.inbox(1);
      await untilFate(engine, wireId, 'sent');
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
      const wireId = engine.chooseWireId(bobOf(session));
      const failure = failureOf(engine.send(textTo(bobOf(session), 'hello'), wireId));
      expect((await failure).outcome).toBe('unknown');
      await killBrowser(recording);
      await restart(engine, recording);
      const fates = await untilFate(engine, wireId, 'unknown');
      expect([...fates].filter((fate) => fate !== 'defer' && fate !== 'unknown')).toEqual([]);
    },
    LONG,
  );

  test(
    'is found in what the page keeps, by whichever of its two ids the chat is asked for',
    async () => {
      const { engine, recording } = await session.linked();
      const lid = session.bob.lid as ChatId;
      const inLidChat = await engine.send(textTo(lid, 'one'), engine.chooseWireId(lid));
      // In memory after a restart is the last message of each chat.
      await engine.send(textTo(lid, 'two'), engine.chooseWireId(lid));
      const group = session.group.id as ChatId;
      const inGroup = await engine.send(textTo(group, 'three'), engine.chooseWireId(group));
      await engine.send(textTo(group, 'four'), engine.chooseWireId(group));
      await killBrowser(recording);
      await restart(engine, recording);
      const [, , stanza] = inLidChat.wireId.split('_');
      expect(await fateOf(engine, `true_${bobOf(session)}_${stanza}` as WireId)).toBe('sent');
      expect(await fateOf(engine, inLidChat.wireId, lid)).toBe('sent');
      expect(await fateOf(engine, inGroup.wireId, group)).toBe('sent');
      expect(await fateOf(engine, engine.chooseWireId(group), group)).toBe('absent');
    },
    LONG,
  );
});
