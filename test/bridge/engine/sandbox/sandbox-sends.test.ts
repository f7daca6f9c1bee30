/** Sends that go wrong. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { ChatId } from '../../../../bridge/src/contract/ids.ts';
import type { EngineError } from '../../../../bridge/src/engine/engine.ts';
import type { SandboxFaults } from '../../../../bridge/src/engine/sandbox/sandbox-contract.ts';
import {
  SESSION,
  CHAT,
  folder,
  network,
  SOON_MS,
  ready,
  sendText,
  failure,
  inbox,
  inboxOf,
  useNetwork,
} from './sandbox-harness.ts';

useNetwork();

describe('sends that go wrong', () => {
  test.each<[keyof SandboxFaults, EngineError['outcome'], boolean, 'sent' | 'absent']>([
    ['sendRefused', 'fail', false, 'absent'],
    ['sendDeferred', 'defer', false, 'absent'],
    ['sendHangs', 'unknown', false, 'absent'],
    ['answerLost', 'unknown', true, 'sent'],
    ['answerLate', 'unknown', true, 'sent'],
  ])('%s: the engine says %s, received: %s, status: %s', async (fault, outcome, received, sendStatus) => {
    const { engine } = await ready({ [fault]: { delayMs: 60_000 } }, SOON_MS);
    const messageId = engine.chooseMessageId(CHAT);
    expect((await failure(sendText(engine, messageId))).outcome).toBe(outcome);
    expect((await inbox()).map((entry) => entry.messageId)).toEqual(received ? [messageId] : []);
    expect(await engine.sendStatusOf(messageId, CHAT)).toBe(sendStatus);
    // The fault strikes once: the next send goes through.
    const next = engine.chooseMessageId(CHAT);
    await sendText(engine, next);
    expect((await inbox()).at(-1)?.messageId).toBe(next);
  });

  test.each<[keyof SandboxFaults, boolean]>([
    ['dropBeforeSend', false],
    ['dropAfterSend', true],
  ])('%s: unknown at once, received: %s, and the engine comes back', async (fault, received) => {
    const { engine, recording } = await ready({ [fault]: {} });
    const messageId = engine.chooseMessageId(CHAT);
    expect((await failure(sendText(engine, messageId))).outcome).toBe('unknown');
    expect((await failure(sendText(engine, engine.chooseMessageId(CHAT)))).outcome).toBe('defer');
    await recording.untilSignal('interrupted');
    await recording.untilSignal('ready', 2);
    expect((await inbox()).length).toBe(received ? 1 : 0);
    expect(await engine.sendStatusOf(messageId, CHAT)).toBe(received ? 'sent' : 'absent');
  });

  test('a file does not wait for another whose answer is late', async () => {
    const { engine } = await ready({ answerLate: { delayMs: 60_000 } }, SOON_MS);
    expect(engine.capabilities.parallelFiles).toBe(true);
    const path = join(folder, 'file.txt');
    await writeFile(path, 'content');
    const file = { path, mimeType: 'text/plain', sizeBytes: 7, fileName: 'file.txt' };
    const send = () => engine.perform('message.sendDocument', { chatId: CHAT, file }, engine.chooseMessageId(CHAT));
    const ended: string[] = [];
    const late = failure(send()).then(() => ended.push('late'));
    await inboxOf(1);
    await send();
    ended.push('beside');
    await late;
    expect(ended).toEqual(['beside', 'late']);
  });

  test('sendLate: nobody can say what becomes of the message until it is out', async () => {
    const { engine } = await ready({ sendLate: { delayMs: 5_000 } }, SOON_MS);
    const messageId = engine.chooseMessageId(CHAT);
    expect((await failure(sendText(engine, messageId))).outcome).toBe('unknown');
    expect(await engine.sendStatusOf(messageId, CHAT)).toBe('unknown');
    await network.drive('sandbox.inbox', SESSION, { atLeast: 1, waitMs: 60_000 });
    expect(await engine.sendStatusOf(messageId, CHAT)).toBe('sent');
  });

  test('sendStatusUnknown: the engine does not guess', async () => {
    const { engine } = await ready({ sendStatusUnknown: {} });
    const messageId = engine.chooseMessageId(CHAT);
    await sendText(engine, messageId);
    expect(await engine.sendStatusOf(messageId, CHAT)).toBe('unknown');
    expect(await engine.sendStatusOf(messageId, CHAT)).toBe('sent');
  });

  test('the same id twice is one message with two transmissions, another id is another message', async () => {
    const { engine } = await ready();
    const messageId = engine.chooseMessageId(CHAT);
    await sendText(engine, messageId);
    await sendText(engine, messageId);
    await sendText(engine, engine.chooseMessageId(CHAT));
    expect((await inbox()).map((entry) => entry.transmissions)).toEqual([2, 1]);
    expect(await network.drive('sandbox.account', SESSION)).toMatchObject({ sent: 2, transmissions: 3 });
  });

  test('sendFailsLater: taken, then reported as failed, and never acknowledged', async () => {
    const { engine, recording } = await ready({ sendFailsLater: {} });
    const messageId = engine.chooseMessageId(CHAT);
    await sendText(engine, messageId);
    await recording.until('send_failed', () =>
      recording.facts.find((fact) => fact.type === 'message.failed' && fact.data.messageId === messageId),
    );
    expect(recording.acksOf(messageId)).toEqual([]);
  });

  test('ackLost from a level: what is below comes, the rest never', async () => {
    const { engine, recording } = await ready({ ackLost: { fromLevel: 'delivered' } });
    const mute = engine.chooseMessageId(CHAT);
    await sendText(engine, mute);
    const spoken = engine.chooseMessageId(CHAT);
    await sendText(engine, spoken);
    await recording.until('read', () => recording.acksOf(spoken).includes('read') || undefined);
    expect(recording.acksOf(mute)).toEqual(['server']);
  });

  test('ownMessageEchoed and ackDuplicated repeat what is known, under the same id', async () => {
    const { engine, recording } = await ready({ ownMessageEchoed: {}, ackDuplicated: {} });
    const messageId = engine.chooseMessageId(CHAT);
    await sendText(engine, messageId, 'mine');
    expect(await recording.untilMessage((message) => message.text === 'mine')).toMatchObject({
      messageId,
      fromMe: true,
    });
    await recording.until(
      'two acks',
      () =>
        recording.facts.filter((fact) => fact.type === 'message.acknowledged' && fact.data.ack === 'server').length ===
          2 || undefined,
    );
  });

  test('numbers that end in 000000, and contacts declared not to exist, are unknown', async () => {
    const { engine } = await ready();
    await network.drive('sandbox.putContact', SESSION, { phone: '+4915187654321', exists: false });
    for (const chatId of ['4915112000000@c.us', '4915187654321@c.us', '120363000000000009@g.us'] as ChatId[]) {
      expect(await failure(engine.resolveChat(chatId))).toMatchObject({ outcome: 'fail', code: 'WAB_CHAT_UNKNOWN' });
      expect(await failure(engine.perform('message.sendText', { chatId, text: 'hi' }, null))).toMatchObject({
        outcome: 'fail',
        code: 'WAB_CHAT_UNKNOWN',
      });
    }
    expect(await inbox()).toEqual([]);
  });

  test('a contact that hides its number is known by its lid alone', async () => {
    const { engine, recording } = await ready();
    await network.drive('sandbox.putContact', SESSION, {
      phone: '+4915187654321',
      lid: '987654321@lid',
      hidesPhone: true,
      name: 'Ada',
    });
    expect(await engine.resolveChat('4915187654321@c.us' as ChatId)).toEqual({
      chatId: '987654321@lid',
      lid: '987654321@lid',
      name: 'Ada',
    });
    await network.drive('sandbox.receive', SESSION, { from: '987654321@lid', text: 'who am I' });
    const message = await recording.untilMessage((each) => each.text === 'who am I');
    expect(message.sender).toEqual({ chatId: '987654321@lid', lid: '987654321@lid', name: 'Ada' });
  });
});
