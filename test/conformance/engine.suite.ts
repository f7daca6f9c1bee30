/**
 * What every engine must do. An engine that has not run through this suite against the real thing does not exist.
 *
 * A harness stands for one WhatsApp account: the phone in the owner's hand, the people it writes with, and a profile
 * folder that outlives the engines made over it. `createEngine` may be called again and again on the same account, as
 * restarts of the bridge do.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChatId, WireId } from '../../bridge/src/contract/ids.ts';
import { EngineError, type Engine, type OutgoingFile } from '../../bridge/src/engine/engine.ts';
import { EngineRecording } from './engine-recording.ts';

/** A message as the person at the other end holds it in the hand. */
export interface ReceivedByContact {
  readonly wireId: string;
  readonly chatId: string;
  readonly text: string | null;
  readonly quotedWireId: string | null;
  /** Chat ids of the people mentioned. */
  readonly mentions: readonly string[];
  /** SHA-256 (hex) of the file, null for text. */
  readonly mediaSha256: string | null;
}

/** A reaction as the person at the other end sees it happen. */
export interface ReactionSeen {
  /** The part of the message's id that is the same on all phones. */
  readonly stanza: string;
  /** Empty where it was taken back. */
  readonly emoji: string;
}

export interface SaidToAccount {
  /** Chat id of the person who writes. */
  readonly from: string;
  /** Chat id of the group where it is written; missing for a direct message. */
  readonly group?: string;
  readonly text?: string;
  readonly media?: {
    readonly kind: 'image' | 'document';
    readonly mimeType: string;
    readonly fileName: string;
    readonly bytes: Buffer;
  };
}

/** What an engine claims; tests of what it does not claim are reported as skipped. */
export interface EngineSupports {
  /** `EngineCapabilities.chosenMessageIds` is true and honoured. */
  readonly chosenMessageIds: boolean;
  /** WhatsApp can be asked what became of a message: `fateOf` then says `absent`, not `unknown`. */
  readonly absence: boolean;
  readonly groups: boolean;
  readonly mediaIn: boolean;
  readonly mediaOut: boolean;
  readonly mentions: boolean;
  readonly quotes: boolean;
  readonly ownPhone: boolean;
  /** `dropConnection` cuts the line and lets it come back. */
  readonly reconnects: boolean;
  readonly offlineBacklog: boolean;
  /** A message whose `fact` was refused is reported again after a restart. */
  readonly redelivery: boolean;
  readonly unlink: boolean;
  readonly pairingCode: boolean;
}

export interface EngineHarness {
  /** People that WhatsApp knows, as direct chat ids (`…@c.us`). */
  readonly contact: string;
  readonly otherContact: string;
  /** A group that the account is in (used only where groups are claimed). */
  readonly group: string;
  /** The account's own number, `+` and digits. */
  readonly ownNumber: string;
  /** A number without an account. */
  readonly unknownChat: string;
  /** A new engine over the same account and profile folder. */
  createEngine(listener: EngineRecording): Engine;
  /** The owner scans the code shown last. */
  scan(code: string): Promise<void>;
  /** The owner types a pairing code on the phone. Rejects where it is not valid. */
  typeCode(code: string): Promise<void>;
  say(said: SaidToAccount): Promise<void>;
  /** The owner types a message on the phone itself. */
  ownPhoneSays(said: { readonly to: string; readonly text: string }): Promise<void>;
  /** Resolves once contacts have received at least `atLeast` messages from the account, with all of them. */
  inbox(atLeast: number): Promise<readonly ReceivedByContact[]>;
  /** Resolves once contacts have seen at least `atLeast` reactions of the account, with all of them, oldest first. */
  reactions(atLeast: number): Promise<readonly ReactionSeen[]>;
  /** Resolves once at least `atLeast` messages that contacts wrote to the account show as read, with their number. */
  read(atLeast: number): Promise<number>;
  /** Resolves once contacts have seen at least `atLeast` typing states of the account, with all of them, oldest first. */
  typing(atLeast: number): Promise<readonly string[]>;
  dropConnection(): Promise<void>;
  /** The owner removes the linked device on the phone. */
  unlink(): Promise<void>;
  /** Ends everything; called after each test, also after a failed one. */
  cleanUp(): Promise<void>;
}

export interface SuiteOptions {
  /** For each test, in milliseconds. */
  readonly timeoutMs?: number;
  /** How long `stop` may take, in milliseconds. */
  readonly stopWithinMs?: number;
}

const stanzaOf = (wireId: string): string => wireId.split('_')[2] ?? '';
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
/** Above every file of this suite. */
const LIMIT = 1024 * 1024;
/** A PNG of one pixel, so that engines which look at the bytes accept it as an image. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

export function engineConformance(
  name: string,
  supports: EngineSupports,
  makeHarness: () => Promise<EngineHarness>,
  { timeoutMs = 30_000, stopWithinMs = 15_000 }: SuiteOptions = {},
): void {
  describe(`engine conformance: ${name}`, () => {
    let harness: EngineHarness;
    let folder: string;
    const running = new Set<Engine>();

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'wabridge-engine-'));
      harness = await makeHarness();
    }, timeoutMs);

    afterEach(async () => {
      await Promise.all([...running].map((engine) => engine.stop()));
      running.clear();
      // A harness that could not be made has nothing to clean up.
      await (harness as EngineHarness | undefined)?.cleanUp();
      await rm(folder, { recursive: true, force: true });
    }, timeoutMs);

    const check = (what: string, run: () => Promise<void>): void => test(what, run, timeoutMs);
    const checkIf = (feature: keyof EngineSupports, what: string, run: () => Promise<void>): void => {
      if (supports[feature]) test(what, run, timeoutMs);
      else test.skip(`${what} (not claimed: ${feature})`, run);
    };

    const launch = async (): Promise<{ engine: Engine; heard: EngineRecording }> => {
      const heard = new EngineRecording();
      const engine = harness.createEngine(heard);
      running.add(engine);
      await engine.start();
      return { engine, heard };
    };
    const linked = async (): Promise<{ engine: Engine; heard: EngineRecording }> => {
      const started = await launch();
      const qr = await started.heard.untilSignal('qr');
      await harness.scan(qr.code);
      await started.heard.untilSignal('ready');
      return started;
    };
    const end = async (engine: Engine): Promise<void> => {
      await engine.stop();
      running.delete(engine);
    };
    const idFor = (engine: Engine, chatId: string): WireId | null =>
      engine.capabilities.chosenMessageIds ? engine.chooseWireId(chatId as ChatId) : null;
    const failure = async (promise: Promise<unknown>): Promise<EngineError> => {
      const error = await promise.then(
        () => new Error('it did not fail'),
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(EngineError);
      return error as EngineError;
    };
    const file = async (fileName: string, mimeType: string, bytes: Buffer): Promise<OutgoingFile> => {
      const path = join(folder, fileName);
      await writeFile(path, bytes);
      return { path, mimeType, sizeBytes: bytes.length, fileName };
    };

    check('links by QR: qr, authenticated, ready, in this order', async () => {
      const { heard } = await linked();
      const kinds = [...new Set(heard.signals.map((signal) => signal.kind))];
      expect(kinds.slice(0, 3)).toEqual(['qr', 'authenticated', 'ready']);
      const qr = await heard.untilSignal('qr');
      expect(qr.code.length).toBeGreaterThan(10);
      expect(qr.expiresAt.getTime()).toBeGreaterThan(Date.now() - timeoutMs);
      const ready = await heard.untilSignal('ready');
      expect(ready.self.chatId).toMatch(/@(c\.us|lid)$/);
    });

    check('says of itself what works: nothing fails while it is ready, something does once it has ended', async () => {
      const { engine } = await linked();
      const { checks } = await engine.health();
      expect(checks.length).toBeGreaterThan(0);
      expect(checks.filter(({ state }) => state === 'failed')).toEqual([]);
      for (const { name: part, detail } of checks) {
        expect(part).not.toBe('');
        expect(detail).not.toBe('');
        expect(detail).not.toContain(harness.contact.split('@')[0]);
      }
      await end(engine);
      expect((await engine.health()).checks.some(({ state }) => state === 'failed')).toBe(true);
    });

    checkIf('pairingCode', 'links by pairing code, and restores the session without another', async () => {
      const { engine, heard } = await launch();
      await heard.untilSignal('qr');
      const first = await engine.requestPairingCode(harness.ownNumber);
      expect(first.code).toMatch(/^[0-9A-Z]{8}$/);
      expect(first.expiresAt.getTime()).toBeGreaterThan(Date.now());
      const second = await engine.requestPairingCode(harness.ownNumber);
      expect(second.code).not.toBe(first.code);
      const signalled = heard.signals.flatMap((signal) => (signal.kind === 'pairing_code' ? [signal.code] : []));
      expect(signalled).toEqual([first.code, second.code]);
      await expect(harness.typeCode(first.code)).rejects.toThrow();
      await harness.typeCode(second.code);
      await heard.untilSignal('authenticated');
      await heard.untilSignal('ready');
      expect(await failure(engine.requestPairingCode(harness.ownNumber))).toMatchObject({
        outcome: 'fail',
        code: 'WAB_SESSION_STATE',
      });
      await end(engine);
      const next = await launch();
      await next.heard.untilSignal('ready');
      expect(next.heard.signals.map(({ kind }) => kind)).not.toContain('qr');
    });

    checkIf('pairingCode', 'links by QR although a pairing code was asked for', async () => {
      const { engine, heard } = await launch();
      await heard.untilSignal('qr');
      await engine.requestPairingCode(harness.ownNumber);
      const shown = heard.signals.findLast(({ kind }) => kind === 'qr');
      await harness.scan(shown?.kind === 'qr' ? shown.code : '');
      await heard.untilSignal('ready');
    });

    checkIf('pairingCode', 'gives no pairing code while it does not run', async () => {
      const { engine } = await linked();
      await end(engine);
      const error = await failure(engine.requestPairingCode(harness.ownNumber));
      expect(error).toMatchObject({ outcome: 'defer', code: 'WAB_SESSION_NOT_READY' });
    });

    check('does not become ready while nobody scans', async () => {
      const { heard } = await launch();
      await heard.untilSignal('qr');
      expect(heard.signals.map((signal) => signal.kind)).not.toContain('authenticated');
      expect(heard.signals.map((signal) => signal.kind)).not.toContain('ready');
    });

    check('reports an incoming text with chat, sender and time', async () => {
      const { heard } = await linked();
      const before = Date.now();
      await harness.say({ from: harness.contact, text: 'hello bridge' });
      const message = await heard.untilMessage((each) => each.text === 'hello bridge');
      expect(message).toMatchObject({ kind: 'text', fromMe: false, media: null, quotedWireId: null });
      expect(message.chat.chatId).toBe(harness.contact);
      expect(message.sender.chatId).toBe(harness.contact);
      expect(message.wireId).toMatch(/^false_.+_.+/);
      expect(Math.abs(message.sentAt.getTime() - before)).toBeLessThan(60_000);
    });

    check('reports the messages of a chat in the order in which they were said', async () => {
      const { heard } = await linked();
      const texts = Array.from({ length: 30 }, (_, index) => `number ${index}`);
      for (const text of texts) await harness.say({ from: harness.contact, text });
      await heard.untilMessage((each) => each.text === 'number 29');
      const firsts = [
        ...new Set(heard.messages.filter((each) => each.text?.startsWith('number')).map((each) => each.text)),
      ];
      expect(firsts).toEqual(texts);
    });

    checkIf('groups', 'reports a group message with the group as chat and the person as sender', async () => {
      const { heard } = await linked();
      await harness.say({ from: harness.contact, group: harness.group, text: 'hello all' });
      const message = await heard.untilMessage((each) => each.text === 'hello all');
      expect(message.chat.chatId).toBe(harness.group);
      expect(message.sender.chatId).toBe(harness.contact);
    });

    checkIf('ownPhone', 'reports a message typed on the own phone as from me', async () => {
      const { heard } = await linked();
      await harness.ownPhoneSays({ to: harness.contact, text: 'typed by hand' });
      const message = await heard.untilMessage((each) => each.text === 'typed by hand');
      expect(message.fromMe).toBe(true);
      expect(message.chat.chatId).toBe(harness.contact);
    });

    check('sends a text once, under the id it was told, and reports acknowledgements in order', async () => {
      const { engine, heard } = await linked();
      const wireId = idFor(engine, harness.contact);
      const receipt = await engine.send({ type: 'text', chatId: harness.contact as ChatId, text: 'hi there' }, wireId);
      if (supports.chosenMessageIds) expect(receipt.wireId).toBe(wireId);
      expect(Math.abs(receipt.sentAt.getTime() - Date.now())).toBeLessThan(60_000);
      const received = await harness.inbox(1);
      expect(received).toHaveLength(1);
      expect(received[0]).toMatchObject({
        wireId: receipt.wireId,
        chatId: harness.contact,
        text: 'hi there',
        mediaSha256: null,
      });
      await heard.until('read', () => (heard.acksOf(receipt.wireId).includes('read') ? true : undefined));
      expect(heard.acksOf(receipt.wireId)).toEqual(['server', 'delivered', 'read']);
    });

    checkIf('chosenMessageIds', 'chooses another id for every message', async () => {
      const { engine } = await linked();
      expect(engine.capabilities.chosenMessageIds).toBe(true);
      const ids = Array.from({ length: 50 }, () => engine.chooseWireId(harness.contact as ChatId));
      expect(new Set(ids).size).toBe(50);
      for (const id of ids) expect(id.startsWith(`true_${harness.contact}_`)).toBe(true);
    });

    check('keeps many sends at once apart', async () => {
      const { engine } = await linked();
      const texts = Array.from({ length: 20 }, (_, index) => `batch ${index}`);
      const receipts = await Promise.all(
        texts.map((text) =>
          engine.send({ type: 'text', chatId: harness.contact as ChatId, text }, idFor(engine, harness.contact)),
        ),
      );
      const received = await harness.inbox(20);
      expect(received).toHaveLength(20);
      const textOf = new Map(received.map((each) => [each.wireId, each.text]));
      expect(receipts.map((receipt) => textOf.get(receipt.wireId))).toEqual(texts);
    });

    checkIf('quotes', 'sends a reply, and refuses to quote what it does not know', async () => {
      const { engine, heard } = await linked();
      await harness.say({ from: harness.contact, text: 'a question' });
      const question = await heard.untilMessage((each) => each.text === 'a question');
      const chatId = harness.contact as ChatId;
      await engine.send(
        { type: 'text', chatId, text: 'an answer', quotedWireId: question.wireId },
        idFor(engine, chatId),
      );
      const [answer] = await harness.inbox(1);
      expect(answer?.quotedWireId).toBe(question.wireId);
      const unknown = `false_${harness.contact}_3EB0DOESNOTEXIST` as WireId;
      const error = await failure(
        engine.send({ type: 'text', chatId, text: 'to nothing', quotedWireId: unknown }, idFor(engine, chatId)),
      );
      expect(error).toMatchObject({ outcome: 'fail', code: 'WAB_QUOTED_UNKNOWN' });
      expect(await harness.inbox(1)).toHaveLength(1);
    });

    checkIf('mentions', 'sends mentions', async () => {
      const { engine } = await linked();
      const chatId = (supports.groups ? harness.group : harness.contact) as ChatId;
      const text = `hi @${harness.otherContact.split('@')[0] ?? ''}`;
      await engine.send(
        { type: 'text', chatId, text, mentions: [harness.otherContact as ChatId] },
        idFor(engine, chatId),
      );
      const [received] = await harness.inbox(1);
      expect(received?.mentions).toEqual([harness.otherContact]);
    });

    checkIf('mediaOut', 'sends an image with caption and a document, byte for byte', async () => {
      const { engine } = await linked();
      const chatId = harness.contact as ChatId;
      const document = randomBytes(200_000);
      await engine.send(
        { type: 'image', chatId, caption: 'look', file: await file('pixel.png', 'image/png', PIXEL) },
        idFor(engine, chatId),
      );
      await engine.send(
        { type: 'document', chatId, file: await file('report.pdf', 'application/pdf', document) },
        idFor(engine, chatId),
      );
      const received = await harness.inbox(2);
      expect(received.map((each) => each.mediaSha256).sort()).toEqual([sha256(PIXEL), sha256(document)].sort());
      expect(received.find((each) => each.mediaSha256 === sha256(PIXEL))?.text).toBe('look');
    });

    checkIf('mediaIn', 'names incoming media at once and downloads it byte for byte', async () => {
      const { engine, heard } = await linked();
      const bytes = randomBytes(150_000);
      await harness.say({
        from: harness.contact,
        text: 'the file',
        media: { kind: 'document', mimeType: 'application/pdf', fileName: 'in.pdf', bytes },
      });
      const message = await heard.untilMessage((each) => each.media !== null);
      expect(message).toMatchObject({
        kind: 'document',
        text: 'the file',
        media: { mimeType: 'application/pdf', fileName: 'in.pdf' },
      });
      const chunks: Buffer[] = [];
      for await (const chunk of await engine.downloadMedia(message.wireId, LIMIT))
        chunks.push(Buffer.from(chunk as Uint8Array));
      expect(sha256(Buffer.concat(chunks))).toBe(sha256(bytes));
    });

    checkIf('mediaIn', 'refuses an incoming file that is larger than asked for', async () => {
      const { engine, heard } = await linked();
      const bytes = randomBytes(1_000);
      await harness.say({
        from: harness.contact,
        media: { kind: 'document', mimeType: 'application/pdf', fileName: 'in.pdf', bytes },
      });
      const { wireId } = await heard.untilMessage((each) => each.media !== null);
      expect(await failure(engine.downloadMedia(wireId, 999))).toMatchObject({
        outcome: 'fail',
        code: 'WAB_MEDIA_TOO_LARGE',
      });
      (await engine.downloadMedia(wireId, 1_000)).destroy();
    });

    checkIf('mediaIn', 'says `fail` for media that does not exist', async () => {
      const { engine } = await linked();
      const error = await failure(engine.downloadMedia(`false_${harness.contact}_3EB0NOMEDIA` as WireId, LIMIT));
      expect(error.outcome).toBe('fail');
    });

    check('reacts to a message, puts another reaction in its place and takes it back', async () => {
      const { engine, heard } = await linked();
      const chatId = harness.contact as ChatId;
      await harness.say({ from: harness.contact, text: 'what do you say' });
      const { wireId } = await heard.untilMessage((each) => each.text === 'what do you say');
      for (const emoji of ['👍', '❤️', '']) {
        const receipt = await engine.send({ type: 'reaction', chatId, targetWireId: wireId, emoji }, null);
        expect(receipt.wireId).toBe(wireId);
      }
      const stanza = stanzaOf(wireId);
      expect(await harness.reactions(3)).toEqual(['👍', '❤️', ''].map((emoji) => ({ stanza, emoji })));
      // No message came of it.
      expect(await harness.inbox(0)).toHaveLength(0);
    });

    check('reacts to a message of its own', async () => {
      const { engine } = await linked();
      const chatId = harness.contact as ChatId;
      const { wireId } = await engine.send({ type: 'text', chatId, text: 'mine' }, idFor(engine, chatId));
      await harness.inbox(1);
      await engine.send({ type: 'reaction', chatId, targetWireId: wireId, emoji: '🎉' }, null);
      expect(await harness.reactions(1)).toEqual([{ stanza: stanzaOf(wireId), emoji: '🎉' }]);
    });

    checkIf('groups', 'reacts in a group', async () => {
      const { engine, heard } = await linked();
      await harness.say({ from: harness.contact, group: harness.group, text: 'all of you' });
      const { wireId } = await heard.untilMessage((each) => each.text === 'all of you');
      const chatId = harness.group as ChatId;
      await engine.send({ type: 'reaction', chatId, targetWireId: wireId, emoji: '👋' }, null);
      const [reaction] = await harness.reactions(1);
      expect(reaction).toEqual({ stanza: stanzaOf(wireId), emoji: '👋' });
    });

    check('refuses to react to what it does not know, and to a message of another chat', async () => {
      const { engine, heard } = await linked();
      await harness.say({ from: harness.contact, text: 'here' });
      const { wireId } = await heard.untilMessage((each) => each.text === 'here');
      const chatId = harness.contact as ChatId;
      for (const wrong of [
        { chatId, targetWireId: `false_${harness.contact}_3EB0DOESNOTEXIST` as WireId },
        { chatId: harness.otherContact as ChatId, targetWireId: wireId },
      ]) {
        const error = await failure(engine.send({ type: 'reaction', emoji: '👍', ...wrong }, null));
        expect(error).toMatchObject({ outcome: 'fail', code: 'WAB_MESSAGE_UNKNOWN' });
      }
      expect(await harness.reactions(0)).toEqual([]);
    });

    check('marks a chat as read, and that chat alone', async () => {
      const { engine, heard } = await linked();
      await harness.say({ from: harness.otherContact, text: 'not this one' });
      await harness.say({ from: harness.contact, text: 'first' });
      await harness.say({ from: harness.contact, text: 'second' });
      await heard.untilMessage((each) => each.text === 'not this one');
      await heard.untilMessage((each) => each.text === 'second');
      expect(await harness.read(0)).toBe(0);
      await engine.markSeen(harness.contact as ChatId);
      expect(await harness.read(2)).toBe(2);
      await engine.markSeen(harness.contact as ChatId);
      await engine.markSeen(harness.otherContact as ChatId);
      expect(await harness.read(3)).toBe(3);
    });

    check('shows the other side that it is writing, recording, and no longer', async () => {
      const { engine } = await linked();
      const states = ['composing', 'recording', 'paused'] as const;
      for (const state of states) await engine.setTyping(harness.contact as ChatId, state);
      expect(await harness.typing(3)).toEqual(states);
    });

    check('refuses acts in a chat that does not exist, and all of them while it is not connected', async () => {
      const { engine } = await linked();
      const acts = (chatId: ChatId): Promise<unknown>[] => [
        engine.markSeen(chatId),
        engine.setTyping(chatId, 'composing'),
      ];
      for (const act of acts(harness.unknownChat as ChatId))
        expect(await failure(act)).toMatchObject({ outcome: 'fail', code: 'WAB_CHAT_UNKNOWN' });
      await engine.stop();
      const chatId = harness.contact as ChatId;
      const targetWireId = `false_${harness.contact}_3EB0LATER` as WireId;
      const reaction = engine.send({ type: 'reaction', chatId, targetWireId, emoji: '👍' }, null);
      for (const act of [...acts(chatId), reaction])
        expect(await failure(act)).toMatchObject({ outcome: 'defer', code: 'WAB_SESSION_NOT_READY' });
    });

    check('resolves a known number and refuses one without an account', async () => {
      const { engine } = await linked();
      expect((await engine.resolveChat(harness.contact as ChatId)).chatId).toMatch(/@(c\.us|lid)$/);
      const error = await failure(engine.resolveChat(harness.unknownChat as ChatId));
      expect(error).toMatchObject({ outcome: 'fail', code: 'WAB_CHAT_UNKNOWN' });
    });

    check('knows that a message was sent, and never claims it of one that was not', async () => {
      const { engine } = await linked();
      const chatId = harness.contact as ChatId;
      const receipt = await engine.send({ type: 'text', chatId, text: 'here' }, idFor(engine, chatId));
      await harness.inbox(1);
      expect(await engine.fateOf(receipt.wireId, chatId)).toBe('sent');
      const never = `true_${harness.contact}_3EB0NEVERSENT0000000` as WireId;
      const fate = await engine.fateOf(never, chatId);
      expect(supports.absence ? ['absent'] : ['absent', 'unknown']).toContain(fate);
    });

    check('restores the session after a restart without a QR, and still knows what was sent', async () => {
      const first = await linked();
      const chatId = harness.contact as ChatId;
      const receipt = await first.engine.send({ type: 'text', chatId, text: 'before' }, idFor(first.engine, chatId));
      await harness.inbox(1);
      await end(first.engine);
      const second = await launch();
      await second.heard.untilSignal('ready');
      expect(second.heard.signals.map((signal) => signal.kind)).not.toContain('qr');
      expect(await second.engine.fateOf(receipt.wireId, chatId)).toBe('sent');
    });

    checkIf('offlineBacklog', 'catches up on what arrived while it was stopped, in order', async () => {
      const first = await linked();
      await end(first.engine);
      for (const text of ['missed 1', 'missed 2', 'missed 3']) await harness.say({ from: harness.contact, text });
      const second = await launch();
      await second.heard.untilMessage((each) => each.text === 'missed 3');
      const texts = [...new Set(second.heard.messages.map((each) => each.text))].filter((text) =>
        text?.startsWith('missed'),
      );
      expect(texts).toEqual(['missed 1', 'missed 2', 'missed 3']);
    });

    checkIf(
      'reconnects',
      'survives a lost line: interrupted, ready again, nothing missed, repeats carry the same id',
      async () => {
        const { heard } = await linked();
        await harness.say({ from: harness.contact, text: 'before the cut' });
        await heard.untilMessage((each) => each.text === 'before the cut');
        await harness.dropConnection();
        await heard.untilSignal('interrupted');
        await harness.say({ from: harness.contact, text: 'during the cut' });
        await heard.untilMessage((each) => each.text === 'during the cut');
        await heard.untilSignal('ready', 2);
        for (const text of ['before the cut', 'during the cut']) {
          const reports = heard.messages.filter((each) => each.text === text);
          expect(new Set(reports.map((each) => each.wireId)).size).toBe(1);
        }
      },
    );

    checkIf('redelivery', 'reports again, under the same id, what could not be recorded', async () => {
      const first = await linked();
      await harness.say({ from: harness.contact, text: 'seen' });
      const seen = await first.heard.untilMessage((each) => each.text === 'seen');
      first.heard.refuseFacts = true;
      await harness.say({ from: harness.contact, text: 'refused' });
      await end(first.engine);
      const second = await launch();
      const again = await second.heard.untilMessage((each) => each.text === 'refused');
      expect(again.wireId).not.toBe(seen.wireId);
    });

    check('stops within its deadline, again and again, and then reports and sends nothing', async () => {
      const { engine, heard } = await linked();
      const began = performance.now();
      await engine.stop();
      expect(performance.now() - began).toBeLessThan(stopWithinMs);
      const reports = heard.entries.length;
      await engine.stop();
      const chatId = harness.contact as ChatId;
      const error = await failure(engine.send({ type: 'text', chatId, text: 'too late' }, idFor(engine, chatId)));
      expect(error.outcome).toBe('defer');
      await harness.say({ from: harness.contact, text: 'nobody listens' });
      expect(await harness.inbox(0)).toHaveLength(0);
      expect(heard.entries.length).toBe(reports);
    });

    check('can be stopped before it ever became ready', async () => {
      const { engine, heard } = await launch();
      await heard.untilSignal('qr');
      await engine.stop();
      await engine.stop();
      const waiting = await launch();
      await waiting.heard.untilSignal('qr');
    });

    checkIf('unlink', 'says logged_out when the phone unlinks it, and needs a scan afterwards', async () => {
      const { engine, heard } = await linked();
      await harness.unlink();
      await heard.untilSignal('logged_out');
      await end(engine);
      const next = await launch();
      await next.heard.untilSignal('qr');
      expect(next.heard.signals.map((signal) => signal.kind)).not.toContain('ready');
    });

    check('logs out: the login state is gone and the next start needs a scan', async () => {
      const { engine } = await linked();
      await engine.logout();
      await end(engine);
      const next = await launch();
      await next.heard.untilSignal('qr');
      expect(next.heard.signals.map((signal) => signal.kind)).not.toContain('ready');
    });
  });
}
