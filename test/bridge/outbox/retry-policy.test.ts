import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WabError } from '../../../bridge/src/contract/errors.ts';
import { EngineError } from '../../../bridge/src/engine/engine.ts';
import {
  decide,
  DEFAULT_RETRY_LIMITS,
  failureOfPreparation,
  failureOfSend,
  repeated,
  type Failure,
  type RetryLimits,
} from '../../../bridge/src/outbox/retry-policy.ts';

const limits: RetryLimits = { maxAttempts: 5, maxAgeMs: 3_600_000 };
const fresh = { attempts: 1, ageMs: 0 };
const busy: Failure = { outcome: 'defer', code: 'WAB_SEND_REFUSED', reason: 'busy' };

describe('the retry policy', () => {
  test('fails with the code and reason of the engine', () => {
    const failure = failureOfSend(new EngineError('fail', 'WAB_CHAT_UNKNOWN', 'no such account'));
    expect(decide(failure, fresh, limits, 0)).toEqual({
      kind: 'fail',
      code: 'WAB_CHAT_UNKNOWN',
      reason: 'no such account',
    });
  });

  test('holds what may have left, and every error of a send that says nothing about the message', () => {
    const after = (error: unknown) => decide(failureOfSend(error), fresh, limits, 0);
    expect(after(new EngineError('unknown', 'WAB_SEND_REFUSED', 'page died'))).toEqual({
      kind: 'hold',
      reason: 'page died',
    });
    expect(after(new TypeError('undefined is not a function')).kind).toBe('hold');
    expect(after('a string').kind).toBe('hold');
  });

  test('repeats what may have left and does no harm when it arrives twice, but not for ever', () => {
    const failure = repeated('page died');
    expect(decide(failure, fresh, limits, 0)).toMatchObject({
      kind: 'retry',
      counts: true,
      code: 'WAB_SEND_REPEATED',
      reason: 'page died',
    });
    expect(decide(failure, { attempts: limits.maxAttempts, ageMs: 0 }, limits, 0).kind).toBe('give_up');
  });

  test('nothing is in doubt before the send', () => {
    const after = (error: unknown) => decide(failureOfPreparation(error), fresh, limits, 0);
    expect(after(new EngineError('unknown', 'WAB_CHAT_UNKNOWN', 'page died')).kind).toBe('retry');
    expect(after(new TypeError('undefined is not a function')).kind).toBe('retry');
    expect(after(new EngineError('fail', 'WAB_CHAT_UNKNOWN', 'nobody'))).toMatchObject({
      kind: 'fail',
      code: 'WAB_CHAT_UNKNOWN',
    });
    expect(after(new WabError('WAB_MEDIA_NOT_FOUND', { mediaId: 'med_1' }))).toMatchObject({
      kind: 'fail',
      code: 'WAB_MEDIA_NOT_FOUND',
    });
    expect(after(new WabError('WAB_STORAGE_FULL')).kind).toBe('retry');
  });

  test('an unready session is no attempt and never gives up for the number of attempts', () => {
    const failure = failureOfSend(new EngineError('defer', 'WAB_SESSION_NOT_READY', 'reconnecting'));
    const verdict = decide(failure, { attempts: 900, ageMs: 0 }, limits, 1);
    expect(verdict).toEqual({
      kind: 'retry',
      afterMs: 2_000,
      counts: false,
      code: 'WAB_SESSION_NOT_READY',
      reason: 'reconnecting',
    });
  });

  test('a media store that is away is no attempt: the file waits for as long as the message may', () => {
    const away = failureOfPreparation(
      new WabError('WAB_MEDIA_STORE_UNAVAILABLE', { store: 's3://media/', reason: 'nothing listens' }),
    );
    expect(decide(away, { attempts: 1_000, ageMs: 0 }, limits, 0)).toMatchObject({
      kind: 'retry',
      counts: false,
      code: 'WAB_MEDIA_STORE_UNAVAILABLE',
    });
    expect(decide(away, { attempts: 1, ageMs: limits.maxAgeMs }, limits, 0).kind).toBe('give_up');
  });

  test('a page that throws is tried a few times within a quarter of an hour, and never for free', () => {
    const failure = failureOfSend(new EngineError('defer', 'WAB_SEND_FAILED', 'the picture cannot be decoded'));
    let waited = 0;
    let attempts = 1;
    for (; attempts < 100; attempts++) {
      const verdict = decide(failure, { attempts, ageMs: waited }, DEFAULT_RETRY_LIMITS, 0.999);
      if (verdict.kind !== 'retry') {
        expect(verdict).toEqual({ kind: 'give_up', attempts, reason: 'the picture cannot be decoded' });
        break;
      }
      expect(verdict.counts).toBe(true);
      waited += verdict.afterMs;
    }
    expect(attempts).toBe(8);
    expect(waited).toBeGreaterThan(60_000);
    expect(waited).toBeLessThan(15 * 60_000);
  });

  test('gives up after the last attempt that counts, and when the message would be too old at the next one', () => {
    expect(decide(busy, { attempts: 4, ageMs: 0 }, limits, 0).kind).toBe('retry');
    expect(decide(busy, { attempts: 5, ageMs: 0 }, limits, 0)).toEqual({
      kind: 'give_up',
      attempts: 5,
      reason: 'busy',
    });
    expect(decide({ ...busy, outcome: 'absent' }, { attempts: 5, ageMs: 0 }, limits, 0).kind).toBe('give_up');
    expect(decide(busy, { attempts: 1, ageMs: limits.maxAgeMs }, limits, 0).kind).toBe('give_up');
  });

  test('waits as long as WhatsApp asks for, within an hour', () => {
    const asked = (retryAfterMs: number) =>
      decide(
        failureOfSend(new EngineError('defer', 'WAB_SEND_REFUSED', 'slow down', { retryAfterMs })),
        fresh,
        { ...limits, maxAgeMs: 1e12 },
        0,
      );
    expect(asked(60_000)).toMatchObject({ afterMs: 60_000 });
    expect(asked(1e9)).toMatchObject({ afterMs: 3_600_000 });
  });

  test('a sender that WhatsApp limits slows down visibly: from seconds to an hour, and each time counts', () => {
    const patient = { maxAttempts: 1e9, maxAgeMs: 1e12 };
    const delayAt = (attempts: number, code: 'WAB_SEND_REFUSED' | 'WAB_QUOTED_UNKNOWN') =>
      decide(failureOfSend(new EngineError('defer', code, 'slow down')), { attempts, ageMs: 0 }, patient, 0.999);
    expect(delayAt(1, 'WAB_SEND_REFUSED')).toMatchObject({ kind: 'retry', counts: true, afterMs: 9_998 });
    expect(delayAt(30, 'WAB_SEND_REFUSED')).toMatchObject({ kind: 'retry', counts: true, afterMs: 3_599_280 });
    expect(delayAt(1, 'WAB_QUOTED_UNKNOWN')).toMatchObject({ kind: 'retry', counts: true, afterMs: 2_000 });
    expect(delayAt(30, 'WAB_QUOTED_UNKNOWN')).toMatchObject({ kind: 'retry', counts: true, afterMs: 599_880 });
  });

  test('delays grow with the attempts, stay under the cap and are never zero', () => {
    const delayOf = (attempts: number, random: number) => {
      const failure: Failure = { outcome: 'absent', code: 'WAB_INTERNAL', reason: 'x' };
      const verdict = decide(failure, { attempts, ageMs: 0 }, { maxAttempts: 1e9, maxAgeMs: 1e12 }, random);
      return verdict.kind === 'retry' ? verdict.afterMs : -1;
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempts, random) => {
          expect(delayOf(attempts, random)).toBeGreaterThanOrEqual(1_600);
          expect(delayOf(attempts, random)).toBeLessThanOrEqual(600_000);
          expect(delayOf(attempts + 1, 0)).toBeGreaterThanOrEqual(delayOf(attempts, 0));
        },
      ),
    );
    expect(delayOf(2, 0)).toBeGreaterThan(delayOf(1, 0));
  });
});
