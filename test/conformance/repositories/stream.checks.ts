/** Durable subscriptions and their positions. */
import { expect, test } from '@jest/globals';
import type { Filter } from '../../../bridge/src/contract/filter.ts';
import type { Seq, SubscriptionName } from '../../../bridge/src/contract/ids.ts';
import {
  adoptEpoch,
  allSubscriptions,
  changeFilter,
  countTakeover,
  createSubscription,
  openLanesOf,
  pauseSubscription,
  positionsOf,
  removeSubscription,
  repositionSubscription,
  saveProgress,
  subscriptionNamed,
  subscriptionsInFlight,
  touchSubscriptions,
  type SubscriptionProgress,
  type SubscriptionStart,
} from '../../../bridge/src/store/stream.repository.ts';
import type { StoredPosition } from '../../../bridge/src/store/stream-rows.ts';
import { BY_BYTES, LARGEST, NOW, SHUFFLED, TEXT } from './samples.ts';
import type { StoreAtTest } from './store-at-test.ts';

const named = (name: string): SubscriptionName => name as SubscriptionName;
const START: SubscriptionStart = { filter: {}, effectiveFilter: {}, epoch: 'e', floor: 0 as Seq, since: 0 as Seq };
const create = (name: string, patch: Partial<SubscriptionStart> = {}, now = NOW) =>
  createSubscription({ name: named(name), now, ...START, ...patch });
const position = (seq: number, patch: Partial<StoredPosition> = {}): StoredPosition => ({
  seq: seq as Seq,
  lane: 'lane',
  state: 'sent',
  attempts: 1,
  refusals: 0,
  losses: 0,
  previous: null,
  notBefore: 0,
  ...patch,
});
const progress = (id: number, patch: Partial<SubscriptionProgress>): SubscriptionProgress => ({
  id,
  floor: null,
  changed: [],
  removed: [],
  ...patch,
});

export function streamChecks(at: StoreAtTest): void {
  const save = (id: number, patch: Partial<SubscriptionProgress>): Promise<void> =>
    at.write(saveProgress({ entries: [progress(id, patch)] }));

  test('a subscription comes back as it was', async () => {
    const filter: Filter = { types: ['message.received'], from: [TEXT], fromMe: false };
    const start = { filter, effectiveFilter: { sessions: ['support'] }, epoch: TEXT };
    const { id } = await at.write(create('Flow', { ...start, floor: LARGEST as Seq, since: (LARGEST - 1) as Seq }, 1));
    expect(await at.read(subscriptionNamed, named('Flow'))).toEqual({
      ...start,
      id,
      name: 'Flow',
      floor: LARGEST,
      since: LARGEST - 1,
      takeovers: 0,
      pausedAt: null,
      createdAt: 1,
      lastUsedAt: 1,
    });
    expect(await at.read(subscriptionNamed, named('flow'))).toBeNull();
  });

  test('a name is taken once, also in one commit, and names are in the order of their bytes', async () => {
    const [first, second] = await at.together([create('a', {}, 1), create('a', {}, 2), create('aa')]);
    expect([first?.status, second?.status]).toEqual(['fulfilled', 'rejected']);
    expect((await at.read(subscriptionNamed, named('a')))?.createdAt).toBe(1);
    for (const name of ['a', 'aa']) await at.write(removeSubscription({ name: named(name) }));
    await at.write(SHUFFLED.map((name) => create(name)));
    const all = await at.read(allSubscriptions);
    expect(all.map(({ name }) => name)).toEqual(BY_BYTES);
    expect(new Set(all.map(({ id }) => id)).size).toBe(BY_BYTES.length);
  });

  test('positions are kept, changed and removed, in the order of their numbers', async () => {
    const { id } = await at.write(create('flow'));
    const far = position(LARGEST, { previous: (LARGEST - 1) as Seq, notBefore: LARGEST, attempts: 7, lane: TEXT });
    await save(id, { changed: [position(100), position(9), far, position(2 ** 31), position(10)] });
    expect((await at.read(positionsOf, id)).map(({ seq }) => seq)).toEqual([9, 10, 100, 2 ** 31, LARGEST]);
    expect((await at.read(positionsOf, id)).at(-1)).toEqual(far);
    const changed = position(9, {
      state: 'refused',
      attempts: 2,
      refusals: 1,
      losses: 3,
      previous: 4 as Seq,
      notBefore: NOW,
    });
    await save(id, { changed: [{ ...changed, lane: 'another' }], removed: [10, 11, 100] as Seq[] });
    expect((await at.read(positionsOf, id)).slice(0, 2)).toEqual([changed, position(2 ** 31)]);
  });

  test('the floor rises over what is acknowledged and leaves the rest', async () => {
    const { id } = await at.write(create('flow'));
    await save(id, { changed: [position(1, { state: 'acked' }), position(2), position(3, { state: 'acked' })] });
    await save(id, { floor: 2 as Seq, changed: [position(5, { state: 'acked' })] });
    expect((await at.read(positionsOf, id)).map(({ seq, state }) => [seq, state])).toEqual([
      [2, 'sent'],
      [3, 'acked'],
      [5, 'acked'],
    ]);
    expect((await at.read(subscriptionNamed, named('flow')))?.floor).toBe(2);
    await save(id, { changed: [position(6)] });
    expect((await at.read(subscriptionNamed, named('flow')))?.floor).toBe(2);
  });

  test('progress of a subscription that was removed is passed over, that of the others is kept', async () => {
    const { id } = await at.write(create('stays'));
    const gone = await at.write(create('goes'));
    await save(gone.id, { changed: [position(1)] });
    expect(await at.write(removeSubscription({ name: named('goes') }))).toEqual({ removed: true });
    expect(await at.write(removeSubscription({ name: named('goes') }))).toEqual({ removed: false });
    expect(await at.read(positionsOf, gone.id)).toEqual([]);
    const changed = [position(1)];
    await at.write(
      saveProgress({ entries: [progress(gone.id, { changed, floor: 1 as Seq }), progress(id, { changed })] }),
    );
    expect(await at.read(positionsOf, gone.id)).toEqual([]);
    expect(await at.read(positionsOf, id)).toEqual(changed);
  });

  test('begins again from elsewhere, or goes on with another filter and what it carries', async () => {
    const { id } = await at.write(create('flow'));
    await save(id, { changed: [position(1), position(2)] });
    const start = { ...START, filter: { fromMe: true }, floor: 40 as Seq, since: 40 as Seq, epoch: 'other' };
    await at.write(changeFilter({ id, ...start, carried: [position(2, { lane: 'carried' }), position(7)] }));
    expect(await at.read(positionsOf, id)).toEqual([position(2, { lane: 'carried' }), position(7)]);
    expect(await at.read(subscriptionNamed, named('flow'))).toMatchObject(start);
    await at.write(repositionSubscription({ id, ...START, floor: 3 as Seq }));
    expect(await at.read(positionsOf, id)).toEqual([]);
    expect(await at.read(subscriptionNamed, named('flow'))).toMatchObject({
      filter: {},
      floor: 3,
      since: 0,
      epoch: 'e',
    });
  });

  test('nothing is carried into a subscription that was removed, and the unit fails as a whole', async () => {
    const { id } = await at.write(create('stays'));
    const carried = [position(1)];
    await expect(
      at.write([countTakeover({ id }), changeFilter({ id: id + 1_000, ...START, carried })]),
    ).rejects.toThrow(/foreign key/i);
    expect((await at.read(subscriptionNamed, named('stays')))?.takeovers).toBe(0);
  });

  test('is paused, adopted, touched and taken over, each in one commit with others', async () => {
    const { id } = await at.write(create('flow'));
    const other = await at.write(create('other'));
    await at.together([
      countTakeover({ id }),
      countTakeover({ id }),
      pauseSubscription({ id, now: LARGEST }),
      touchSubscriptions({ ids: [id, id + 1_000, other.id], now: LARGEST }),
      countTakeover({ id }),
    ]);
    expect(await at.read(subscriptionNamed, named('flow'))).toMatchObject({
      takeovers: 3,
      pausedAt: LARGEST,
      lastUsedAt: LARGEST,
    });
    await at.write(adoptEpoch({ id, epoch: 'later' }));
    expect(await at.read(subscriptionNamed, named('flow'))).toMatchObject({ epoch: 'later', pausedAt: null });
    await at.write(touchSubscriptions({ ids: [], now: 1 }));
    expect(await at.read(subscriptionNamed, named('other'))).toMatchObject({ lastUsedAt: LARGEST, takeovers: 0 });
  });

  test('lanes that are open, and subscriptions with attempts in flight, come once each', async () => {
    const { id } = await at.write(create('flow'));
    const idle = await at.write(create('idle'));
    const states = ['waiting', 'sent', 'unanswered', 'refused', 'acked'] as const;
    const changed = states.flatMap((state, index) =>
      [0, 1].map((twice) => position(2 * index + twice + 1, { lane: `lane of ${state}`, state })),
    );
    await save(id, { changed });
    await save(idle.id, { changed: [position(1, { state: 'acked' }), position(2, { state: 'waiting' })] });
    expect([...(await at.read(openLanesOf, named('flow')))].sort()).toEqual(
      states
        .filter((state) => state !== 'acked')
        .map((state) => `lane of ${state}`)
        .sort(),
    );
    expect(await at.read(openLanesOf, named('Flow'))).toEqual([]);
    expect(await at.read(subscriptionsInFlight)).toEqual([id]);
  });
}
