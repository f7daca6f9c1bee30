/** Defence 21: files, whose size is up to those who send them. */
import { createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { MessageId } from '../../../bridge/src/contract/ids.ts';
import type { Account } from '../../standin/account.ts';
import { failureOf, LONG } from '../session-at-test.ts';
import { Scene } from './scene.ts';

const MIB = 1024 * 1024;
const FILES = 5;
const bytes = randomBytes(3 * MIB + 7);

let scene: Scene;
/** Downloads that WhatsApp's server was asked for, how many of them are under way, and the most at once. */
let downloads: { asked: number; underWay: number; most: number };
beforeEach(async () => {
  scene = await Scene.open();
  downloads = { asked: 0, underWay: 0, most: 0 };
  const { media } = scene.standin;
  media.delayMs = 1_500;
  const serve = media.download.bind(media);
  media.download = async (...request) => {
    downloads.asked += 1;
    downloads.most = Math.max(downloads.most, ++downloads.underWay);
    await serve(...request);
    downloads.underWay -= 1;
  };
});
afterEach(() => scene.close(), LONG);

/** Bob sends the same file several times. */
function flood(to: Account): void {
  const media = scene.standin.storeMedia(bytes, 'application/pdf', 'flood.pdf');
  for (let each = 0; each < FILES; each += 1) scene.standin.network.say(scene.bob, to, { type: 'document', media });
}

test(
  'defence 21: without it, files of any size come as one text each, as many at once as are asked for',
  async () => {
    const stock = await scene.linkedStock();
    flood(scene.naive);
    const messages = await stock.until('the files', () =>
      stock.messages.length === FILES ? stock.messages : undefined,
    );
    const sizes = await Promise.all(messages.map(({ id }) => stock.call<number>('download', id._serialized)));
    // Base64, which is a third more than the file, whole in the memory of the page and of the process.
    expect(new Set(sizes)).toEqual(new Set([4 * Math.ceil(bytes.length / 3)]));
    expect(downloads.most).toBeGreaterThan(2);
  },
  LONG,
);

test(
  'defence 21: with it, a file beyond the limit is not even asked for, the others come in parts, two at once',
  async () => {
    const { engine, recording } = await scene.linked();
    flood(scene.me);
    const messageIds = await recording.until('the files', () => {
      const ids = [...new Set(recording.messages.map(({ messageId }) => messageId))];
      return ids.length === FILES ? ids : undefined;
    });
    const [first] = messageIds;
    expect(await failureOf(engine.downloadMedia(first as MessageId, MIB))).toMatchObject({ outcome: 'fail' });
    expect(downloads.asked).toBe(0);
    const files = await Promise.all(
      messageIds.map(async (messageId) => read(await engine.downloadMedia(messageId, 100 * MIB))),
    );
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(new Set(files.map((file) => file.sha256))).toEqual(new Set([sha256]));
    expect(Math.max(...files.map(({ largestPart }) => largestPart))).toBeLessThanOrEqual(MIB);
    expect(downloads.most).toBeLessThanOrEqual(2);
  },
  LONG,
);

async function read(stream: Readable): Promise<{ sha256: string; largestPart: number }> {
  const hash = createHash('sha256');
  let largestPart = 0;
  for await (const part of stream as AsyncIterable<Buffer>) {
    hash.update(part);
    largestPart = Math.max(largestPart, part.length);
  }
  return { sha256: hash.digest('hex'), largestPart };
}
