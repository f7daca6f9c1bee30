/** Receipts that nobody announced: they came while the session did not run, or for a message that the page did not load. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ChatId, MessageId } from '../../bridge/src/contract/ids.ts';
import type { Engine } from '../../bridge/src/engine/engine.ts';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import { LONG, SessionAtTest } from './session-at-test.ts';

let session: SessionAtTest;
beforeEach(async () => {
  session = await SessionAtTest.open('$1');
  session.bob.readsAtOnce = session.carol.readsAtOnce = false;
});
afterEach(() => session.close(), LONG);

const file = (): string => join(session.profileFolder, 'progress.json');
const untilAck = (recording: EngineRecording, messageId: string, level: 'delivered' | 'read') =>
  recording.until(`${level} of ${messageId}`, () => recording.acksOf(messageId).includes(level) || undefined, 40_000);
async function send(engine: Engine, chatId: string, text: string): Promise<MessageId> {
  const chat = chatId as ChatId;
  return (await engine.perform('message.sendText', { chatId: chat, text }, engine.chooseMessageId(chat))).messageId;
}
/** As if minutes had passed: all that was sent so far lies before what a catch-up reads. */
async function muchLater(): Promise<void> {
  const progress = JSON.parse(await readFile(file(), 'utf8')) as { reportedUntil: number };
  await writeFile(file(), JSON.stringify({ ...progress, reportedUntil: progress.reportedUntil + 500 }));
}

test(
  'what was read while the session did not run is reported once, long after it was sent',
  async () => {
    const { network } = session.standin;
    const group = network.addGroup('friends', [session.me, session.bob, session.carol]);
    const first = await session.linked();
    const toBob = await send(first.engine, session.bob.pn, 'to bob');
    const toCarol = await send(first.engine, session.carol.pn, 'to carol');
    const toGroup = await send(first.engine, group.id, 'to all');
    network.say(session.me, session.bob, 'from the phone');
    const { messageId: fromPhone } = await first.recording.untilMessage(({ text }) => text === 'from the phone');
    for (const messageId of [toBob, toCarol, toGroup, fromPhone])
      await untilAck(first.recording, messageId, 'delivered');
    await first.engine.stop();
    network.read(session.bob);
    await muchLater();

    const { engine, recording } = await session.launch();
    for (const messageId of [toBob, fromPhone]) await untilAck(recording, messageId, 'read');
    network.read(session.carol);
    for (const messageId of [toCarol, toGroup]) await untilAck(recording, messageId, 'read');
    const acks = recording.facts.flatMap((fact) =>
      fact.type === 'message.acknowledged' ? [`${fact.data.messageId} ${fact.data.ack}`] : [],
    );
    expect(acks.sort()).toEqual([toBob, toCarol, toGroup, fromPhone].map((messageId) => `${messageId} read`).sort());
    expect(recording.messages.filter(({ chat }) => chat.chatId === session.bob.pn)).toEqual([]);
    await engine.stop();
    expect((JSON.parse(await readFile(file(), 'utf8')) as { unread: unknown[] }).unread).toEqual([]);
  },
  LONG,
);

test(
  'what is read while the session runs is reported, although the page did not load the message',
  async () => {
    const { network } = session.standin;
    const first = await session.linked();
    const messageId = await send(first.engine, session.bob.pn, 'an older one');
    await untilAck(first.recording, messageId, 'delivered');
    network.say(session.bob, session.me, 'a newer one');
    await first.recording.untilMessage(({ text }) => text === 'a newer one');
    await first.engine.stop();
    await muchLater();

    const { recording } = await session.launch({ receipts: 300 });
    await recording.untilSignal('ready');
    network.say(session.carol, session.me, 'listening');
    await recording.untilMessage(({ text }) => text === 'listening');
    network.read(session.bob);
    await untilAck(recording, messageId, 'read');
  },
  LONG,
);
