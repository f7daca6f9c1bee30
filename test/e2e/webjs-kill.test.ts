/**
 * The whole road through the real whatsapp-web.js: 500 messages in text and media, answered by a workflow in a real n8n,
 * while n8n, the bridge and Chromium are each killed once. The oracles live outside of all three: the stand-in for
 * WhatsApp and the witness run in the process of this test.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { BridgeAtTest } from '../browser/bridge-at-test.ts';
import { browserTree, untilEnded } from '../browser/processes.ts';
import type { Account } from '../standin/account.ts';
import type { Standin } from '../standin/server.ts';
import type { BridgeProcess } from './bridge-process.ts';
import { n8nIn, publish } from './n8n-at-test.ts';
import type { N8nServer } from './n8n-server.ts';
import { Witness } from './witness.ts';
import { witnessedWorkflow } from './workflows.ts';

const CHATS = 25;
const ROUNDS = 20;
const MESSAGES = CHATS * ROUNDS;
/** Every so many messages one is a file, an image and a document in turns. */
const MEDIA_EVERY = 10;
const SESSION = 'phone';
const WORKFLOW = 'webjsKill0000001';
/** Long enough for 500 runs and three restarts on two slow cores. */
const DEADLINE_MS = 480_000;
/** Longer than it takes to kill something. */
const HELD_MS = 5_000;
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

jest.setTimeout(DEADLINE_MS + 120_000);

const textOf = (index: number): string => `message ${String(index).padStart(4, '0')}`;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

let folder: string;
let at: BridgeAtTest;
let standin: Standin;
let me: Account;
let people: readonly Account[];
let witness: Witness;
let bridge: BridgeProcess;
let n8n: N8nServer;
/** SHA-256 of the file that went with a text. */
const hashes = new Map<string, string>();
let said = 0;

/** What the bridge says; it may be away. */
const ask = <Answer>(path: string, query: Record<string, string> = {}): Promise<Answer> =>
  bridge.client.request<Answer>('GET', path, { query });

async function until(what: string, holds: () => Promise<boolean> | boolean, deadline: number): Promise<void> {
  for (;;) {
    if (await Promise.resolve(holds()).catch(() => false)) return;
    if (Date.now() > deadline)
      throw new Error(
        `waited too long for ${what}; ${witness.seen.size} of ${said} messages were run for\n` +
          `${bridge.output}\n${n8n.output}`,
      );
    await sleep(10);
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-webjs-kill-'));
  at = await BridgeAtTest.open();
  ({ bridge, standin } = at);
  me = standin.network.addAccount('4915110000001', 'Me');
  people = Array.from({ length: CHATS }, (_, index) =>
    standin.network.addAccount(`49151${String(23_456_100 + index)}`, `Person ${index}`),
  );
  witness = new Witness();
  await witness.start();
  await bridge.start();
  await at.scan(SESSION, me);
  n8n = await n8nIn(join(folder, 'n8n'));
  await publish(n8n, bridge, [witnessedWorkflow({ id: WORKFLOW, witnessUrl: witness.url, hashesMedia: true })]);
  await at.untilReady();
}, 240_000);

afterAll(async () => {
  await n8n?.kill();
  await witness?.stop();
  await at?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}, 60_000);

/** Everybody writes so many messages, one after the other. */
function speak(rounds: number): void {
  for (let end = said + rounds * CHATS; said < end; said += 1) {
    const from = people[said % CHATS] as Account;
    const text = textOf(said);
    if (said % MEDIA_EVERY !== 0) {
      standin.network.say(from, me, text);
      continue;
    }
    const asImage = (said / MEDIA_EVERY) % 2 === 0;
    const bytes = Buffer.concat([asImage ? PIXEL : Buffer.from('%PDF-1.4\n'), Buffer.from(text.repeat(100))]);
    hashes.set(text, sha256(bytes));
    const media = standin.storeMedia(
      bytes,
      asImage ? 'image/png' : 'application/pdf',
      asImage ? undefined : `${text}.pdf`,
    );
    standin.network.say(from, me, { type: asImage ? 'image' : 'document', caption: text, media });
  }
}

/** What was under way when something was killed. */
interface AtKill {
  /** Ids of the events whose workflow ran. */
  readonly runs: readonly string[];
  /** Ids of the outbox messages that WhatsApp had not confirmed. */
  readonly sends: readonly string[];
}

/**
 * Waits until so many messages were run for, and then until runs and sends are under way. WhatsApp's server is made to
 * hold its word back meanwhile and the witness its answers, so that both are under way for certain at the kill; what the
 * server had to say is said after it.
 */
async function kill(atLeast: number, deadline: number, victim: () => Promise<void>): Promise<AtKill> {
  await until(`${atLeast} runs`, () => witness.seen.size >= atLeast, deadline);
  standin.network.holdsAcks = true;
  const { answerMs } = witness;
  witness.answerMs = HELD_MS;
  const heldFrom = Date.now();
  const runs = (): readonly string[] =>
    [...witness.underWay].filter(({ at: begun }) => begun >= heldFrom).map(({ eventId }) => eventId);
  let sends: readonly string[] = [];
  await until(
    'runs and sends under way',
    async () => {
      const { messages } = await ask<{ messages: readonly { id: string }[] }>('/v1/messages', { state: 'sending' });
      sends = messages.map(({ id }) => id);
      return sends.length > 0 && runs().length > 0;
    },
    deadline,
  );
  const atKill = { runs: runs(), sends };
  await victim();
  witness.answerMs = answerMs;
  standin.network.holdsAcks = false;
  return atKill;
}

describe(`${MESSAGES} messages over ${CHATS} chats; n8n, Chromium and the bridge killed once each`, () => {
  test('every workflow runs with its file, in order within its chat, and every message is answered exactly once', async () => {
    const deadline = Date.now() + DEADLINE_MS;
    // Long enough that a kill always finds runs under way.
    witness.answerMs = 20;
    const kills: AtKill[] = [];

    speak(5);
    kills.push(await kill(60, deadline, () => n8n.kill()));
    speak(2);
    await n8n.start();

    speak(2);
    kills.push(
      await kill(180, deadline, async () => {
        const { browser, pids } = await browserTree(bridge.dataDir);
        process.kill(browser as number, 'SIGKILL');
        await untilEnded(pids);
      }),
    );
    speak(4);

    kills.push(
      await kill(300, deadline, async () => {
        const { pids } = await browserTree(bridge.dataDir);
        await bridge.kill();
        await untilEnded(pids);
      }),
    );
    speak(4);
    await bridge.start();
    speak(3);
    expect(said).toBe(MESSAGES);

    const answers = (): string[] => people.flatMap(({ inbox }) => inbox.map(({ body }) => body ?? ''));
    await until('an answer to everything', () => new Set(answers()).size >= MESSAGES, deadline);
    // An answer that reached its recipient is on record a moment later.
    const open = (): Promise<{ messages: readonly unknown[] }> => ask('/v1/messages', { state: 'queued,sending' });
    await until('the end of all sends', async () => (await open()).messages.length === 0, deadline);

    // The kills hit what they were meant to hit: a run that ended with n8n was made again, a send that was under way was
    // settled afterwards, and once.
    const [ofN8n] = kills;
    const madeAgain = witness.runs.filter(({ eventId, attempt }) => ofN8n?.runs.includes(eventId) && attempt > 1);
    expect(new Set(madeAgain.map(({ eventId }) => eventId))).toEqual(new Set(ofN8n?.runs));
    const sent = (await at.events()).filter(({ type }) => type === 'message.sent').map(({ data }) => data['outboxId']);
    for (const id of kills.flatMap(({ sends }) => sends)) expect(sent.filter((each) => each === id)).toEqual([id]);

    // Every message's workflow ran, and its file was in the item with the bytes that were sent.
    expect(witness.seen.size).toBe(MESSAGES);
    expect(new Set(witness.runs.map(({ text }) => text)).size).toBe(MESSAGES);
    expect(witness.runs.filter(({ mediaError }) => mediaError !== undefined)).toEqual([]);
    for (const { text, sha256: hash } of witness.runs) expect([text, hash]).toEqual([text, hashes.get(text)]);

    // Order within each chat.
    for (const [, texts] of witness.textsByChat()) expect(texts).toEqual([...texts].sort());

    // Each answered exactly once, in order within each chat.
    for (const [person, { inbox }] of people.entries()) {
      const expected = Array.from({ length: ROUNDS }, (_, round) => `answer to ${textOf(round * CHATS + person)}`);
      expect(inbox.map(({ body }) => body)).toEqual(expected);
      expect(new Set(inbox.map(({ stanza }) => stanza)).size).toBe(ROUNDS);
    }

    // Nothing is given up or in doubt, and the login was kept.
    const rest = await ask<{ messages: readonly unknown[] }>('/v1/messages', {
      state: 'queued,sending,failed,in_doubt',
    });
    expect(rest.messages).toEqual([]);
    const deadLetters = await ask<{ deadLetters: readonly unknown[] }>('/v1/dead-letters');
    expect(deadLetters.deadLetters).toEqual([]);
    expect(me.devices.size).toBe(1);
  });
});
