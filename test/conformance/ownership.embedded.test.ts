import { SoleOwner } from '../../bridge/src/ownership/sole-owner.ts';
import { SwitchedOwners } from '../bridge/ownership/switched-ownership.ts';
import { ownershipSuite } from './ownership.suite.ts';

ownershipSuite('of the only bridge', () => Promise.resolve({ processes: [new SoleOwner()], handOver: null }), false);

// What the tests of the outbox and the stream use to let names change hands.
ownershipSuite(
  'of several, as tests switch it',
  () => {
    const owners = new SwitchedOwners<'support' | 'sales'>();
    const processes = [owners.join('support', 'sales'), owners.join()];
    return Promise.resolve({
      processes,
      handOver: (name, to) => owners.handOver(name, processes.find((each) => each === to) ?? null),
    });
  },
  true,
);
