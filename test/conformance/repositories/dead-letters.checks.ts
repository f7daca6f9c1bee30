/** Dead letters of deliveries. */
import { expect, test } from '@jest/globals';
import type { DeadLetterId, Seq, SessionName, SubscriptionName } from '../../../bridge/src/contract/ids.ts';
import {
  addDeadLetter,
  discardDeadLetter,
  findDeadLetter,
  listDeadLetters,
  redriveDeadLetter,
  sessionsOfDeadLetters,
  settleLate,
  type StoredDeadLetter,
} from '../../../bridge/src/store/dead-letters.repository.ts';
import { createSubscription, positionsOf, saveProgress } from '../../../bridge/src/store/stream.repository.ts';
import { BY_BYTES, LARGEST, NOW, SHUFFLED, TEXT } from './samples.ts';
import type { StoreAtTest } from './store-at-test.ts';

const FLOW = 'flow' as SubscriptionName;
const idOf = (id: string): DeadLetterId => id as DeadLetterId;
const letter = (id: string, seq: number, patch: Partial<StoredDeadLetter> = {}): StoredDeadLetter => ({
  id: idOf(id),
  subscription: FLOW,
  seq: seq as Seq,
  lane: 'lane',
  previous: null,
  eventId: `event ${seq}`,
  eventType: 'message.received',
  session: 'support',
  reason: 'refused',
  attempts: 3,
  createdAt: NOW,
  ...patch,
});

export function deadLetterChecks(at: StoreAtTest): void {
  const add = (...letters: readonly StoredDeadLetter[]): Promise<unknown> =>
    at.write(letters.map((deadLetter) => addDeadLetter({ deadLetter })));
  const list = async (sessions: readonly string[] | null, limit: number, before?: string): Promise<string[]> => {
    const page = { limit, ...(before === undefined ? {} : { before: idOf(before) }) };
    return (await at.read(listDeadLetters, sessions as SessionName[] | null, page)).map(({ id }) => id);
  };

  test('a dead letter comes back as it was', async () => {
    const full = letter('full', LARGEST, {
      lane: TEXT,
      reason: TEXT,
      previous: (LARGEST - 1) as Seq,
      createdAt: LARGEST,
    });
    const bare = letter('bare', 1, { session: null, reason: '' });
    await add(full, bare);
    expect(await at.read(findDeadLetter, idOf('full'))).toEqual(full);
    expect(await at.read(findDeadLetter, idOf('bare'))).toEqual(bare);
    expect(await at.read(findDeadLetter, idOf('Full'))).toBeNull();
  });

  test('an event is given up once by a subscription, also in one commit', async () => {
    const other = letter('d', 1, { subscription: 'Flow' as SubscriptionName });
    await at.together(
      [letter('a', 1), letter('b', 1), letter('c', 2), other].map((each) => addDeadLetter({ deadLetter: each })),
    );
    expect(await list(null, 10)).toEqual(['d', 'c', 'a']);
    await expect(add(letter('a', 3))).rejects.toThrow();
    expect(await list(null, 10)).toEqual(['d', 'c', 'a']);
  });

  test('pages go through all of them, newest first by the bytes of their ids', async () => {
    await add(...SHUFFLED.map((id, index) => letter(id, index)));
    const newestFirst = [...BY_BYTES].reverse();
    const seen: string[] = [];
    for (let page = await list(null, 4); page.length > 0; page = await list(null, 4, page.at(-1))) {
      expect(page.length).toBeLessThanOrEqual(4);
      seen.push(...page);
    }
    expect(seen).toEqual(newestFirst);
    // A cursor need not exist any more.
    expect(await list(null, 2, 'aa')).toEqual(newestFirst.filter((id) => id < 'aa').slice(0, 2));
  });

  test('those of other sessions, and of none, are left out', async () => {
    await add(letter('a', 1), letter('b', 2, { session: 'sales' }), letter('c', 3, { session: null }));
    await add(letter('d', 4, { session: 'Support' }), letter('e', 5, { subscription: 'other' as SubscriptionName }));
    expect(await list(['support', 'nobody'], 10)).toEqual(['e', 'a']);
    expect(await list(['support', 'sales'], 10, 'b')).toEqual(['a']);
    expect(await list([], 10)).toEqual([]);
    const sessions = await at.read(sessionsOfDeadLetters, FLOW);
    expect(new Set(sessions)).toEqual(new Set(['support', 'sales', null, 'Support']));
    expect(sessions).toHaveLength(4);
  });

  test('is put back into its subscription once, over what is known of the position', async () => {
    const start = { filter: {}, effectiveFilter: {}, epoch: 'e', floor: 0 as Seq, since: 0 as Seq };
    const { id: subscriptionId } = await at.write(createSubscription({ name: FLOW, now: NOW, ...start }));
    const position = {
      seq: 7 as Seq,
      lane: 'lane',
      attempts: 3,
      refusals: 0,
      losses: 0,
      previous: 5 as Seq,
      notBefore: 0,
    };
    const acked = { ...position, state: 'acked' as const, refusals: 2, losses: 2, notBefore: LARGEST };
    await at.write(saveProgress({ entries: [{ id: subscriptionId, floor: null, changed: [acked], removed: [] }] }));
    await add(letter('a', 7, { previous: 5 as Seq }));
    const waiting = { ...position, state: 'waiting' };
    const redrive = redriveDeadLetter({ id: idOf('a'), subscriptionId });
    expect(await at.write([redrive, redrive])).toEqual([waiting, null]);
    expect(await at.read(positionsOf, subscriptionId)).toEqual([waiting]);
    expect(await at.read(findDeadLetter, idOf('a'))).toBeNull();
  });

  test('stays if its subscription is gone', async () => {
    await add(letter('a', 7));
    await expect(at.write(redriveDeadLetter({ id: idOf('a'), subscriptionId: 4_711 }))).rejects.toThrow(/foreign key/i);
    expect(await list(null, 10)).toEqual(['a']);
  });

  test('is discarded once', async () => {
    await add(letter('a', 1), letter('A', 2));
    const outcomes = await at.together([discardDeadLetter({ id: idOf('a') }), discardDeadLetter({ id: idOf('a') })]);
    expect(outcomes.map((each) => each.status === 'fulfilled' && each.value)).toEqual([
      { removed: true },
      { removed: false },
    ]);
    expect(await list(null, 10)).toEqual(['A']);
  });

  test('a late acknowledgement settles it, unless it is of a later attempt or of a foreign session', async () => {
    await add(
      letter('a', 1),
      letter('b', 2),
      letter('c', 3),
      letter('d', 4, { session: null }),
      letter('e', 5, { session: null }),
    );
    const settle = (seq: number, attempt: number, sessions: readonly string[] | null) =>
      settleLate({ subscription: FLOW, seq: seq as Seq, attempt, sessions });
    await at.write([
      settle(1, 4, null),
      settle(2, 3, ['sales', 'support']),
      settle(3, 1, ['sales']),
      settle(3, 1, []),
      settle(4, 1, ['support']),
      settle(5, 1, null),
    ]);
    expect(await list(null, 10)).toEqual(['d', 'c', 'a']);
  });
}
