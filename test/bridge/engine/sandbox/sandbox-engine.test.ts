/** What comes in, connections that go wrong, and what the network remembers. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { SandboxEngineFactory } from '../../../../bridge/src/engine/sandbox/sandbox-factory.ts';
import { EngineRecording } from '../../../conformance/engine-recording.ts';
import {
  LIMIT,
  SESSION,
  CHAT,
  FAST,
  folder,
  network,
  engines,
  openNetwork,
  SOON_MS,
  launch,
  ready,
  sendText,
  failure,
  inbox,
  useNetwork,
} from './sandbox-harness.ts';

useNetwork();

describe('what comes in', () => {
  test('1,000 messages over 50 chats in one burst arrive once each, in order within each chat, in good time', async () => {
    const { recording } = await ready();
    const began = performance.now();
    await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        network.drive('sandbox.receive', SESSION, {
          from: `+49151123450${String(10 + (index % 50))}`,
          text: String(index),
        }),
      ),
    );
    await recording.until('all of them', () => recording.messages.length >= 1000 || undefined, 20_000);
    const tookMs = performance.now() - began;
    expect(new Set(recording.messages.map((message) => message.messageId)).size).toBe(1000);
    for (let chat = 0; chat < 50; chat += 1) {
      const numbers = recording.messages
        .map((message) => Number(message.text))
        .filter((number) => number % 50 === chat);
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }
    // Real WhatsApp Web gave 1,200 a second; a shared machine gets some slack.
    expect(tookMs).toBeLessThan(5_000);
  }, 30_000);

  test('a fact is delivered only once it is recorded: what was refused comes again, under the same id', async () => {
    const { recording } = await ready();
    recording.refuseFacts = true;
    const { messageId } = await network.drive('sandbox.receive', SESSION, { from: '+4915112345678', text: 'keep me' });
    await recording.untilSignal('interrupted');
    expect((await network.drive('sandbox.account', SESSION)).undelivered).toBe(1);
    recording.refuseFacts = false;
    expect((await recording.untilMessage((message) => message.text === 'keep me')).messageId).toBe(messageId);
    await recording.until('delivered', () => recording.messages.length === 1 || undefined);
  });

  test('inboundDuplicated and redeliverOnReconnect repeat messages under the same id', async () => {
    const { recording } = await ready({ inboundDuplicated: {}, redeliverOnReconnect: {} });
    await network.drive('sandbox.receive', SESSION, { from: '+4915112345678', text: 'again' });
    const count = (times: number) => () =>
      recording.messages.filter((message) => message.text === 'again').length >= times || undefined;
    await recording.until('twice', count(2));
    await network.drive('sandbox.disconnect', SESSION, { forMs: 10 });
    await recording.until('three times', count(3));
    expect(new Set(recording.messages.map((message) => message.messageId)).size).toBe(1);
  });

  test('a voice message has no text, so that one with a text is refused', async () => {
    const { recording } = await ready();
    const media = { kind: 'audio', mimeType: 'audio/ogg', base64: 'aGk=' } as const;
    const from = '+4915112345678';
    await expect(network.drive('sandbox.receive', SESSION, { from, text: 'hi', media })).rejects.toThrow(/audio/);
    await network.drive('sandbox.receive', SESSION, { from, media });
    const { text, ...message } = await recording.untilMessage(({ kind }) => kind === 'audio');
    expect(text ?? null).toBeNull();
    expect(message.media).toMatchObject({ mimeType: 'audio/ogg' });
  });

  test('media that is gone, not there yet, or hanging', async () => {
    const { engine, recording } = await ready({ mediaGone: {}, mediaDeferred: {}, mediaHangs: {} }, SOON_MS);
    const base64 = Buffer.from('a picture').toString('base64');
    await network.drive('sandbox.receive', SESSION, {
      from: '+4915112345678',
      media: { kind: 'image', mimeType: 'image/png', base64 },
    });
    const { messageId } = await recording.untilMessage((message) => message.media !== undefined);
    expect((await failure(engine.downloadMedia(messageId, LIMIT))).outcome).toBe('defer'); // hangs
    expect((await failure(engine.downloadMedia(messageId, LIMIT))).outcome).toBe('fail'); // gone
    expect((await failure(engine.downloadMedia(messageId, LIMIT))).outcome).toBe('defer'); // later
    const chunks: Buffer[] = [];
    for await (const chunk of await engine.downloadMedia(messageId, LIMIT)) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('a picture');
  });
});

describe('connections that go wrong', () => {
  test('connectRefused: the engine says so and keeps trying', async () => {
    await network.drive('sandbox.setFaults', SESSION, { connectRefused: { count: 3 } });
    const { recording } = await launch();
    await recording.untilSignal('interrupted', 3);
    await recording.untilSignal('ready');
  });

  test('connectHangs and readyMissing: no ready, and stop still works', async () => {
    await network.drive('sandbox.setFaults', SESSION, { connectHangs: {} });
    const hanging = await launch();
    await hanging.engine.stop();
    await network.drive('sandbox.setFaults', SESSION, { readyMissing: {} });
    const mute = await launch();
    await mute.recording.untilSignal('authenticated');
    await mute.engine.stop();
    const healed = await launch();
    await healed.recording.untilSignal('ready');
    expect(mute.recording.signals.map((signal) => signal.kind)).not.toContain('ready');
    expect(hanging.recording.entries).toEqual([]);
  });

  test('crash: the engine says so once and is of no more use', async () => {
    const { engine, recording } = await ready();
    await network.drive('sandbox.crash', SESSION);
    await recording.untilSignal('crashed');
    expect((await failure(sendText(engine, engine.chooseMessageId(CHAT)))).outcome).toBe('defer');
  });

  test('a second connection of the same device cuts the first', async () => {
    const first = await ready();
    const second = await launch();
    await second.recording.untilSignal('ready');
    await first.recording.untilSignal('interrupted');
  });

  test('a QR code is renewed; an old one cannot be scanned any more', async () => {
    await network.close();
    openNetwork({ autoLink: false, qrLifetimeMs: 40 });
    const { recording } = await launch();
    const old = await recording.untilSignal('qr');
    await recording.untilSignal('qr', 2);
    await expect(network.drive('sandbox.scan', SESSION, { code: old.code })).rejects.toMatchObject({
      code: 'WAB_QR_NOT_AVAILABLE',
    });
    await network.drive('sandbox.scan', SESSION);
    await recording.untilSignal('ready');
    await expect(network.drive('sandbox.scan', SESSION)).rejects.toMatchObject({ code: 'WAB_QR_NOT_AVAILABLE' });
  });

  test('a pairing code is renewed; the network may refuse one', async () => {
    await network.close();
    openNetwork({ autoLink: false, qrLifetimeMs: 20 });
    const { engine, recording } = await launch();
    await recording.untilSignal('qr');
    const phone = (await network.drive('sandbox.account', SESSION)).self.phone ?? '';
    const { code } = await engine.requestPairingCode(phone);
    expect((await recording.untilSignal('pairing_code', 2)).code).not.toBe(code);
    expect(await failure(engine.requestPairingCode('+4915112000000'))).toMatchObject({
      outcome: 'fail',
      code: 'WAB_PAIRING_REFUSED',
    });
    await network.drive('sandbox.setFaults', SESSION, { pairingLimited: {} });
    expect(await failure(engine.requestPairingCode(phone))).toMatchObject({
      outcome: 'defer',
      code: 'WAB_PAIRING_LIMITED',
    });
  });

  test('a profile that cannot be written ends in a crash signal, not in an unhandled rejection', async () => {
    const recording = new EngineRecording();
    await writeFile(join(folder, 'profile'), 'a file where the folder should be');
    const engine = new SandboxEngineFactory(network).create(SESSION, join(folder, 'profile'), recording);
    engines.push(engine);
    await expect(engine.start()).rejects.toThrow();
  });
});

describe('the memory of the network', () => {
  test('survives its end: inbox, login, undelivered facts, contacts, used-up faults, open acknowledgements', async () => {
    const before = await ready({ delays: { answer: 1, server: 60_000 }, answerLost: { count: 5 } }, SOON_MS);
    const messageId = before.engine.chooseMessageId(CHAT);
    await failure(sendText(before.engine, messageId));
    await network.drive('sandbox.putContact', SESSION, { phone: '+4915187654321', name: 'Ada' });
    await before.engine.stop();
    await network.drive('sandbox.receive', SESSION, { from: '+4915187654321', text: 'while you were away' });
    await network.close();

    openNetwork({ autoLink: false });
    expect(await inbox()).toEqual([expect.objectContaining({ messageId, transmissions: 1 })]);
    expect(await network.drive('sandbox.faults', SESSION)).toMatchObject({ answerLost: { count: 4 } });
    await network.drive('sandbox.setFaults', SESSION, FAST);
    const after = await launch();
    await after.recording.untilSignal('ready');
    expect(after.recording.signals.map((signal) => signal.kind)).not.toContain('qr');
    const message = await after.recording.untilMessage((each) => each.text === 'while you were away');
    expect(message.sender.name).toBe('Ada');
    expect(await after.engine.sendStatusOf(messageId, CHAT)).toBe('sent');
  });

  test('acknowledgements go on after a restart of the network', async () => {
    const before = await ready({ delays: { answer: 1, server: 200, delivered: 1, read: 1 } });
    const messageId = before.engine.chooseMessageId(CHAT);
    await sendText(before.engine, messageId);
    await before.engine.stop();
    await network.close();
    openNetwork();
    const after = await launch();
    await after.recording.until('read', () => after.recording.acksOf(messageId).includes('read') || undefined);
    expect(after.recording.acksOf(messageId)).toEqual(['server', 'delivered', 'read']);
  });

  test('forget removes an account with all it remembers', async () => {
    const { engine } = await ready();
    await sendText(engine, engine.chooseMessageId(CHAT));
    await engine.stop();
    await network.forget(SESSION);
    expect(await network.drive('sandbox.account', SESSION)).toMatchObject({ linked: false, sent: 0 });
  });
});
