/** Rows that a bridge before the catalogue of operations wrote are sent by this one, with all that they say. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { MediaId, MessageId } from '../../../bridge/src/contract/ids.ts';
import type { MediaInfo } from '../../../bridge/src/media/media-library.ts';
import { ALICE, asked, BOB, KEY, SELF, SESSION } from './outbox-samples.ts';
import { Network } from './scripted-network.ts';
import { OutboxLives } from './outbox-lives.ts';

jest.setTimeout(60_000);

const MEDIA = 'med_00000000000000000000000000' as MediaId;
const QUOTED = `false_${ALICE}_3EB0AAAA` as MessageId;
const FILE = { path: '/file', mimeType: 'image/png', sizeBytes: 1, fileName: 'dot.png' };
const media = { info: () => Promise.resolve({ session: null } as MediaInfo), forSend: () => Promise.resolve(FILE) };
const { begin, edit, end, start } = new OutboxLives();

beforeEach(begin);
afterEach(end);

test.each([
  [
    { type: 'text', text: 'hi @1', quotedMessageId: QUOTED, mentions: [BOB] },
    ['message.sendText', { chatId: ALICE, text: 'hi @1', quotedMessageId: QUOTED, mentions: [BOB] }],
    { kind: 'text', text: 'hi @1', quotedMessageId: QUOTED, mentions: [{ chatId: BOB }] },
  ],
  [
    { type: 'image', mediaId: MEDIA, caption: 'a dot', fileName: 'dot.png', mimeType: 'image/png' },
    ['message.sendImage', { chatId: ALICE, text: 'a dot', file: FILE }],
    { kind: 'image', text: 'a dot', media: { mediaId: MEDIA, mimeType: 'image/png', fileName: 'dot.png' } },
  ],
  [
    { type: 'audio', mediaId: MEDIA, caption: 'nobody sees it', mimeType: 'audio/ogg' },
    ['message.sendAudio', { chatId: ALICE, file: FILE }],
    { kind: 'audio', media: { mediaId: MEDIA, mimeType: 'audio/ogg' } },
  ],
  [
    { type: 'reaction', targetMessageId: QUOTED, emoji: '👍' },
    ['message.react', { chatId: ALICE, messageId: QUOTED, emoji: '👍' }],
    null,
  ],
] as const)('$type', async (content, call, event) => {
  const network = new Network();
  const calls: unknown[] = [];
  network.scripts.push((message, _messageId, deliver) => {
    calls.push([message.operation, message.input]);
    return deliver();
  });
  const before = await start({ network, media }, false);
  const { message } = await before.service.accept(...asked({ session: SESSION, to: ALICE, type: 'text', text: 'x' }), {
    keyId: KEY,
    idempotencyKey: 'one',
    firstAnswer: false,
  });
  await before.close();
  edit(`UPDATE outbox SET type = '${content.type}', content = '${JSON.stringify(content)}'`);
  const after = await start({ network, media }, false);
  after.sessions.up(SESSION, SELF);
  await after.until(message.id, 'accepted');
  expect(calls).toEqual([call]);
  const events = await after.events('message.sent');
  expect(events.map(({ data }) => data)).toEqual(event === null ? [] : [expect.objectContaining(matching(event))]);
});

test('a message of an operation that only another version knows, cut off while it was sent, is in doubt', async () => {
  const network = new Network();
  const left = new Promise<void>((resolve) =>
    network.scripts.push((_message, _messageId, deliver) => {
      deliver();
      resolve();
      return new Promise(() => undefined);
    }),
  );
  const before = await start({ network }, false);
  before.sessions.up(SESSION, SELF);
  const { id } = await before.accept('hi');
  await left;
  await before.close();
  edit(`UPDATE outbox SET content = replace(content, 'message.sendText', 'message.sendHologram')`);
  const after = await start({ network }, false);
  after.sessions.up(SESSION, SELF);
  expect(await after.until(id, 'in_doubt')).toMatchObject({ state: 'in_doubt' });
  expect(network.sent).toHaveLength(1);
});

/** Fields of an object in an object need not be named all. */
const matching = (event: object): object =>
  Object.fromEntries(
    Object.entries(event).map(([name, value]) => [
      name,
      Array.isArray(value)
        ? value.map((each: object) => expect.objectContaining(each))
        : typeof value === 'object' && value !== null
          ? expect.objectContaining(value as object)
          : (value as unknown),
    ]),
  );
