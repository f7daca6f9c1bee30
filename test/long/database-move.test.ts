/**
 * A bridge moves from SQLite to PostgreSQL and back with 10,000 messages queued and 100,000 events unread. In each of
 * its three lives it sends and reads a part of them; the network and the reader, which outlive it, count.
 */
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { SubscribeFrame } from '../../bridge/src/contract/frames.ts';
import type { ChatId, SessionName } from '../../bridge/src/contract/ids.ts';
import type { SessionAccount } from '../../bridge/src/sessions/session-account.ts';
import { copyDatabase } from '../../bridge/src/store/copy/copy-database.ts';
import { withDatabases, type DatabasePlace } from '../../bridge/src/store/copy/with-databases.ts';
import { openOutbox, type OpenOutbox } from '../bridge/outbox/outbox-harness.ts';
import { Network } from '../bridge/outbox/scripted-network.ts';
import { Harness, textOf, type Frame, type StreamClient } from '../bridge/stream/harness.ts';
import { freshPostgres } from '../servers/fresh.ts';
import { until } from '../until.ts';

jest.setTimeout(1_800_000);

const MESSAGES = 10_000;
const EVENTS = 100_000;
/** So that each has many messages, whose order is to be kept. */
const CHATS = 500;
/** How much of everything is done by the end of each life. */
const LIVES = [0.3, 0.7, 1] as const;
const SUBSCRIBED: Partial<SubscribeFrame> = {
  subscription: 'reader',
  filter: { types: ['message.received'] },
  window: 256,
};

const dataDir = mkdtempSync(join(tmpdir(), 'wabridge-long-move-'));
const network = new Network();
const accounts = new Map<SessionName, SessionAccount>();
/** Texts of the events, in the order of their acknowledgement. */
const read: string[] = [];
const sqlite: DatabasePlace = { file: join(dataDir, 'wabridge.db') };
let postgres: { readonly url: string };

beforeAll(async () => {
  postgres = { url: await freshPostgres() };
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const openOutboxOn = (databaseUrl: string | undefined): Promise<OpenOutbox> =>
  openOutbox(dataDir, { network, accounts, databaseUrl, durable: true, limits: { maxAgeMs: 86_400_000 } });
const chatOf = (index: number): ChatId => `4915${String(1_000_000 + (index % CHATS))}@c.us` as ChatId;
const texts = (count: number, what: string): string[] =>
  Array.from({ length: count }, (_, index) => `${what} ${index}`);

async function queueMessages(): Promise<void> {
  const outbox = await openOutboxOn(undefined);
  // Linked once, so that the messages belong to an account, and away while they are accepted.
  outbox.sessions.up();
  outbox.sessions.down();
  const all = texts(MESSAGES, 'message');
  for (let from = 0; from < all.length; from += 500)
    await Promise.all(all.slice(from, from + 500).map((text, index) => outbox.accept(text, chatOf(from + index))));
  await outbox.close();
}

async function leaveEventsUnread(): Promise<void> {
  const harness = await Harness.over(dataDir, { settings: { heartbeatMs: 300_000 } });
  const reader = await harness.connect();
  await reader.subscribe(SUBSCRIBED);
  reader.terminate();
  await harness.sayMany(EVENTS, CHATS);
  await harness.stop();
}

async function send(upTo: number, databaseUrl: string | undefined): Promise<void> {
  const outbox = await openOutboxOn(databaseUrl);
  await outbox.dispatcher.start();
  outbox.sessions.up();
  await until(`${upTo} messages`, () => network.sent.length >= upTo, { timeoutMs: 600_000 });
  // Stops with sends under way.
  await outbox.close();
}

async function acknowledge(upTo: number, databaseUrl: string | undefined): Promise<void> {
  const harness = await Harness.over(dataDir, { databaseUrl, settings: { heartbeatMs: 300_000 } });
  const reader = await harness.connect();
  await reader.subscribe(SUBSCRIBED);
  while (read.length < upTo) take(await reader.event(), reader);
  await reader.settled();
  reader.terminate();
  await harness.stop();
}

function take(event: Frame<'event'>, reader: StreamClient): void {
  read.push(textOf(event) as string);
  reader.ack(event);
}

async function move(from: DatabasePlace, to: DatabasePlace): Promise<void> {
  const began = performance.now();
  const copied = await withDatabases(dataDir, [from, to], (source, target) =>
    copyDatabase(source, target, () => undefined),
  );
  const rows = copied.reduce((sum, table) => sum + table.rows, 0);
  process.stderr.write(`moved ${rows} rows in ${((performance.now() - began) / 1_000).toFixed(1)} s\n`);
}

test('nothing is lost, nothing is doubled, and the order of each chat is kept', async () => {
  await queueMessages();
  await leaveEventsUnread();
  await live(0, undefined);
  await move(sqlite, postgres);
  await live(1, postgres.url);
  mkdirSync(join(dataDir, 'old'));
  renameSync(join(dataDir, 'wabridge.db'), join(dataDir, 'old', 'wabridge.db'));
  await move(postgres, sqlite);
  await live(2, undefined);

  expect([...network.texts()].sort()).toEqual(texts(MESSAGES, 'message').sort());
  expect([...read].sort()).toEqual(texts(EVENTS, 'message').sort());
  for (let chat = 0; chat < CHATS; chat++) {
    const ofChat = (all: readonly string[]): string[] => all.filter((_, index) => index % CHATS === chat);
    expect(network.texts(chatOf(chat))).toEqual(ofChat(texts(MESSAGES, 'message')));
    const wanted = ofChat(texts(EVENTS, 'message'));
    const isOfChat = new Set(wanted);
    expect(read.filter((text) => isOfChat.has(text))).toEqual(wanted);
  }
});

async function live(life: 0 | 1 | 2, databaseUrl: string | undefined): Promise<void> {
  await send(MESSAGES * LIVES[life], databaseUrl);
  await acknowledge(EVENTS * LIVES[life], databaseUrl);
}
