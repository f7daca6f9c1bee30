/** Messages with a file, in both directions. */
import { createHash, randomBytes } from 'node:crypto';
import { expect } from '@jest/globals';
import type { ChatId, MessageId } from '../../../bridge/src/contract/ids.ts';
import type { RecordedMessage } from '../engine-recording.ts';
import { failure, idFor, type EngineAtTest } from './engine-at-test.ts';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
/** Above every file of this suite. */
const LIMIT = 1024 * 1024;
/** A PNG of one pixel, so that engines which look at the bytes accept it as an image. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const isIncomingFile = (message: RecordedMessage): boolean => message.media !== undefined && !message.fromMe;

export function mediaChecks(at: EngineAtTest): void {
  const { checkIf, file, shared } = at;

  checkIf('mediaOut', 'sends an image with caption and a document, byte for byte', async () => {
    const { engine } = await shared();
    const chatId = at.harness.contact as ChatId;
    const document = randomBytes(200_000);
    await engine.perform(
      'message.sendImage',
      { chatId, text: 'look', file: await file('pixel.png', 'image/png', PIXEL) },
      idFor(engine, chatId),
    );
    await engine.perform(
      'message.sendDocument',
      { chatId, file: await file('report.pdf', 'application/pdf', document) },
      idFor(engine, chatId),
    );
    const received = await at.harness.inbox(2);
    expect(received.map((each) => each.mediaSha256).sort()).toEqual([sha256(PIXEL), sha256(document)].sort());
    expect(received.find((each) => each.mediaSha256 === sha256(PIXEL))?.text).toBe('look');
  });

  checkIf('mediaOut', 'keeps several files at once apart', async () => {
    const { engine } = await shared();
    const chatId = at.harness.contact as ChatId;
    const files = Array.from({ length: 4 }, () => randomBytes(20_000));
    const receipts = await Promise.all(
      files.map(async (bytes, index) =>
        engine.perform(
          'message.sendDocument',
          { chatId, file: await file(`part${index}.pdf`, 'application/pdf', bytes) },
          idFor(engine, chatId),
        ),
      ),
    );
    const received = await at.harness.inbox(files.length);
    expect(received).toHaveLength(files.length);
    const fileOf = new Map(received.map((each) => [each.messageId, each.mediaSha256]));
    expect(receipts.map(({ messageId }) => fileOf.get(messageId))).toEqual(files.map(sha256));
  });

  checkIf('mediaOut', 'sends a video with caption and an audio file, byte for byte', async () => {
    const { engine } = await shared();
    const chatId = at.harness.contact as ChatId;
    const [video, audio] = [randomBytes(3_000), randomBytes(2_000)];
    await engine.perform(
      'message.sendVideo',
      { chatId, text: 'watch', file: await file('film.mp4', 'video/mp4', video) },
      idFor(engine, chatId),
    );
    await engine.perform(
      'message.sendAudio',
      { chatId, file: await file('song.ogg', 'audio/ogg', audio) },
      idFor(engine, chatId),
    );
    const received = await at.harness.inbox(2);
    const textOf = (bytes: Buffer) => received.find((each) => each.mediaSha256 === sha256(bytes))?.text;
    expect(textOf(video)).toBe('watch');
    expect(textOf(audio)).toBe(null);
  });

  checkIf('mediaIn', 'names incoming media at once and downloads it byte for byte', async () => {
    const { engine, recording } = await shared();
    const bytes = randomBytes(150_000);
    await at.harness.say({
      from: at.harness.contact,
      text: 'the file',
      media: { kind: 'document', mimeType: 'application/pdf', fileName: 'in.pdf', bytes },
    });
    const message = await recording.untilMessage(isIncomingFile);
    expect(message).toMatchObject({
      kind: 'document',
      text: 'the file',
      media: { mimeType: 'application/pdf', fileName: 'in.pdf' },
    });
    const chunks: Buffer[] = [];
    for await (const chunk of await engine.downloadMedia(message.messageId, LIMIT))
      chunks.push(Buffer.from(chunk as Uint8Array));
    expect(sha256(Buffer.concat(chunks))).toBe(sha256(bytes));
  });

  checkIf('mediaIn', 'refuses an incoming file that is larger than asked for', async () => {
    const { engine, recording } = await shared();
    const bytes = randomBytes(1_000);
    await at.harness.say({
      from: at.harness.contact,
      media: { kind: 'document', mimeType: 'application/pdf', fileName: 'in.pdf', bytes },
    });
    const { messageId } = await recording.untilMessage(isIncomingFile);
    expect(await failure(engine.downloadMedia(messageId, 999))).toMatchObject({
      outcome: 'fail',
      code: 'WAB_MEDIA_TOO_LARGE',
    });
    (await engine.downloadMedia(messageId, 1_000)).destroy();
  });

  checkIf('mediaIn', 'says `fail` for media that does not exist', async () => {
    const { engine } = await shared();
    const error = await failure(engine.downloadMedia(`false_${at.harness.contact}_3EB0NOMEDIA` as MessageId, LIMIT));
    expect(error.outcome).toBe('fail');
  });
}
