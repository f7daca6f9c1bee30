/** What the simulated network does wrong when it is told to, as the engine and the contacts' phones see it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChatId, SessionName, MessageId } from '../../../../bridge/src/contract/ids.ts';
import { EngineError, type Engine } from '../../../../bridge/src/engine/engine.ts';
import { LocalNetwork, type LocalNetworkOptions } from '../../../../bridge/src/engine/sandbox/local-network.ts';
import type { SandboxFaults, SandboxInboxEntry } from '../../../../bridge/src/engine/sandbox/sandbox-contract.ts';
import { SandboxEngineFactory } from '../../../../bridge/src/engine/sandbox/sandbox-factory.ts';
import { EngineRecording } from '../../../conformance/engine-recording.ts';

const LIMIT = 1024 * 1024;
const SESSION = 'faulty' as SessionName;
const CHAT = '4915112345678@c.us' as ChatId;
const FAST = { delays: { answer: 1, server: 1, delivered: 1, read: 1 } };

let folder: string;
let network: LocalNetwork;
let engines: Engine[];

const openNetwork = (options: Partial<LocalNetworkOptions> = {}): LocalNetwork =>
  new LocalNetwork({ folder: join(folder, 'network'), autoLink: true, ...options });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-sandbox-'));
  network = openNetwork();
  engines = [];
});
afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.stop()));
  await network.close();
  await rm(folder, { recursive: true, force: true });
});

/** For calls that are never answered: short enough to wait for, and long enough that every other call is answered in time. */
const SOON_MS = 1_000;

async function launch(callDeadlineMs = 2_000): Promise<{ engine: Engine; recording: EngineRecording }> {
  const recording = new EngineRecording();
  const factory = new SandboxEngineFactory(network, { callDeadlineMs, reconnectMs: { first: 5, longest: 50 } });
  const engine = factory.create(SESSION, join(folder, 'profile'), recording);
  engines.push(engine);
  await engine.start();
  return { engine, recording };
}
async function ready(
  faults: SandboxFaults = {},
  callDeadlineMs?: number,
): Promise<{ engine: Engine; recording: EngineRecording }> {
  const launched = await launch(callDeadlineMs);
  await launched.recording.untilSignal('ready');
  await network.drive('sandbox.setFaults', SESSION, { ...FAST, ...faults });
  return launched;
}
const sendText = (engine: Engine, messageId: MessageId, text = 'hi'): Promise<unknown> =>
  engine.perform('message.sendText', { chatId: CHAT, text }, messageId);
const failure = async (promise: Promise<unknown>): Promise<EngineError> => {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
};
const inboxOf = (atLeast: number) => network.drive('sandbox.inbox', SESSION, { atLeast, waitMs: 20_000 });
const inbox = (): Promise<readonly SandboxInboxEntry[]> => network.drive('sandbox.inbox', SESSION, { via: 'bridge' });

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
    network = openNetwork({ autoLink: false, qrLifetimeMs: 40 });
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
    network = openNetwork({ autoLink: false, qrLifetimeMs: 20 });
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

    network = openNetwork({ autoLink: false });
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
    network = openNetwork();
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
