/** Files through the page, both ways: large ones, those that WhatsApp has no more, and pages that end in the middle. */
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Engine } from '../../bridge/src/engine/engine.ts';
import type { OutgoingFile } from '../../bridge/src/engine/engine-operations.ts';
import type { EngineRecording, RecordedMessage } from '../conformance/engine-recording.ts';
import type { WireMedia } from '../standin/frames.ts';
import { until } from '../until.ts';
import { browserTree } from './processes.ts';
import { bobOf, failureOf, LONG, SessionAtTest } from './session-at-test.ts';

const MIB = 1024 * 1024;
const LIMIT = 100 * MIB;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function digestOf(stream: Readable): Promise<{ sha256: string; sizes: number[] }> {
  const hash = createHash('sha256');
  const sizes: number[] = [];
  for await (const chunk of stream) {
    hash.update(chunk as Buffer);
    sizes.push((chunk as Buffer).length);
  }
  return { sha256: hash.digest('hex'), sizes };
}

let session: SessionAtTest;
let engine: Engine;
let recording: EngineRecording;
async function open(): Promise<void> {
  session = await SessionAtTest.open();
  ({ engine, recording } = await session.linked());
}

let named = 0;
/** Bob sends a file. */
async function incoming(
  bytes: Buffer,
  name = `in-${(named += 1)}.pdf`,
): Promise<{ message: RecordedMessage; media: WireMedia }> {
  const media = session.standin.storeMedia(bytes, 'application/pdf', name);
  session.standin.network.say(session.bob, session.me, { type: 'document', media });
  return { media, message: await recording.untilMessage((each) => each.media?.fileName === name) };
}

async function outgoing(name: string, bytes: Buffer): Promise<OutgoingFile> {
  const path = join(session.folder, name);
  await writeFile(path, bytes);
  return { path, mimeType: 'application/pdf', sizeBytes: bytes.length, fileName: name };
}

describe('files through a page that lives', () => {
  beforeAll(open, LONG);
  afterEach(() => void (session.standin.media.cutsDownloads = false));
  afterAll(() => session.close(), LONG);

  test(
    'incoming: 48 MB come out of the page byte for byte, in parts as they are read',
    async () => {
      const bytes = randomBytes(48 * MIB + 5);
      const { message } = await incoming(bytes);
      expect(message.media).toMatchObject({ sizeBytes: bytes.length });
      const got = await digestOf(await engine.downloadMedia(message.messageId, LIMIT));
      expect(got.sha256).toBe(sha256(bytes));
      expect(Math.max(...got.sizes)).toBeLessThanOrEqual(MIB);
    },
    LONG,
  );

  test(
    'a file above the limit is refused before it is downloaded, one that lies about its size afterwards',
    async () => {
      const { message } = await incoming(randomBytes(1_001));
      session.standin.media.cutsDownloads = true;
      const tooLarge = { outcome: 'fail', code: 'WAB_MEDIA_TOO_LARGE', message: expect.stringContaining('1001') };
      expect(await failureOf(engine.downloadMedia(message.messageId, 1_000))).toMatchObject(tooLarge);
      session.standin.media.cutsDownloads = false;
      const bytes = randomBytes(1_001);
      const media = { ...session.standin.storeMedia(bytes, 'application/pdf', 'small.pdf'), size: 1 };
      session.standin.network.say(session.bob, session.me, { type: 'document', media });
      const liar = await recording.untilMessage((each) => each.media?.fileName === 'small.pdf');
      expect(await failureOf(engine.downloadMedia(liar.messageId, 1_000))).toMatchObject(tooLarge);
    },
    LONG,
  );

  test(
    'what WhatsApp has no more fails for good; what a phone uploads again is put off until it is there',
    async () => {
      const gone = await incoming(Buffer.from('gone soon'), 'gone.pdf');
      session.standin.expireMedia(gone.media.directPath);
      expect(await failureOf(engine.downloadMedia(gone.message.messageId, LIMIT))).toMatchObject({
        outcome: 'fail',
        code: 'WAB_MEDIA_FAILED',
      });
      const bytes = randomBytes(10_000);
      const back = await incoming(bytes, 'back.pdf');
      session.standin.media.expire(back.media.directPath, { afterMs: 1_500 });
      const later = { outcome: 'defer', code: 'WAB_MEDIA_FAILED', retryAfterMs: expect.any(Number) };
      expect(await failureOf(engine.downloadMedia(back.message.messageId, LIMIT))).toMatchObject(later);
      // Asked again meanwhile, it does not hold a place.
      expect(await failureOf(engine.downloadMedia(back.message.messageId, LIMIT))).toMatchObject(later);
      const stream = await until('the file', () =>
        engine.downloadMedia(back.message.messageId, LIMIT).catch(() => undefined),
      );
      expect((await digestOf(stream)).sha256).toBe(sha256(bytes));
      const silent = await incoming(Buffer.from('never again'), 'silent.pdf');
      session.standin.media.expire(silent.media.directPath, 'never');
      expect(await failureOf(engine.downloadMedia(silent.message.messageId, LIMIT))).toMatchObject(later);
    },
    LONG,
  );

  test(
    'a download that breaks off is put off',
    async () => {
      const { message } = await incoming(randomBytes(100_000));
      session.standin.media.cutsDownloads = true;
      expect(await failureOf(engine.downloadMedia(message.messageId, LIMIT))).toMatchObject({
        outcome: 'defer',
        code: 'WAB_MEDIA_FAILED',
      });
    },
    LONG,
  );

  test(
    'two at once: the third waits until one was read or given up',
    async () => {
      const files = await Promise.all(['a.pdf', 'b.pdf', 'c.pdf'].map((name) => incoming(randomBytes(3 * MIB), name)));
      const [first, second, third] = files.map(({ message }) => engine.downloadMedia(message.messageId, LIMIT));
      const held = (await first) as Readable;
      await second;
      let begun = false;
      const waiting = (third as Promise<Readable>).then((stream) => {
        begun = true;
        return stream;
      });
      await digestOf((await second) as Readable);
      // Either of the two gives its place back by its end.
      await digestOf(await waiting);
      expect(begun).toBe(true);
      held.destroy();
      await digestOf(await engine.downloadMedia((files[0] as { message: RecordedMessage }).message.messageId, LIMIT));
    },
    LONG,
  );

  test(
    'outgoing: 48 MB go into the page byte for byte, and an empty file too',
    async () => {
      const bytes = randomBytes(48 * MIB + 5);
      const chatId = bobOf(session);
      const messageId = engine.chooseMessageId(chatId);
      const file = await outgoing('large.pdf', bytes);
      expect(await engine.perform('message.sendDocument', { chatId, file, text: 'large' }, messageId)).toMatchObject({
        messageId,
      });
      const empty = await outgoing('empty.pdf', Buffer.alloc(0));
      await engine.perform('message.sendDocument', { chatId, file: empty }, null);
      const received = await session.inbox(2);
      expect(received.map((each) => each.mediaSha256)).toEqual([sha256(bytes), sha256(Buffer.alloc(0))]);
      expect(received[0]).toMatchObject({ messageId, text: 'large' });
      await recording.until('the acknowledgement', () =>
        recording.acksOf(messageId).includes('read') ? true : undefined,
      );
    },
    LONG,
  );
});

describe('a page that dies', () => {
  beforeEach(open, LONG);
  afterEach(() => session.close(), LONG);

  test(
    'in the middle of a download puts it off',
    async () => {
      const { message } = await incoming(randomBytes(8 * MIB));
      const stream = await engine.downloadMedia(message.messageId, LIMIT);
      const reading = failureOf(
        (async () => {
          for await (const chunk of stream) {
            void chunk;
            for (const pid of (await browserTree(session.profileFolder)).renderers) process.kill(pid, 'SIGKILL');
          }
        })(),
      );
      expect(await reading).toMatchObject({ outcome: 'defer', code: 'WAB_MEDIA_FAILED' });
    },
    LONG,
  );

  test(
    'while a file comes in has sent nothing; a file that is not there fails',
    async () => {
      const chatId = bobOf(session);
      const missing = { path: join(session.folder, 'missing'), mimeType: 'a/b', sizeBytes: 1, fileName: 'x' };
      expect(await failureOf(engine.perform('message.sendDocument', { chatId, file: missing }, null))).toMatchObject({
        outcome: 'fail',
      });
      const file = await outgoing('large.pdf', randomBytes(48 * MIB));
      // A page that stands still takes no part of the file, so that it dies before the last one in any case.
      const { renderers } = await browserTree(session.profileFolder);
      for (const pid of renderers) process.kill(pid, 'SIGSTOP');
      const sending = failureOf(engine.perform('message.sendDocument', { chatId, file }, null));
      for (const pid of renderers) process.kill(pid, 'SIGKILL');
      expect(await sending).toMatchObject({ outcome: 'defer', code: 'WAB_MEDIA_FAILED' });
      expect(session.received()).toEqual([]);
    },
    LONG,
  );
});
