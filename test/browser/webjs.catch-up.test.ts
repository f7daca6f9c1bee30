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
const untilText = (heard: EngineRecording, text: string, timeoutMs = 40_000) =>
  heard.until(text, () => heard.messages.find((message) => message.text === text), timeoutMs);
const signals = <K extends EngineSignal['kind']>(heard: EngineRecording, kind: K) =>
  heard.signals.filter((signal): signal is Extract<EngineSignal, { kind: K }> => signal.kind === kind);
/** Texts of one sender, or kinds where there is none, in the order of their first report. */
const textsOf = (heard: EngineRecording, sender: Account): string[] => [
  ...new Set(
    heard.messages.filter(({ sender: { chatId } }) => chatId === sender.pn).map(({ kind, text }) => text ?? kind),
  ),
];
const untilTextOf = (heard: EngineRecording, sender: Account, text: string) =>
  heard.until(`${text}, of ${sender.name}`, () => textsOf(heard, sender).includes(text) || undefined, 40_000);

/** Said before the session went away, and on record as not reported: a page that starts holds the last of them only. */
const BEFORE = ['before 1', 'before 2', 'before 3'];
/** Said while it was away: the page holds them all, since they come when it connects. */
const MISSED = ['missed 1', 'missed 2', 'missed 3', 'missed 4', 'missed 5'];
async function restarted(fault: CallFault | null, settings: Partial<Deadlines> = SOON) {
  const first = await session.linked(settings);
  for (const person of [session.bob, session.carol]) {
    say(person, ...BEFORE);
    await untilTextOf(first.heard, person, BEFORE[2] as string);
  }
  await first.engine.stop();
  const file = join(session.profileFolder, 'progress.json');
  const progress = JSON.parse(await readFile(file, 'utf8')) as { linkedAt: number };
  await writeFile(file, JSON.stringify({ ...progress, reportedUntil: progress.linkedAt }));
  say(session.bob, ...MISSED);
  say(session.carol, ...MISSED);
  if (fault) session.standin.page.faults[HISTORY] = fault;
  const started = await session.launch(settings);
  await started.heard.untilSignal('ready');
  return started;
}
/** Linked just now, and written to before the page has synced. */
async function freshlyLinked(fault: CallFault) {
  session.standin.page.faults[HISTORY] = fault;
  session.standin.page.syncDelayMs = 1_500;
  const started = await session.launch(SOON);
  session.standin.scan((await started.heard.untilSignal('qr')).code, session.me);
  await session.standin.network.until('the device', () => session.me.devices.size > 0);
  say(session.bob, ...MISSED);
  say(session.carol, ...MISSED);
  await started.heard.untilSignal('ready');
  return started;
}

describe('the history of one chat fails', () => {
  test(
    'after a restart: others flow at once, the chat itself soon; it is said, and made good once it works',
    async () => {
      const { engine, heard } = await restarted({ ...THROWS, chats: [session.bob.pn] });
      say(session.carol, 'live');
      await untilText(heard, 'live');
      expect(textsOf(heard, session.carol)).toEqual([...BEFORE, ...MISSED, 'live']);
      say(session.bob, 'live');
      await untilTextOf(heard, session.bob, 'live');
      // What the page holds of the chat is told before.
      expect(textsOf(heard, session.bob)).toEqual([BEFORE[2], ...MISSED, 'live']);
      const { reason } = await heard.until('degraded', () => signals(heard, 'degraded')[0]);
      expect(reason).toMatch(/^1 chat /);
      expect(reason).not.toMatch(/\d{6}|@/);
      expect((await engine.health()).checks).toContainEqual(
        expect.objectContaining({ name: 'missed messages', state: 'failed' }),
      );
      session.standin.page.faults = {};
      await session.standin.openPageOf(session.me)?.mend();
      await untilTextOf(heard, session.bob, BEFORE[0] as string);
      await heard.until('recovered', () => {
        const kinds = heard.signals.map(({ kind }) => kind);
        return kinds.lastIndexOf('recovered') > kinds.lastIndexOf('degraded') || undefined;
      });
      expect(textsOf(heard, session.bob)).toEqual([BEFORE[2], ...MISSED, 'live', BEFORE[0], BEFORE[1]]);
      expect(signals(heard, 'crashed')).toEqual([]);
    },
    2 * LONG,
  );

  test(
    'acknowledgements of every chat go on',
    async () => {
      const { engine, heard } = await restarted({ ...THROWS, chats: [session.bob.pn] });
      for (const { pn } of [session.carol, session.bob]) {
        const { wireId } = await engine.send(
          { type: 'text', chatId: pn as never, text: 'hello' },
          engine.chooseWireId(pn as never),
        );
        await heard.until('read', () => heard.acksOf(wireId).includes('read') || undefined, 40_000);
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
      const { heard } = await restarted(fault);
      for (const person of [session.carol, session.bob]) say(person, `live from ${person.name}`);
      for (const person of [session.carol, session.bob]) await untilText(heard, `live from ${person.name}`);
      const { reason } = await heard.until('degraded', () => signals(heard, 'degraded')[0]);
      expect(reason).toMatch(/^2 chats /);
    },
    2 * LONG,
  );

  test(
    'after a fresh link as well',
    async () => {
      const { heard } = await freshlyLinked(THROWS);
      for (const person of [session.carol, session.bob]) say(person, `live from ${person.name}`);
      for (const person of [session.carol, session.bob]) await untilText(heard, `live from ${person.name}`);
    },
    2 * LONG,
  );

  test(
    'it is slow: a live message of a chat that has been read does not wait for the others',
    async () => {
      const { heard } = await restarted({ delayMs: 20_000, chats: [session.bob.pn] }, { ...SOON, history: 60_000 });
      say(session.carol, 'live');
      await untilText(heard, 'live', 10_000);
      expect(textsOf(heard, session.bob)).toEqual([]);
    },
    2 * LONG,
  );
});

describe('a message that cannot be serialised', () => {
  const unreadable = (heard: EngineRecording) =>
    heard.until('the unsupported message', () => heard.messages.find(({ kind }) => kind === 'unsupported'), 40_000);

  test(
    'missed: it is reported as unsupported in its place, with whatever can be read of it',
    async () => {
      session.standin.page.unserializable = [MISSED[2] as string];
      const { heard } = await restarted(null);
      say(session.bob, 'live');
      await untilTextOf(heard, session.bob, 'live');
      const expected = [...BEFORE, ...MISSED.slice(0, 2), 'unsupported', ...MISSED.slice(3), 'live'];
      expect(textsOf(heard, session.bob)).toEqual(expected);
      const found = heard.messages.find(({ kind, chat }) => kind === 'unsupported' && chat.chatId === session.bob.pn);
      expect(found).toMatchObject({ rawKind: 'chat', fromMe: false, chat: { chatId: session.bob.pn } });
      expect(found?.wireId).toMatch(new RegExp(`^false_${session.bob.pn}_`));
      expect(Math.abs((found?.sentAt.getTime() ?? 0) - Date.now())).toBeLessThan(LONG);
    },
    2 * LONG,
  );

  test(
    'live: it is reported at once, the page hears on, and nothing is healed',
    async () => {
      const { heard } = await session.linked(SOON);
      await heard.untilSignal('recovered');
      await session.standin.pageOf(session.me).breakSerialize('odd');
      say(session.bob, 'one', 'odd', 'two');
      await untilText(heard, 'two');
      await unreadable(heard);
      expect(heard.messages.map(({ kind, text }) => text ?? kind)).toEqual(['one', 'unsupported', 'two']);
      expect(signals(heard, 'degraded')).toEqual([]);
    },
    2 * LONG,
  );

  test(
    'decrypted late: it is reported as unsupported',
    async () => {
      const { network } = session.standin;
      const { heard } = await session.linked({ ...SOON, decryption: 300, undecrypted: 300 });
      await session.standin.pageOf(session.me).breakSerialize('odd');
      const odd = network.sayUndecrypted(session.bob, session.me, 'odd');
      const even = network.sayUndecrypted(session.bob, session.me, 'even');
      say(session.carol, 'meanwhile');
      await untilText(heard, 'meanwhile');
      network.decrypt(odd);
      network.decrypt(even);
      await untilText(heard, 'even');
      expect((await unreadable(heard)).wireId).toContain(odd);
    },
    2 * LONG,
  );
});
