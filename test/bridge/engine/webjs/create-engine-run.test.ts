/** How the parts of a life are joined, with a browser that does what a test tells it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type whatsapp from 'whatsapp-web.js';
import { EngineError, type EngineFact, type EngineSignal } from '../../../../bridge/src/engine/engine.ts';
import type { BrowserRun } from '../../../../bridge/src/engine/webjs/browser/browser-run.ts';
import type { RunListener } from '../../../../bridge/src/engine/webjs/browser/run-listener.ts';
import { DEADLINES, TransportError } from '../../../../bridge/src/engine/webjs/deadlines.ts';
import { newHistory } from '../../../../bridge/src/engine/webjs/health/health.ts';
import { createEngineRun } from '../../../../bridge/src/engine/webjs/create-engine-run.ts';
import type { EngineRun } from '../../../../bridge/src/engine/webjs/engine-run.ts';
import type { Self } from '../../../../bridge/src/engine/webjs/page/page-functions.ts';
import { Profile } from '../../../../bridge/src/engine/webjs/login/profile.ts';
import { ManualClock, settle, silent } from '../../sessions/fake-engine.ts';

const ME: Self = { phoneId: '4915110000001@c.us', lid: null, name: 'Me' };
const NOBODY: Self = { phoneId: null, lid: null, name: null };
const cut = new TransportError("the page's readSelf was interrupted");

let folder: string;
let clock: ManualClock;
let browser: { isReady: boolean; liveness: unknown; page: unknown };
let told: RunListener;
let run: EngineRun;
let signals: EngineSignal[];
let facts: EngineFact[];
let ends: string[];
/** What the page says of its account, one after another; the last for good. */
let answers: (Self | Error)[];
let asked: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-live-'));
  clock = new ManualClock();
  signals = [];
  facts = [];
  ends = [];
  answers = [ME];
  asked = 0;
  const call = async (fn: { name: string }): Promise<unknown> => {
    if (fn.name === 'chatsActiveSince' || fn.name === 'groupsWithLids') return [];
    if (fn.name !== 'readSelf') throw new TransportError(`${fn.name} is not part of this test`);
    asked += 1;
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  browser = { isReady: true, liveness: { page: 'answers' }, page: { call } };
  run = createEngineRun({
    profile: new Profile(folder),
    progress: { linkedAt: 0, reportedUntil: 0, behind: [], undecrypted: [], unread: [] },
    makeRun: (listener) => {
      told = listener;
      return browser as unknown as BrowserRun;
    },
    listener: { signal: (signal) => void signals.push(signal), fact: async (fact) => void facts.push(fact) },
    ended: (how, reason) => void ends.push(`${how}: ${reason}`),
    history: newHistory(),
    count: () => undefined,
    deadlines: DEADLINES,
    clock,
    log: silent,
  });
});
afterEach(async () => {
  run.stopped.abort();
  await rm(folder, { recursive: true, force: true });
});

/** Lets the seconds of the clock pass until something holds. */
async function until(holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 20_000; !holds(); await wait(2)) {
    if (Date.now() > end) throw new Error('waited in vain');
    await clock.pass(1_000);
  }
}

describe('whose account it is', () => {
  test('is asked again where the page did not answer, and where it does not know it yet', async () => {
    answers = [cut, cut, cut, cut, cut, cut, NOBODY, ME];
    told.ready('first');
    await until(() => signals.length > 0);
    expect(ends).toEqual([]);
    expect(signals).toEqual([{ kind: 'ready', self: expect.objectContaining({ chatId: ME.phoneId }) }]);
  });

  test('is not asked of a page that is not ready any more', async () => {
    answers = [cut];
    told.ready('first');
    await settle();
    browser.isReady = false;
    await clock.pass(1_000);
    await clock.pass(1_000);
    expect(asked).toBe(1);
    expect([...ends, ...signals]).toEqual([]);
  });

  test('ends the browser only after several answers without an account', async () => {
    answers = [NOBODY];
    told.ready('first');
    await until(() => asked > 1);
    expect(ends).toEqual([]);
    await until(() => ends.length > 0);
    expect(ends).toEqual(['crashed: WhatsApp Web does not report which account is linked']);
    expect(asked).toBe(5);
  });
});

test('a message without an id is left out, and the next is reported', async () => {
  told.ready('first');
  await settle();
  const nameless = [{ rawData: { t: 1, type: 'chat', body: 'nameless' } }, { rawData: undefined }] as unknown[];
  for (const message of nameless as whatsapp.Message[]) {
    expect(() => told.message(message)).not.toThrow();
    expect(() => told.undecrypted(message)).not.toThrow();
    expect(() => told.acknowledged(message, 2)).not.toThrow();
  }
  const from = '4915110000002@c.us';
  const rawData = { id: { fromMe: false, remote: from, id: '3EB0AA' }, from, t: 2, type: 'chat', body: 'hello' };
  told.message({ rawData } as unknown as whatsapp.Message);
  await until(() => facts.length > 0);
  expect(facts).toEqual([
    expect.objectContaining({ type: 'message.received', data: expect.objectContaining({ text: 'hello' }) }),
  ]);
});

test('a message that is not as expected is reported as unsupported, and so are its acknowledgements', async () => {
  told.ready('first');
  await settle();
  const from = ME.phoneId;
  const id = { fromMe: true, remote: '4915110000002@c.us', id: '3EB0AB' };
  const rawData = { id, from, t: 2, type: 'chat', body: 'hello', ack: 1, mentionedJidList: 'nobody' };
  told.message({ rawData } as unknown as whatsapp.Message);
  told.acknowledged({ rawData } as unknown as whatsapp.Message, 2);
  await until(() => facts.length > 1);
  expect(facts).toEqual([
    expect.objectContaining({
      data: expect.objectContaining({ kind: 'unsupported', rawKind: 'chat' }),
    }),
    expect.objectContaining({
      type: 'message.acknowledged',
      data: expect.objectContaining({ ack: 'delivered' }),
    }),
  ]);
});

test('a page that could not send is given another chance by a reload, not by each interruption', async () => {
  told.ready('first');
  await settle();
  const error = new EngineError('defer', 'WAB_SEND_FAILED', 'this build is broken');
  for (const message of ['one', 'two', 'three', 'four', 'five'])
    await run.sendFailures.counted(message, () => Promise.reject(error)).catch(() => undefined);
  expect(signals.at(-1)).toEqual({ kind: 'degraded', reason: expect.stringContaining('could not send') });
  told.ready('first');
  await settle();
  expect(signals.map(({ kind }) => kind)).toEqual(['ready', 'degraded', 'ready']);
  told.ready('second');
  // The clock stands still, so that nothing is forgotten by itself.
  await settle();
  expect(signals.map(({ kind }) => kind)).toEqual(['ready', 'degraded', 'ready', 'ready', 'recovered']);
});
