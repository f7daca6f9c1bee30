/** When sends that fail in the page are the page's fault, and for how long that is believed. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { EngineError } from '../../../../../bridge/src/engine/engine.ts';
import { SendFailures } from '../../../../../bridge/src/engine/webjs/outbound/send-failures.ts';
import { ManualClock, settle } from '../../../sessions/fake-engine.ts';

const HALF_AN_HOUR = 30 * 60_000;

let clock: ManualClock;
let stopped: AbortController;
let told: (string | null)[];
let failures: SendFailures;

beforeEach(() => {
  clock = new ManualClock();
  stopped = new AbortController();
  told = [];
  failures = new SendFailures({ told: (words) => told.push(words), clock, stopped: stopped.signal });
});

const broken = (code: EngineError['code'] = 'WAB_SEND_FAILED') =>
  new EngineError('defer', code, 'this build is broken');
async function fail(error: Error, messages: readonly string[]): Promise<void> {
  for (const message of messages)
    await expect(failures.counted(message, () => Promise.reject(error))).rejects.toBe(error);
}
const SEVERAL = ['one', 'one', 'one', 'two', 'three'];

describe('sends that fail in the page', () => {
  test('are told once there are five of three messages, and no more once one has worked', async () => {
    await fail(broken(), ['one', 'one', 'one', 'one', 'one', 'one', 'two']);
    expect(told).toEqual([]);
    await fail(broken(), ['three']);
    expect(told).toEqual(['WhatsApp Web could not send any of the most recent messages: this build is broken']);
    failures.worked();
    expect(told.at(-1)).toBeNull();
    await fail(broken(), ['one', 'two', 'three', 'four']);
    expect(told).toHaveLength(2);
  });

  test('are not those that WhatsApp refused for reasons of its own, or that say nothing of the page', async () => {
    for (const code of [
      'WAB_OPERATION_FAILED',
      'WAB_SEND_REFUSED',
      'WAB_CHAT_UNKNOWN',
      'WAB_SESSION_NOT_READY',
    ] as const)
      await fail(broken(code), SEVERAL);
    await fail(new Error('something else'), SEVERAL);
    expect(told).toEqual([]);
    expect(await failures.counted('one', async () => 'sent')).toBe('sent');
  });

  test('are told for half an hour after the last of them, and again at the next one if nothing was sent meanwhile', async () => {
    await fail(broken(), SEVERAL);
    await clock.pass(HALF_AN_HOUR - 1);
    await fail(broken(), ['four']);
    told = [];
    await clock.pass(HALF_AN_HOUR - 1);
    expect(told).toEqual([]);
    await clock.pass(1);
    expect(told).toEqual([null]);
    await fail(broken(), ['five']);
    expect(told).toEqual([null, expect.stringContaining('could not send')]);
    failures.worked();
    // Now it takes as many again.
    await fail(broken(), ['six', 'seven', 'eight', 'nine']);
    expect(told.at(-1)).toBeNull();
  });

  test('count however far apart they are, as long as nothing is sent in between', async () => {
    for (const message of ['one', 'two', 'three', 'four']) {
      await fail(broken(), [message]);
      await clock.pass(HALF_AN_HOUR);
    }
    expect(told.filter((words) => words !== null)).toEqual([]);
    await fail(broken(), ['five']);
    expect(told.at(-1)).toContain('could not send');
  });

  test('say nothing once the session has ended', async () => {
    await fail(broken(), SEVERAL);
    told = [];
    stopped.abort();
    await settle();
    await clock.pass(2 * HALF_AN_HOUR);
    expect(told).toEqual([]);
  });
});
