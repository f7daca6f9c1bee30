import { describe, expect, test } from '@jest/globals';
import type { ChatId } from '../../../../../bridge/src/contract/ids.ts';
import type { EngineFact } from '../../../../../bridge/src/engine/engine.ts';
import { FactReporter } from '../../../../../bridge/src/engine/webjs/hearing/fact-reporter.ts';
import type { Clock } from '../../../../../bridge/src/ops/clock.ts';
import { createLogger } from '../../../../../bridge/src/ops/logger.ts';

const A = 'a@c.us' as ChatId;
const B = 'b@c.us' as ChatId;
const immediately: Clock = { now: () => 0, sleep: () => new Promise((resolve) => setImmediate(resolve)) };
const fact = (name: string): EngineFact => ({
  kind: 'ack',
  wireId: name as never,
  chat: { chatId: 'x' },
  level: 'read',
  at: new Date(0),
});
const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
};

function reporter(reportedUntil = 100) {
  const got: string[] = [];
  const state = { refuse: new Set<string>() };
  const listener = {
    signal: () => undefined,
    fact: async (each: EngineFact) => {
      const name = (each as { wireId: string }).wireId;
      if (state.refuse.has(name)) throw new Error('disk full');
      got.push(name);
    },
  };
  return { got, state, facts: new FactReporter(listener, reportedUntil, immediately, createLogger('silent', 'json')) };
}

describe('reporting facts', () => {
  test('what just happened waits for what was missed, and order per chat is kept', async () => {
    const { facts, got } = reporter();
    facts.report(A, 120, async () => fact('live'));
    facts.reportMissed(A, 110, async () => fact('missed'));
    await turns();
    expect(got).toEqual(['missed']);
    facts.release();
    await turns();
    expect(got).toEqual(['missed', 'live']);
  });

  test('a slow lookup holds its own chat only', async () => {
    const { facts, got } = reporter();
    facts.release();
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
    const { facts, got, state } = reporter();
    facts.release();
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

  test('the mark stays before everything that is not durable', async () => {
    const { facts, state } = reporter(100);
    facts.release();
    state.refuse.add('a1');
    facts.report(A, 150, async () => fact('a1'));
    facts.report(B, 200, async () => fact('b1'));
    await turns();
    expect(facts.reportedUntil).toBeLessThan(150);
    await facts.stop();
    expect(facts.reportedUntil).toBeLessThan(150);
  });

  test('the mark stays where it was until every chat is caught up, since the next may have older messages', async () => {
    const { facts, got } = reporter(100);
    facts.reportMissed(A, 500, async () => fact('a1'));
    await turns();
    expect(facts.reportedUntil).toBe(100);
    facts.reportMissed(B, 300, async () => fact('b1'));
    facts.release();
    await turns();
    expect(got).toEqual(['a1', 'b1']);
    expect(facts.reportedUntil).toBe(500);
    facts.hold();
    facts.reportMissed(A, 900, async () => fact('a2'));
    await turns();
    expect(facts.reportedUntil).toBe(500);
  });

  test('the mark steps back before what was missed, until that is reported', async () => {
    const { facts } = reporter(100);
    facts.release();
    facts.report(A, 500, async () => fact('a1'));
    await turns();
    expect(facts.reportedUntil).toBe(500);
    facts.hold(300);
    expect(facts.reportedUntil).toBe(299);
    facts.hold(200);
    facts.hold();
    expect(facts.reportedUntil).toBe(199);
    facts.reportMissed(B, 200, async () => fact('b1'));
    facts.release();
    expect(facts.reportedUntil).toBe(199);
    await turns();
    expect(facts.reportedUntil).toBe(500);
  });

  test('facts that only the clock of this machine dates do not move the mark', async () => {
    const { facts, got } = reporter(100);
    facts.release();
    facts.report(A, null, async () => fact('ack'));
    await turns();
    expect(got).toEqual(['ack']);
    expect(facts.reportedUntil).toBe(100);
  });

  test('nothing is reported after the stop', async () => {
    const { facts, got } = reporter();
    facts.release();
    await facts.stop();
    facts.report(A, 1, async () => fact('late'));
    await turns();
    expect(got).toEqual([]);
  });
});
