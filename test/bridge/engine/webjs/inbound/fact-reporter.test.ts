/** Facts on their way to the listener: their order, and what they wait for. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ChatId } from '../../../../../bridge/src/contract/ids.ts';
import { A, B, fact, turns, listed, reporter, released } from './fact-reporter-harness.ts';

/** What a session goes through, at random: which facts come, what is read, what is given up, what the disk refuses. */
type Step =
  | { readonly do: 'live' | 'missed' | 'settle' | 'letGo'; readonly chat: number }
  | { readonly do: 'hold'; readonly back: number }
  | { readonly do: 'expect'; readonly chats: readonly number[] }
  | { readonly do: 'letAllGo' | 'refuse' | 'accept' | 'wait' };

const CHATS = [A, B, 'c@c.us' as ChatId];
const chat = fc.nat({ max: CHATS.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('live' as const, 'missed' as const), chat }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('settle' as const, 'letGo' as const), chat }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('expect' as const), chats: fc.subarray([0, 1, 2]) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hold' as const), back: fc.nat({ max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('letAllGo' as const, 'refuse', 'accept', 'wait') }) },
);

describe('reporting facts', () => {
  test('what just happened waits for what was missed, and order per chat is kept', async () => {
    const { facts, got } = reporter();
    facts.report(A, 120, async () => fact('live'));
    facts.expect(listed(A));
    facts.reportMissed(A, 110, async () => fact('missed'));
    await turns();
    expect(got).toEqual(['missed']);
    facts.settle(A);
    await turns();
    expect(got).toEqual(['missed', 'live']);
  });

  test('a chat that is behind under both of its ids owes everything since the older mark', () => {
    const lid = '7@lid' as ChatId;
    for (const behind of [
      [
        { chat: A, since: 20 },
        { chat: lid, since: 60 },
      ],
      [
        { chat: A, since: 60 },
        { chat: lid, since: 20 },
      ],
    ]) {
      const { facts } = reporter(100, behind);
      facts.expect([{ id: lid, otherId: A }]);
      expect(facts.owedSince(lid)).toBe(20);
      expect(facts.behind).toEqual([{ chat: lid, since: 20 }]);
    }
  });

  test('a slow lookup holds its own chat only', async () => {
    const { facts, got } = released();
    let finish: () => void = () => undefined;
    facts.report(A, 1, () => new Promise((resolve) => (finish = () => resolve(fact('a1')))));
    facts.report(A, 2, async () => fact('a2'));
    facts.report(B, 3, async () => fact('b1'));
    await turns();
    expect(got).toEqual(['b1']);
    finish();
    await turns();
    expect(got).toEqual(['b1', 'a1', 'a2']);
  });

  test('a refused fact is tried again before the next one of its chat', async () => {
    const { facts, got, state } = released();
    state.refuse.add('a1');
    facts.report(A, 150, async () => fact('a1'));
    facts.report(A, 160, async () => fact('a2'));
    await turns();
    expect(got).toEqual([]);
    state.refuse.clear();
    await turns();
    expect(got).toEqual(['a1', 'a2']);
    expect(facts.reportedUntil).toBe(160);
  });

  test('facts that only the clock of this machine dates do not move the mark', async () => {
    const { facts, got } = released();
    facts.report(A, null, async () => fact('ack'));
    await turns();
    expect(got).toEqual(['ack']);
    expect(facts.reportedUntil).toBe(100);
  });

  test('nothing is reported after the stop', async () => {
    const { facts, got } = released();
    await facts.stop();
    facts.report(A, 1, async () => fact('late'));
    await turns();
    expect(got).toEqual([]);
  });
});

describe('facts that wait', () => {
  test('those of chats that owe nothing flow once it is known which ones do', async () => {
    const { facts, got } = reporter();
    facts.report(A, 120, async () => fact('a'));
    facts.report(B, 120, async () => fact('b'));
    await turns();
    expect(got).toEqual([]);
    facts.expect(listed(A));
    await turns();
    expect(got).toEqual(['b']);
    expect(facts.waiting).toEqual([A]);
    expect(facts.holding).toBe(true);
  });

  test('a chat that was read does not wait for another one', async () => {
    const { facts, got } = reporter();
    facts.expect(listed(A, B));
    facts.settle(B);
    facts.report(A, 120, async () => fact('a'));
    facts.report(B, 120, async () => fact('b'));
    await turns();
    expect(got).toEqual(['b']);
  });

  test('a chat that is let go flows and still owes', async () => {
    const { facts, got } = reporter();
    facts.expect(listed(A, B));
    facts.report(A, 120, async () => fact('a'));
    facts.letGo([A]);
    await turns();
    expect(got).toEqual(['a']);
    expect(facts.unread).toBe(1);
    facts.settle(B);
    expect([facts.holding, facts.owes(A), facts.owes(B)]).toEqual([false, true, false]);
    facts.settle(A);
    expect(facts.unread).toBe(0);
  });

  test('where not even the chats are known, all flow', async () => {
    const { facts, got } = reporter(100, [{ chat: B, since: 50 }]);
    facts.report(A, 120, async () => fact('a'));
    facts.report(B, 120, async () => fact('b'));
    facts.letAllGo();
    await turns();
    expect(got.sort()).toEqual(['a', 'b']);
    expect([facts.holding, facts.unread, facts.reportedUntil]).toEqual([false, Infinity, 100]);
    facts.hold();
    facts.report(A, 130, async () => fact('a2'));
    await turns();
    expect(got).not.toContain('a2');
  });

  test('a chat with two ids is one chat, whichever an event names', async () => {
    const { facts, got } = reporter();
    const lid = '7@lid' as ChatId;
    facts.report(A, 120, async () => fact('first'));
    facts.report(lid, 121, async () => fact('second'));
    facts.expect([{ id: lid, otherId: A }]);
    facts.report(A, 122, async () => fact('third'));
    await turns();
    expect(got).toEqual([]);
    facts.reportMissed(A, 110, async () => fact('missed'));
    facts.settle(lid);
    await turns();
    expect(got[0]).toBe('missed');
    expect(got.slice(1).sort()).toEqual(['first', 'second', 'third']);
    expect(got.at(-1)).toBe('third');
  });
});

describe('whatever happens', () => {
  test('order per chat holds, nothing is lost, and no mark is beyond what is owed or not yet durable', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { facts, got, state } = reporter(100);
        let now = 200;
        const expected = CHATS.map(() => ({
          live: [] as string[],
          missed: [] as string[],
          all: new Map<string, number>(),
        }));
        /** Since when each chat owes something, kept apart from the reporter; undefined where it owes nothing. */
        let debts: (number | undefined)[] = CHATS.map(() => 100);
        let isListed = false;
        const markOf = (index: number): number => {
          const apart = facts.behind.find((each) => each.chat === CHATS[index]);
          return Math.min(facts.reportedUntil, apart?.since ?? Infinity);
        };
        const check = (): void => {
          for (const [index, { all }] of expected.entries()) {
            const owed = debts[index];
            if (owed !== undefined) expect(markOf(index)).toBeLessThanOrEqual(owed);
            for (const [name, seconds] of all) if (!got.includes(name)) expect(markOf(index)).toBeLessThan(seconds);
          }
        };
        for (const each of steps) {
          const of = 'chat' in each ? (expected[each.chat] as (typeof expected)[number]) : undefined;
          if (each.do === 'live' || each.do === 'missed') {
            now += 1;
            const index = each.chat;
            // Only what is owed is looked for, and what is found is not older than that.
            if (each.do === 'missed' && debts[index] === undefined) continue;
            const seconds = each.do === 'live' ? now : (debts[index] as number) + 1;
            const name = `${index} ${each.do} ${now}`;
            of?.[each.do].push(name);
            of?.all.set(name, seconds);
            if (each.do === 'live') facts.report(CHATS[index] as ChatId, seconds, async () => fact(name));
            else facts.reportMissed(CHATS[index] as ChatId, seconds, async () => fact(name));
          } else if (each.do === 'hold') {
            const since = Math.min(facts.reportedUntil, now - each.back - 1);
            debts = debts.map((debt) => Math.min(debt ?? Infinity, since));
            isListed = false;
            facts.hold(now - each.back);
          } else if (each.do === 'expect') {
            if (isListed) continue;
            isListed = true;
            const kept = CHATS.filter(
              (id, index) =>
                each.chats.includes(index) || facts.owing(true).includes(id) || facts.owing(false).includes(id),
            );
            debts = debts.map((debt, index) => (kept.includes(CHATS[index] as ChatId) ? debt : undefined));
            facts.expect(listed(...kept));
          } else if (each.do === 'settle' || each.do === 'letGo') {
            if (!isListed) continue;
            if (each.do === 'letGo') facts.letGo([CHATS[each.chat] as ChatId]);
            else {
              debts[each.chat] = undefined;
              facts.settle(CHATS[each.chat] as ChatId);
            }
          } else if (each.do === 'letAllGo') {
            if (!isListed) facts.letAllGo();
          } else if (each.do === 'refuse') {
            for (const { all } of expected) for (const name of all.keys()) state.refuse.add(name);
          } else if (each.do === 'accept') state.refuse.clear();
          else await turns(3);
          check();
        }
        state.refuse.clear();
        if (!isListed) facts.expect(listed(...CHATS));
        for (const id of CHATS) facts.settle(id);
        await turns(60);
        await facts.drained();
        for (const { live, missed, all } of expected) {
          const mine = got.filter((name) => all.has(name));
          expect([...mine].sort()).toEqual([...all.keys()].sort());
          expect(mine.filter((name) => live.includes(name))).toEqual(live);
          expect(mine.filter((name) => missed.includes(name))).toEqual(missed);
        }
        expect(facts.holding).toBe(false);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  test('what was missed in a chat comes before everything that waited for it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ chat, isLive: fc.boolean() }), { maxLength: 40 }), async (events) => {
        const { facts, got } = reporter();
        facts.expect(listed(...CHATS));
        for (const [index, { chat: of, isLive }] of events.entries()) {
          const name = `${of} ${isLive ? 'live' : 'missed'} ${index}`;
          if (isLive) facts.report(CHATS[of] as ChatId, 500, async () => fact(name));
          else facts.reportMissed(CHATS[of] as ChatId, 200, async () => fact(name));
        }
        for (const id of CHATS) facts.settle(id);
        await facts.drained();
        for (const of of CHATS.keys()) {
          const mine = got.filter((name) => name.startsWith(`${of} `));
          const firstLive = mine.findIndex((name) => name.includes('live'));
          expect(firstLive < 0 || mine.slice(firstLive).every((name) => name.includes('live'))).toBe(true);
        }
        expect(got).toHaveLength(events.length);
      }),
    );
  });
});
