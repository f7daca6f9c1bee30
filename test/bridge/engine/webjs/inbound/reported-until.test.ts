/** How far a session has reported. */
import { describe, expect, test } from '@jest/globals';
import type { ChatId } from '../../../../../bridge/src/contract/ids.ts';
import { A, B, fact, turns, listed, reporter, released } from './fact-reporter-harness.ts';

describe('the mark', () => {
  test('stays before everything that is not durable', async () => {
    const { facts, state } = released();
    state.refuse.add('a1');
    facts.report(A, 150, async () => fact('a1'));
    facts.report(B, 200, async () => fact('b1'));
    await turns();
    expect(facts.reportedUntil).toBeLessThan(150);
    await facts.stop();
    expect(facts.reportedUntil).toBeLessThan(150);
  });

  test('stays where it was until every chat is read, since the next may have older messages', async () => {
    const { facts, got } = reporter();
    facts.expect(listed(A, B));
    facts.reportMissed(A, 500, async () => fact('a1'));
    facts.settle(A);
    await turns();
    expect(facts.reportedUntil).toBe(100);
    facts.reportMissed(B, 300, async () => fact('b1'));
    facts.settle(B);
    await turns();
    expect(got).toEqual(['a1', 'b1']);
    expect(facts.reportedUntil).toBe(500);
    facts.hold();
    facts.reportMissed(A, 900, async () => fact('a2'));
    await turns();
    expect(facts.reportedUntil).toBe(500);
  });

  test('does not follow a message that is dated in the future', async () => {
    const { facts, state } = released();
    state.seconds = 500;
    facts.report(A, 400_000, async () => fact('future'));
    await turns();
    expect(facts.reportedUntil).toBe(500);
    state.seconds = 600;
    facts.report(B, 590, async () => fact('now'));
    await turns();
    expect(facts.reportedUntil).toBe(590);
  });

  test('steps back before what was missed, until that is reported', async () => {
    const { facts } = released();
    facts.report(A, 500, async () => fact('a1'));
    await turns();
    expect(facts.reportedUntil).toBe(500);
    facts.hold(300);
    expect(facts.reportedUntil).toBe(299);
    facts.hold(200);
    facts.hold();
    expect(facts.reportedUntil).toBe(199);
    facts.expect(listed(B));
    facts.reportMissed(B, 200, async () => fact('b1'));
    facts.settle(B);
    expect(facts.reportedUntil).toBe(199);
    await turns();
    expect(facts.reportedUntil).toBe(500);
  });

  test('of a chat that could not be read stays apart, so that the mark of all goes on', async () => {
    const { facts } = reporter();
    facts.expect(listed(A, B));
    facts.letGo([A]);
    facts.settle(B);
    facts.report(A, 600, async () => fact('a'));
    facts.report(B, 700, async () => fact('b'));
    await turns();
    expect(facts.reportedUntil).toBe(700);
    expect(facts.behind).toEqual([{ chat: A, since: 100 }]);
    facts.hold();
    expect(facts.behind).toEqual([{ chat: A, since: 100 }]);
    facts.expect(listed(A, B));
    expect([facts.owedSince(A), facts.owedSince(B)]).toEqual([100, 700]);
    facts.settle(A);
    expect(facts.behind).toEqual([]);
  });

  test('what an earlier run could not read is owed by this one', async () => {
    const { facts } = reporter(1_000, [{ chat: A, since: 100 }]);
    expect(facts.owing(false)).toEqual([A]);
    expect(facts.reportedUntil).toBe(1_000);
    facts.expect(listed(A, B));
    expect([facts.owedSince(A), facts.owedSince(B)]).toEqual([100, 1_000]);
  });

  test('waits for the chats that are too many to have marks of their own', async () => {
    const many = Array.from({ length: 150 }, (_, index) => `${index}@c.us` as ChatId);
    const { facts } = reporter(1_000);
    facts.expect(listed(...many.slice(0, 100)));
    facts.letGo(many);
    facts.report(A, 2_000, async () => fact('a'));
    await turns();
    facts.hold();
    facts.expect(listed(...many.slice(100)));
    facts.letGo(many);
    facts.report(A, 3_000, async () => fact('b'));
    await turns();
    expect(facts.behind).toHaveLength(100);
    expect(facts.reportedUntil).toBe(2_000);
  });
});
