/** What cannot be read while catching up: a chat whose history fails, or a single message, holds up nobody else. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { EngineSignal } from '../../bridge/src/engine/engine.ts';
import type { Deadlines } from '../../bridge/src/engine/webjs/deadlines.ts';
import type { EngineRecording } from '../conformance/engine-recording.ts';
import type { Account } from '../standin/account.ts';
import type { CallFault } from '../standin/page-settings.ts';
import { LONG, SessionAtTest } from './session-at-test.ts';
import type { ChatId } from '../../bridge/src/contract/ids.ts';

const HISTORY = 'WAWebChatLoadMessages.loadEarlierMsgs';
/** What the live page threw in April 2026. */
const THROWS: CallFault = { throws: "Cannot read properties of undefined (reading 'waitForChatLoading')" };
/** The proportions of the defaults, in seconds rather than minutes. */
const SOON: Partial<Deadlines> = {
  livenessEvery: 500,
  examineEvery: 1_000,
  announcementGrace: 1_000,
  history: 2_000,
  catchUpWait: 6_000,
  catchUpAgain: 2_000,
  proveReload: 8_000,
  proveNewPage: 8_000,
};

let session: SessionAtTest;
beforeEach(async () => {
  session = await SessionAtTest.open('$1');
});
afterEach(() => session.close(), LONG);

const say = (from: Account, ...texts: string[]): void => {
  for (const text of texts) session.standin.network.say(from, session.me, text);
};
const untilText = (recording: EngineRecording, text: string, timeoutMs = 40_000) =>
  recording.until(text, () => recording.messages.find((message) => message.text === text), timeoutMs);
const signals = <K extends EngineSignal['kind']>(recording: EngineRecording, kind: K) =>
  recording.signals.filter((signal): signal is Extract<EngineSignal, { kind: K }> => signal.kind === kind);
/** Texts of one sender, or kinds where there is none, in the order of their first report. */
const textsOf = (recording: EngineRecording, sender: Account): string[] => [
  ...new Set(
    recording.messages.filter(({ sender: { chatId } }) => chatId === sender.pn).map(({ kind, text }) => text ?? kind),
  ),
];
const untilTextOf = (recording: EngineRecording, sender: Account, text: string) =>
  recording.until(`${text}, of ${sender.name}`, () => textsOf(recording, sender).includes(text) || undefined, 40_000);

/** Said before the session went away, and on record as not reported: a page that starts holds the last of them only. */
const BEFORE = ['before 1', 'before 2', 'before 3'];
/** Said while it was away: the page holds them all, since they come when it connects. */
const MISSED = ['missed 1', 'missed 2', 'missed 3', 'missed 4', 'missed 5'];
async function restarted(fault: CallFault | null, settings: Partial<Deadlines> = SOON) {
  const first = await session.linked(settings);
  for (const person of [session.bob, session.carol]) {
    say(person, ...BEFORE);
    await untilTextOf(first.recording, person, BEFORE[2] as string);
  }
  await first.engine.stop();
  const file = join(session.profileFolder, 'progress.json');
  const progress = JSON.parse(await readFile(file, 'utf8')) as { linkedAt: number };
  await writeFile(file, JSON.stringify({ ...progress, reportedUntil: progress.linkedAt }));
  say(session.bob, ...MISSED);
  say(session.carol, ...MISSED);
  if (fault) session.standin.page.faults[HISTORY] = fault;
  const started = await session.launch(settings);
  await started.recording.untilSignal('ready');
  return started;
}
/** Linked just now, and written to before the page has synced. */
async function freshlyLinked(fault: CallFault) {
  session.standin.page.faults[HISTORY] = fault;
  session.standin.page.syncDelayMs = 1_500;
  const started = await session.launch(SOON);
  session.standin.scan((await started.recording.untilSignal('qr')).code, session.me);
  await session.standin.network.until('the device', () => session.me.devices.size > 0);
  say(session.bob, ...MISSED);
  say(session.carol, ...MISSED);
  await started.recording.untilSignal('ready');
  return started;
}

describe('the history of one chat fails', () => {
  test(
    'after a restart: others flow at once, the chat itself soon; it is said, and made good once it works',
    async () => {
      const { engine, recording } = await restarted({ ...THROWS, chats: [session.bob.pn] });
      say(session.carol, 'live');
      await untilText(recording, 'live');
      expect(textsOf(recording, session.carol)).toEqual([...BEFORE, ...MISSED, 'live']);
      say(session.bob, 'live');
      await untilTextOf(recording, session.bob, 'live');
      // What the page holds of the chat is told before.
      expect(textsOf(recording, session.bob)).toEqual([BEFORE[2], ...MISSED, 'live']);
      const { reason } = await recording.until('degraded', () => signals(recording, 'degraded')[0]);
      expect(reason).toMatch(/^1 chat /);
      expect(reason).not.toMatch(/\d{6}|@/);
      expect((await engine.health()).checks).toContainEqual(
        expect.objectContaining({ name: 'missed messages', state: 'failed' }),
      );
      session.standin.page.faults = {};
      await session.standin.openPageOf(session.me)?.repair();
      await untilTextOf(recording, session.bob, BEFORE[0] as string);
      await recording.until('recovered', () => {
        const kinds = recording.signals.map(({ kind }) => kind);
        return kinds.lastIndexOf('recovered') > kinds.lastIndexOf('degraded') || undefined;
      });
      expect(textsOf(recording, session.bob)).toEqual([BEFORE[2], ...MISSED, 'live', BEFORE[0], BEFORE[1]]);
      expect(signals(recording, 'crashed')).toEqual([]);
    },
    2 * LONG,
  );

  test(
    'acknowledgements of every chat go on',
    async () => {
      const { engine, recording } = await restarted({ ...THROWS, chats: [session.bob.pn] });
      for (const { pn } of [session.carol, session.bob]) {
        const { messageId } = await engine.perform(
          'message.sendText',
          { chatId: pn as ChatId, text: 'hello' },
          engine.chooseMessageId(pn as ChatId),
        );
        await recording.until('read', () => recording.acksOf(messageId).includes('read') || undefined, 40_000);
      }
    },
    2 * LONG,
  );
});

describe('the history of every chat fails', () => {
  test.each([
    ['throws', THROWS],
    ['never comes', { hangs: true }],
  ] as const)(
    'it %s, after a restart: what is said from now on is reported all the same',
    async (_how, fault) => {
      const { recording } = await restarted(fault);
      for (const person of [session.carol, session.bob]) say(person, `live from ${person.name}`);
      for (const person of [session.carol, session.bob]) await untilText(recording, `live from ${person.name}`);
      const { reason } = await recording.until('degraded', () => signals(recording, 'degraded')[0]);
      expect(reason).toMatch(/^2 chats /);
    },
    2 * LONG,
  );

  test(
    'after a fresh link as well',
    async () => {
      const { recording } = await freshlyLinked(THROWS);
      for (const person of [session.carol, session.bob]) say(person, `live from ${person.name}`);
      for (const person of [session.carol, session.bob]) await untilText(recording, `live from ${person.name}`);
    },
    2 * LONG,
  );

  test(
    'it is slow: a live message of a chat that has been read does not wait for the others',
    async () => {
      const { recording } = await restarted({ delayMs: 20_000, chats: [session.bob.pn] }, { ...SOON, history: 60_000 });
      say(session.carol, 'live');
      await untilText(recording, 'live', 10_000);
      expect(textsOf(recording, session.bob)).toEqual([]);
    },
    2 * LONG,
  );
});

describe('a message that cannot be serialised', () => {
  const unreadable = (recording: EngineRecording) =>
    recording.until(
      'the unsupported message',
      () => recording.messages.find(({ kind }) => kind === 'unsupported'),
      40_000,
    );

  test(
    'missed: it is reported as unsupported in its place, with whatever can be read of it',
    async () => {
      session.standin.page.unserializable = [MISSED[2] as string];
      const { recording } = await restarted(null);
      say(session.bob, 'live');
      await untilTextOf(recording, session.bob, 'live');
      const expected = [...BEFORE, ...MISSED.slice(0, 2), 'unsupported', ...MISSED.slice(3), 'live'];
      expect(textsOf(recording, session.bob)).toEqual(expected);
      const found = recording.messages.find(
        ({ kind, chat }) => kind === 'unsupported' && chat.chatId === session.bob.pn,
      );
      expect(found).toMatchObject({ rawKind: 'chat', fromMe: false, chat: { chatId: session.bob.pn } });
      expect(found?.messageId).toMatch(new RegExp(`^false_${session.bob.pn}_`));
      expect(Math.abs((found?.sentAt.getTime() ?? 0) - Date.now())).toBeLessThan(LONG);
    },
    2 * LONG,
  );

  test(
    'live: it is reported at once, the page hears on, and nothing is healed',
    async () => {
      const { recording } = await session.linked(SOON);
      await recording.untilSignal('recovered');
      await session.standin.pageOf(session.me).breakSerialize('odd');
      say(session.bob, 'one', 'odd', 'two');
      await untilText(recording, 'two');
      await unreadable(recording);
      expect(recording.messages.map(({ kind, text }) => text ?? kind)).toEqual(['one', 'unsupported', 'two']);
      expect(signals(recording, 'degraded')).toEqual([]);
    },
    2 * LONG,
  );

  test(
    'decrypted late: it is reported as unsupported',
    async () => {
      const { network } = session.standin;
      const { recording } = await session.linked({ ...SOON, decryption: 300, undecrypted: 300 });
      await session.standin.pageOf(session.me).breakSerialize('odd');
      const odd = network.sayUndecrypted(session.bob, session.me, 'odd');
      const even = network.sayUndecrypted(session.bob, session.me, 'even');
      say(session.carol, 'meanwhile');
      await untilText(recording, 'meanwhile');
      network.decrypt(odd);
      network.decrypt(even);
      await untilText(recording, 'even');
      expect((await unreadable(recording)).messageId).toContain(odd);
    },
    2 * LONG,
  );
});
