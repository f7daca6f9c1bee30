/** An account that an earlier version simulated goes on as it was. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { SessionName } from '../../../../bridge/src/contract/ids.ts';
import { withCurrentNames } from '../../../../bridge/src/engine/sandbox/journal-names.ts';
import { LocalNetwork } from '../../../../bridge/src/engine/sandbox/local-network.ts';

const SESSION = 'demo' as SessionName;
const CHAT = { chatId: '4915112345678@c.us' };
const AT = '2026-11-01T10:00:00.000Z';
const TEXT = 'he wrote "wireId": "none"';
const ENTRIES = [
  {
    t: 'out',
    via: 'phone',
    message: {
      wireId: 'true_4915112345678@c.us_3EB0',
      chat: CHAT,
      sender: CHAT,
      fromMe: true,
      sentAt: AT,
      text: TEXT,
      mentions: [],
      quotedWireId: 'false_4915112345678@c.us_3EB1',
      media: null,
    },
    at: AT,
  },
  { t: 'act', act: { kind: 'seen', chat: CHAT, messageId: null, emoji: null, state: null, read: 2, at: AT } },
  { t: 'faults', faults: { actHangs: { count: 1 }, fateUnknown: { count: 2 } } },
];

let folder: string;
let network: LocalNetwork;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-journal-names-'));
  await mkdir(join(folder, SESSION));
  const lines = ENTRIES.map((entry) => `${JSON.stringify(entry)}\n`);
  await writeFile(join(folder, SESSION, 'journal.jsonl'), lines.join(''));
  network = new LocalNetwork({ folder });
});
afterEach(async () => {
  await network.close();
  await rm(folder, { recursive: true, force: true });
});

test('a message is known by its id, with what it quotes and its text', async () => {
  expect(await network.drive('sandbox.inbox', SESSION)).toMatchObject([
    {
      messageId: 'true_4915112345678@c.us_3EB0',
      quotedMessageId: 'false_4915112345678@c.us_3EB1',
      text: TEXT,
      transmissions: 1,
    },
  ]);
});

test('a file without a caption has no text, though it once had an empty one', async () => {
  const session = 'voice' as SessionName;
  await mkdir(join(folder, session));
  const media = { kind: 'audio', mimeType: 'audio/ogg', sizeBytes: 9, ref: 'a'.repeat(64) };
  const message = { ...ENTRIES[0]!.message, text: null, media };
  await writeFile(
    join(folder, session, 'journal.jsonl'),
    `${JSON.stringify({ t: 'out', via: 'phone', message, at: AT })}\n`,
  );
  const [entry] = await network.drive('sandbox.inbox', session);
  expect(entry).toMatchObject({
    kind: 'audio',
    media: { mimeType: 'audio/ogg', sizeBytes: 9, sha256: 'a'.repeat(64) },
  });
  expect(entry).not.toHaveProperty('text');
});

test('a chat that was read is one still, and the faults in force stay in force', async () => {
  expect(await network.drive('sandbox.operations', SESSION, { kind: 'read' })).toMatchObject([{ chat: CHAT, read: 2 }]);
  expect(await network.drive('sandbox.faults', SESSION)).toEqual({
    operationHangs: { count: 1 },
    sendStatusUnknown: { count: 2 },
  });
});

test.each([
  [
    { kind: 'ack', wireId: 'm', chat: CHAT, level: 'read', at: AT },
    { type: 'message.acknowledged', chat: CHAT, at: AT, data: { messageId: 'm', ack: 'read' } },
  ],
  [
    { kind: 'send_failed', wireId: 'm', chat: CHAT, reason: 'r', at: AT },
    { type: 'message.failed', chat: CHAT, at: AT, data: { messageId: 'm', reason: 'r' } },
  ],
])('a fact that waits has the type of its event: %j', (former, now) => {
  const line = withCurrentNames(JSON.stringify({ t: 'fact', number: 1, fact: former }));
  expect(JSON.parse(line)).toEqual({ t: 'fact', number: 1, fact: now });
  expect(withCurrentNames(line)).toBe(line);
});

const PICTURE = { kind: 'image', mimeType: 'image/png', sizeBytes: 9, ref: 'a'.repeat(64) };
const MESSAGE = {
  wireId: `false_${CHAT.chatId}_3EB2`,
  chat: CHAT,
  sender: CHAT,
  fromMe: false,
  sentAt: AT,
  text: 'look',
  mentions: [],
  quotedWireId: null,
  media: PICTURE,
};

test.each([
  { kind: 'message', message: MESSAGE },
  { type: 'message', message: MESSAGE },
])('a message that waits is the fact that it brings, with its file: %j', (former) => {
  const { ref, kind: _kind, ...media } = PICTURE;
  const line = withCurrentNames(JSON.stringify({ t: 'fact', number: 1, fact: former }));
  expect(JSON.parse(line)).toEqual({
    t: 'fact',
    number: 1,
    fact: {
      type: 'message.received',
      at: AT,
      chat: CHAT,
      sender: CHAT,
      data: {
        messageId: `false_${CHAT.chatId}_3EB2`,
        kind: 'image',
        text: 'look',
        fromMe: false,
        mentions: [],
        quotedMessageId: null,
        media,
      },
    },
    file: { ...media, ref },
  });
  expect(withCurrentNames(line)).toBe(line);
});

test.each([
  ['weather', { t: 'weather' }],
  ['weather.changed', { t: 'fact', number: 1, fact: { type: 'weather.changed', chat: CHAT, at: AT, data: {} } }],
  [
    'a message of the kind hologram',
    { t: 'out', via: 'bridge', message: { messageId: 'm', kind: 'hologram', chat: CHAT }, at: AT },
  ],
  [
    'a message of the kind hologram',
    { t: 'fact', number: 1, fact: { type: 'message.received', chat: CHAT, at: AT, data: { kind: 'hologram' } } },
  ],
])('an entry that a newer version wrote (%s) is refused, and the session can be deleted', async (entry, written) => {
  const session = 'newer' as SessionName;
  await mkdir(join(folder, session));
  await writeFile(join(folder, session, 'journal.jsonl'), `${JSON.stringify(written)}\n`);
  await expect(network.drive('sandbox.account', session)).rejects.toMatchObject({
    code: 'WAB_SANDBOX_MEMORY_UNKNOWN',
    details: { session, entry },
  });
  await network.forget(session);
  expect(await network.drive('sandbox.account', session)).toMatchObject({ linked: false });
});
