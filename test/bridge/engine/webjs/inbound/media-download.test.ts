/** Downloads over a page that answers as a test tells it. The real page functions run in `test/browser`. */
import type { Readable } from 'node:stream';
import { beforeEach, expect, test } from '@jest/globals';
import type { MessageId } from '../../../../../bridge/src/contract/ids.ts';
import type { EngineError } from '../../../../../bridge/src/engine/engine.ts';
import { DEADLINES, type Deadlines, TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import { MediaDownloads } from '../../../../../bridge/src/engine/webjs/inbound/media-download.ts';
import { PART_BYTES } from '../../../../../bridge/src/engine/webjs/page/page-media.ts';
import type { FetchedFile, FileOutlook } from '../../../../../bridge/src/engine/webjs/page/page-media.ts';
import { until } from '../../../../until.ts';
import type { LongPageCalls } from '../../../../../bridge/src/engine/webjs/page/page-calls.ts';

const ID = 'false_1@c.us_3EB0' as MessageId;
const SIZE = 3 * PART_BYTES + 7;

let outlook: FileOutlook | Error | null;
let fetched: FetchedFile | Error;
let parts: number;
let held: Set<string>;
let fetchDeadline: number;
let loses: boolean;

beforeEach(() => {
  outlook = { stage: 'INIT', sizeBytes: SIZE };
  fetched = { state: 'here', sizeBytes: SIZE };
  parts = 0;
  held = new Set();
  loses = false;
});

function downloads(deadlines: Partial<Deadlines> = {}): MediaDownloads {
  const call = async (fn: { name: string }, _ms: number, ...args: unknown[]): Promise<unknown> => {
    if (fn.name === 'lookAtFile') {
      if (outlook instanceof Error) throw outlook;
      return outlook;
    }
    const [token, offset, length] = args as [string, number, number];
    if (fn.name === 'dropFile') return void held.delete(token);
    parts += 1;
    return loses ? null : Buffer.alloc(Math.min(length, SIZE - offset), parts).toString('base64');
  };
  const callLong = async (_fn: unknown, ms: number, token: string): Promise<unknown> => {
    fetchDeadline = ms;
    held.add(token);
    if (fetched instanceof Error) throw fetched;
    return fetched;
  };
  const page = { call, callLong } as unknown as LongPageCalls;
  return new MediaDownloads(() => page, { ...DEADLINES, ...deadlines });
}
const failureOf = (promise: Promise<unknown>): Promise<EngineError> =>
  promise.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as EngineError,
  );
async function read(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

test('a file is pulled as fast as it is read, and freed at its end', async () => {
  const stream = await downloads().download(ID, SIZE);
  expect(parts).toBe(0);
  stream.once('readable', () => undefined);
  await until('a part to be fetched', () => parts === 1);
  expect((await read(stream)).length).toBe(SIZE);
  expect(parts).toBe(4);
  expect(held.size).toBe(0);
});

test('a stream that is given up frees the page and its place, also one that nobody ever read', async () => {
  const media = downloads({ media: 1_000 });
  const first = await media.download(ID, SIZE);
  const second = await media.download(ID, SIZE);
  const failure = failureOf(new Promise((_, reject) => void second.once('error', reject)));
  const third = media.download(ID, SIZE).then((stream) => stream.once('error', () => undefined));
  expect(held.size).toBe(2);
  first.destroy();
  await third;
  expect(held.size).toBe(2);
  expect(await failure).toMatchObject({ outcome: 'defer', message: 'the file was not read in time' });
  await until('all files to be freed', () => held.size === 0);
});

test('the larger a file, the longer it may take', async () => {
  (await downloads().download(ID, SIZE)).destroy();
  expect(fetchDeadline).toBe(DEADLINES.media + SIZE / DEADLINES.slowest);
  outlook = { stage: 'INIT', sizeBytes: null };
  (await downloads().download(ID, SIZE)).destroy();
  expect(fetchDeadline).toBe(DEADLINES.media);
});

test.each([
  ['no such message', () => (outlook = null), 'fail', 'WAB_MEDIA_FAILED'],
  ['larger than stated', () => (fetched = { state: 'here', sizeBytes: SIZE + 1 }), 'fail', 'WAB_MEDIA_TOO_LARGE'],
  ['gone', () => (fetched = { state: 'gone' }), 'fail', 'WAB_MEDIA_FAILED'],
  ['uploaded again', () => (fetched = { state: 'later' }), 'defer', 'WAB_MEDIA_FAILED'],
  ['broken off', () => (fetched = { state: 'failed', reason: 'x' }), 'defer', 'WAB_MEDIA_FAILED'],
  // It may be this very file that ends the page: it counts, or it would end every page there is.
  ['a page that ends while it fetches', () => (fetched = new TransportError('gone')), 'defer', 'WAB_MEDIA_FAILED'],
  ['no page', () => (outlook = new TransportError('gone')), 'defer', 'WAB_SESSION_NOT_READY'],
])('%s: nothing is kept, and the place is free', async (_what, happen, outcome, code) => {
  happen();
  const media = downloads();
  for (let again = 0; again < 3; again++)
    expect(await failureOf(media.download(ID, SIZE))).toMatchObject({ name: 'EngineError', outcome, code });
  expect(held.size).toBe(0);
});

test('a file that the page has lost puts the download off', async () => {
  loses = true;
  const stream = await downloads().download(ID, SIZE);
  expect(await failureOf(read(stream))).toMatchObject({ outcome: 'defer', code: 'WAB_MEDIA_FAILED' });
  expect(held.size).toBe(0);
});
