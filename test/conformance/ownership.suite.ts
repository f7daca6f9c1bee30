/** What everything that says who owns what must do. */
import { describe, expect, test } from '@jest/globals';
import type { Ownership, OwnershipChange } from '../../bridge/src/ownership/ownership.ts';

type Name = 'support' | 'sales';
const NAMES: readonly Name[] = ['support', 'sales'];

export interface OwnersUnderTest {
  /** As many processes as the implementation is for. */
  readonly processes: readonly Ownership<Name>[];
  /** Moves a name from whoever owns it to a process; null where names never change hands. */
  readonly handOver: ((name: Name, to: Ownership<Name>) => Promise<void>) | null;
}

/** @param create makes owners of which the first owns every name */
export function ownershipSuite(title: string, create: () => Promise<OwnersUnderTest>, changesHands: boolean): void {
  describe(`ownership ${title}`, () => {
    const ownersOf = ({ processes }: OwnersUnderTest, name: Name) => processes.filter((each) => each.owns(name));

    test('every name has one owner, also a name that does not exist yet', async () => {
      const owners = await create();
      for (const name of NAMES) expect(ownersOf(owners, name)).toHaveLength(1);
    });

    test('what is owned already is not told', async () => {
      const owners = await create();
      const changes: OwnershipChange<Name>[] = [];
      for (const each of owners.processes) each.onChange((change) => void changes.push(change));
      for (const name of NAMES) ownersOf(owners, name);
      await new Promise(setImmediate);
      expect(changes).toEqual([]);
    });

    test('the kinds do not mix: owning one name says nothing of another', async () => {
      const owners = await create();
      const last = owners.processes.at(-1)!;
      await owners.handOver?.('sales', last);
      expect(ownersOf(owners, 'support')).toEqual([owners.processes[0]]);
      expect(ownersOf(owners, 'sales')).toEqual([last]);
    });

    test('whether names change hands is as the implementation says', async () => {
      expect((await create()).handOver !== null).toBe(changesHands);
    });

    if (changesHands) handOverTests(create, ownersOf);
  });
}

function handOverTests(
  create: () => Promise<OwnersUnderTest>,
  ownersOf: (owners: OwnersUnderTest, name: Name) => readonly Ownership<Name>[],
): void {
  const open = async () => {
    const owners = await create();
    const [first, second] = owners.processes as [Ownership<Name>, Ownership<Name>];
    return { owners, first, second, handOver: owners.handOver! };
  };

  test('a loss and a gain are told once each, when `owns` answers by them', async () => {
    const { first, second, handOver } = await open();
    const told: unknown[] = [];
    for (const [who, each] of [first, second].entries())
      each.onChange((change) => void told.push({ who, ...change, owns: each.owns(change.name) }));
    await handOver('support', second);
    expect(told).toEqual([
      { who: 0, name: 'support', owned: false, owns: false },
      { who: 1, name: 'support', owned: true, owns: true },
    ]);
  });

  test('nobody gains a name before its former owner has ended what it did', async () => {
    const { owners, first, second, handOver } = await open();
    const order: string[] = [];
    let end!: () => void;
    const ended = new Promise<void>((resolve) => (end = resolve));
    first.onChange(async () => {
      order.push('asked to end');
      await ended;
      order.push('ended');
    });
    second.onChange(() => void order.push('gained'));
    const moved = handOver('support', second);
    await new Promise(setImmediate);
    expect(ownersOf(owners, 'support')).toEqual([]);
    end();
    await moved;
    expect(order).toEqual(['asked to end', 'ended', 'gained']);
    expect(ownersOf(owners, 'support')).toEqual([second]);
  });

  test('a listener that fails keeps no other from being told, and no name from moving', async () => {
    const { owners, first, second, handOver } = await open();
    const told: string[] = [];
    first.onChange(() => {
      throw new Error('thrown');
    });
    first.onChange(() => Promise.reject(new Error('rejected')));
    first.onChange(({ name }) => void told.push(name));
    await handOver('support', second);
    expect(told).toEqual(['support']);
    expect(ownersOf(owners, 'support')).toEqual([second]);
  });

  test('one that has stopped listening is not told', async () => {
    const { first, second, handOver } = await open();
    const told: string[] = [];
    const stop = first.onChange(({ name }) => void told.push(name));
    await handOver('support', second);
    stop();
    await handOver('support', first);
    expect(told).toEqual(['support']);
  });

  test('back and forth leaves one owner', async () => {
    const { owners, first, second, handOver } = await open();
    for (const to of [second, first, second, first]) await handOver('sales', to);
    expect(ownersOf(owners, 'sales')).toEqual([first]);
    expect(ownersOf(owners, 'support')).toEqual([first]);
  });
}
