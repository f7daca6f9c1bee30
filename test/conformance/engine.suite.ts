/** What every engine must do. An engine that has not run through this suite against the real thing does not exist. */
import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { operationChecks } from './engine/operations.checks.ts';
import { EngineAtTest } from './engine/engine-at-test.ts';
import type { EngineHarness, EngineSupports, SuiteOptions } from './engine/engine-harness.ts';
import { linkingChecks } from './engine/linking.checks.ts';
import { locationChecks } from './engine/location.checks.ts';
import { mediaChecks } from './engine/media.checks.ts';
import { messageChecks } from './engine/messages.checks.ts';
import { pollChecks } from './engine/poll.checks.ts';
import { restartChecks } from './engine/restarts.checks.ts';

/**
 * Describes one engine by all checks; those of features that it does not claim are reported as skipped.
 *
 * @param makeHarness makes an account of its own, for each check that does not share one
 */
export function engineConformance(
  name: string,
  supports: EngineSupports,
  makeHarness: () => Promise<EngineHarness>,
  { timeoutMs = 30_000, stopWithinMs = 15_000 }: SuiteOptions = {},
): void {
  describe(`engine conformance: ${name}`, () => {
    const at = new EngineAtTest(supports, makeHarness, { timeoutMs, stopWithinMs });
    beforeEach(at.open, timeoutMs);
    afterEach(at.close, timeoutMs);
    afterAll(at.endShared, timeoutMs);

    linkingChecks(at);
    messageChecks(at);
    mediaChecks(at);
    operationChecks(at);
    pollChecks(at);
    locationChecks(at);
    restartChecks(at);
    // After all others, by which it judges.
    test('what the engine claims was seen in a check: each operation carried out, each event reported', () =>
      expect(at.unproven).toEqual([]));
    test('the engine reported no event that it does not claim', () => expect(at.unclaimed).toEqual([]));
  });
}
