/** What every EventLog must do. An implementation runs through it against the real thing. */
import { afterEach, beforeEach, describe, jest } from '@jest/globals';
import { appendingChecks } from './event-log/appending.checks.ts';
import { EventLogAtTest, type EventLogSubject } from './event-log/event-log-at-test.ts';
import { retentionChecks } from './event-log/retention.checks.ts';
import { scanningChecks } from './event-log/scanning.checks.ts';

export function eventLogSuite(name: string, subject: EventLogSubject): void {
  // Each test starts a thread, on whatever machine.
  jest.setTimeout(60_000);

  describe(`EventLog: ${name}`, () => {
    const at = new EventLogAtTest(subject);
    beforeEach(at.open);
    afterEach(at.close);

    appendingChecks(at);
    scanningChecks(at);
    retentionChecks(at);
  });
}
