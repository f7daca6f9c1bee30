/** What the page throws before it gives a message an id, and what follows from it in a whole bridge. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChatId } from '../../bridge/src/contract/ids.ts';
import type { Engine } from '../../bridge/src/engine/engine.ts';
import type { EngineInput, OutgoingFile } from '../../bridge/src/engine/engine-operations.ts';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import type { Deadlines } from '../../bridge/src/engine/webjs/deadlines.ts';
import { bobOf, failureOf, LONG, SessionAtTest } from './session-at-test.ts';

/** The first bytes of a picture, which end before its pixels begin. */
const TRUNCATED = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAf', 'base64');
/** A whole one, of a single pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

let session: SessionAtTest;
let folder: string;
let engine: Engine;
let recording: EngineRecording;
const open =
  (deadlines: Partial<Deadlines> = {}) =>
  async (): Promise<void> => {
    session = await SessionAtTest.open();
    folder = await mkdtemp(join(tmpdir(), 'wabridge-send-failures-'));
    session.standin.page.decodesPictures = true;
    ({ engine, recording } = await session.linked(deadlines));
  };
async function close(): Promise<void> {
  await session.close();
  await rm(folder, { recursive: true, force: true });
}

async function picture(bytes: Buffer): Promise<EngineInput<'message.sendImage'>> {
  const path = join(folder, 'picture.png');
  await writeFile(path, bytes);
  const file: OutgoingFile = { path, mimeType: 'image/png', sizeBytes: bytes.length, fileName: 'picture.png' };
  return { chatId: bobOf(session), file };
}
const text = (words: string, chatId: ChatId = bobOf(session)): EngineInput<'message.sendText'> => ({
  chatId,
  text: words,
});
const THROWN = { outcome: 'defer', code: 'WAB_SEND_FAILED' };

describe('what the page throws before a message has an id', () => {
  beforeAll(open(), LONG);
  afterEach(async () => {
    session.standin.media.uploadStatus = 200;
    await session.standin.pageOf(session.me).repair();
  });
  afterAll(close, LONG);

  test(
    'counts against a picture that is cut short, and the next one goes',
    async () => {
      const error = await failureOf(engine.perform('message.sendImage', await picture(TRUNCATED), null));
      expect(error).toMatchObject(THROWN);
      expect(error.message).toContain('decoded');
      await engine.perform('message.sendImage', await picture(PIXEL), null);
      expect(await session.inbox(1)).toHaveLength(1);
    },
    LONG,
  );

  test(
    'counts against a file whose upload WhatsApp refuses, with the reason',
    async () => {
      session.standin.media.uploadStatus = 500;
      // Not one that the page has uploaded before.
      const another = Buffer.concat([PIXEL, Buffer.from('another')]);
      const error = await failureOf(engine.perform('message.sendImage', await picture(another), null));
      expect(error).toMatchObject(THROWN);
      expect(error.message).toContain('500');
    },
    LONG,
  );

  test(
    'counts where it is the recipient that cannot be looked up, and while somebody is to be shown as writing',
    async () => {
      await session.standin.pageOf(session.me).fault('WAWebQueryExistsJob.queryWidExists', { missing: true });
      expect(await failureOf(engine.resolveChat('4915110000003@c.us' as ChatId))).toMatchObject(THROWN);
      expect(
        await failureOf(
          engine.perform('chat.setTyping', { chatId: '4915110000003@c.us' as ChatId, state: 'composing' }),
        ),
      ).toMatchObject(THROWN);
      expect(
        await failureOf(engine.perform('message.sendText', text('hello', '4915110000003@c.us' as ChatId), null)),
      ).toMatchObject(THROWN);
    },
    LONG,
  );

  test(
    'counts where it is a file that cannot be looked at',
    async () => {
      const media = session.standin.storeMedia(PIXEL, 'image/png', 'in.png');
      session.standin.network.say(session.bob, session.me, { type: 'image', media });
      const { messageId } = await recording.untilMessage(({ kind }) => kind === 'image');
      await session.standin.pageOf(session.me).fault('WAWebCollections.Msg.get', { throws: 'this build has lost it' });
      expect(await failureOf(engine.downloadMedia(messageId, 1_000_000))).toMatchObject({
        outcome: 'defer',
        code: 'WAB_MEDIA_FAILED',
        message: 'this build has lost it',
      });
    },
    LONG,
  );
});

describe('a page that throws at every message', () => {
  beforeEach(open({ examineEvery: 500 }), LONG);
  afterEach(close, LONG);

  test(
    'is reported as degraded where several messages fail by it, until one has gone; a reaction that goes is none',
    async () => {
      const page = session.standin.pageOf(session.me);
      const degraded = () => recording.signals.filter(({ kind }) => kind === 'degraded');
      await engine.resolveChat(bobOf(session));
      session.standin.network.say(session.bob, session.me, 'hello');
      const { messageId } = await recording.untilMessage(({ text: said }) => said === 'hello');
      await page.fault('WAWebMsgKey.newId', { missing: true });
      // One message alone may be at fault itself.
      const id = engine.chooseMessageId(bobOf(session));
      for (let attempt = 0; attempt < 6; attempt++)
        expect(await failureOf(engine.perform('message.sendText', text('one'), id))).toMatchObject(THROWN);
      expect(degraded()).toEqual([]);
      for (const words of ['two', 'three'])
        expect(
          await failureOf(engine.perform('message.sendText', text(words), engine.chooseMessageId(bobOf(session)))),
        ).toMatchObject(THROWN);
      const { reason } = await recording.untilSignal('degraded');
      expect(reason).toContain('could not send');
      const recovered = (): number => recording.signals.filter(({ kind }) => kind === 'recovered').length;
      const before = recovered();
      await engine.perform('message.react', { chatId: bobOf(session), messageId, emoji: '👍' }, null);
      expect(recovered()).toBe(before);
      await page.repair();
      await engine.perform('message.sendText', text('four'), engine.chooseMessageId(bobOf(session)));
      await recording.untilSignal('recovered', before + 1);
      expect(session.received().map((message) => message.text)).toEqual(['four']);
    },
    LONG,
  );
});
