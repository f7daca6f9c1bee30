/** Files go one after another to engines that take them so; what has not begun has no deadline that could pass. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { ChatId, MediaId, OutboxId } from '../../../bridge/src/contract/ids.ts';
import type { OutboxMessage } from '../../../bridge/src/contract/views/outbox-message.ts';
import type { MediaInfo } from '../../../bridge/src/media/media-library.ts';
import { storeMedia } from '../../../bridge/src/store/media.repository.ts';
import type { OpenOutbox } from './outbox-harness.ts';
import { ALICE, asked, BOB, KEY, SESSION } from './outbox-samples.ts';
import { Network } from './scripted-network.ts';
import { OutboxLives } from './outbox-lives.ts';

jest.setTimeout(60_000);

const CAROL = '491533333333@c.us' as ChatId;
const MEDIA = 'med_00000000000000000000000000' as MediaId;
const FILE = { path: '/x', mimeType: 'image/png', sizeBytes: 1, fileName: 'x.png' };
const media = { info: () => Promise.resolve({ session: null } as MediaInfo), forSend: () => Promise.resolve(FILE) };
const { begin, end, start } = new OutboxLives();
let network: Network;

beforeEach(async () => {
  network = new Network();
  await begin();
});
afterEach(end);

async function acceptFile(outbox: OpenOutbox, caption: string, to: ChatId): Promise<OutboxMessage> {
  const stored = {
    id: MEDIA,
    mimeType: FILE.mimeType,
    sizeBytes: 1,
    sha256: 'x',
    fileName: null,
    ownerSessions: null,
    now: Date.now(),
  };
  await outbox.database.write(storeMedia(stored));
  const { message } = await outbox.service.accept(
    ...asked({ session: SESSION, to, type: 'image', mediaId: MEDIA, text: caption }),
    { keyId: KEY, idempotencyKey: caption, firstAnswer: false },
  );
  return message;
}

test('a file that waits for another one has not begun; messages without a file go past both', async () => {
  const outbox = await start({ network, media });
  const release = network.holdNext();
  const first = await acceptFile(outbox, 'first', ALICE);
  await outbox.until(first.id, 'sending');
  const second = await acceptFile(outbox, 'second', BOB);
  const text = await outbox.accept('text', CAROL);
  await outbox.until(text.id, 'accepted');
  expect(await outbox.service.get(second.id as OutboxId)).toMatchObject({ state: 'queued', attempts: 0, error: null });
  release();
  await outbox.until(second.id, 'accepted');
  expect(network.texts()).toEqual(['text', 'first', 'second']);
});

test('files that wait take no places from messages without one', async () => {
  const outbox = await start({ network, media, parallelism: 2 });
  const release = network.holdNext();
  const first = await acceptFile(outbox, 'first', ALICE);
  await outbox.until(first.id, 'sending');
  const files = [first];
  for (let index = 0; index < 5; index++)
    files.push(await acceptFile(outbox, `file ${index}`, `4915100000${index}@c.us` as ChatId));
  const text = await outbox.accept('text', BOB);
  await outbox.until(text.id, 'accepted');
  expect(network.texts()).toEqual(['text']);
  release();
  for (const { id } of files) await outbox.until(id, 'accepted');
});

test('files that became due together go one after another, beside those without a file', async () => {
  const outbox = await start({ network, media, parallelism: 2 }, false);
  const files: OutboxMessage[] = [];
  for (let index = 0; index < 4; index++)
    files.push(await acceptFile(outbox, `file ${index}`, `4915100000${index}@c.us` as ChatId));
  const text = await outbox.accept('text', BOB);
  const release = network.holdNext();
  outbox.sessions.up();
  await outbox.until(text.id, 'accepted');
  expect(network.texts()).toEqual(['text']);
  release();
  for (const { id } of files) await outbox.until(id, 'accepted');
  expect(network.texts().slice(1)).toEqual(['file 0', 'file 1', 'file 2', 'file 3']);
});

test('an engine that takes several files at once is not held back, not even by one that is late', async () => {
  const outbox = await start({ network, media, parallelFiles: true, sendMs: 50 });
  const release = network.holdNext();
  const late = await acceptFile(outbox, 'late', ALICE);
  await outbox.until(late.id, 'sending');
  const beside = await acceptFile(outbox, 'beside', BOB);
  await outbox.until(beside.id, 'accepted');
  await outbox.until(late.id, 'in_doubt');
  const next = await acceptFile(outbox, 'next', CAROL);
  await outbox.until(next.id, 'accepted');
  expect(network.texts()).toEqual(['beside', 'next']);
  release();
  await outbox.until(late.id, 'accepted');
});

test('behind a file that is late the next one stays queued, and only the late one is in doubt', async () => {
  const outbox = await start({ network, media, sendMs: 50 });
  const release = network.holdNext();
  const late = await acceptFile(outbox, 'late', ALICE);
  const next = await acceptFile(outbox, 'next', BOB);
  await outbox.until(late.id, 'in_doubt');
  const text = await outbox.accept('text', CAROL);
  await outbox.until(text.id, 'accepted');
  expect(await outbox.service.get(next.id as OutboxId)).toMatchObject({ state: 'queued', attempts: 0, error: null });
  release();
  await outbox.until(late.id, 'accepted');
  await outbox.until(next.id, 'accepted');
  expect(network.texts()).toEqual(['text', 'late', 'next']);
  expect((await outbox.events('outbox.in_doubt')).map(({ data }) => data)).toMatchObject([{ outboxId: late.id }]);
});
