/** What the repositories do on every database: one that has not run through this suite on the real thing does not exist. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { authChecks } from './repositories/auth.checks.ts';
import { deadLetterChecks } from './repositories/dead-letters.checks.ts';
import { eventChecks } from './repositories/events.checks.ts';
import { mediaChecks } from './repositories/media.checks.ts';
import { outboxReadChecks } from './repositories/outbox-reads.checks.ts';
import { outboxChecks } from './repositories/outbox.checks.ts';
import { sessionChecks } from './repositories/sessions.checks.ts';
import { StoreAtTest, type StoreSubject } from './repositories/store-at-test.ts';
import { streamChecks } from './repositories/stream.checks.ts';

export function repositoriesSuite(name: string, subject: StoreSubject): void {
  describe(`repositories: ${name}`, () => {
    const at = new StoreAtTest(subject);
    beforeAll(at.open);
    beforeEach(at.empty);
    afterAll(at.close);

    describe('keys and nonces', () => authChecks(at));
    describe('sessions', () => sessionChecks(at));
    describe('events', () => eventChecks(at));
    describe('subscriptions', () => streamChecks(at));
    describe('dead letters', () => deadLetterChecks(at));
    describe('media', () => mediaChecks(at));
    describe('outbox', () => outboxChecks(at));
    describe('what the outbox reads', () => outboxReadChecks(at));
    // After all others, by which it judges.
    test('every operation and every read was carried out by a check', async () => {
      expect(await at.unproven()).toEqual([]);
    });
  });
}
