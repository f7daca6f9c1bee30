import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { OUTBOX_STATES, type OutboxState } from '../../../bridge/src/contract/messages.ts';
import { ACK_LEVELS } from '../../../bridge/src/contract/events.ts';
import { HAPPENINGS, happeningOfAck, transition, type Happening } from '../../../bridge/src/outbox/outbox-state.ts';

const happening = fc.constantFrom(...(Object.keys(HAPPENINGS) as Happening[]));
const run = (start: OutboxState, happenings: readonly Happening[]) =>
  happenings.reduce<OutboxState[]>(
    (states, next) => [...states, transition(states.at(-1)!, next) ?? states.at(-1)!],
    [start],
  );

describe('the state machine of an outbox message', () => {
  test('takes the straight road', () => {
    expect(run('queued', ['begun', 'taken', 'delivered', 'read'])).toEqual([
      'queued',
      'sending',
      'accepted',
      'delivered',
      'read',
    ]);
  });

  test.each([
    ['accepted', 'begun'],
    ['failed', 'begun'],
    ['cancelled', 'begun'],
    ['in_doubt', 'begun'],
    ['sending', 'begun'],
    ['sending', 'cancelled'],
    ['accepted', 'resolved_resend'],
    ['delivered', 'bounced'],
    ['delivered', 'lost_sight'],
    ['in_doubt', 'refused'],
  ] as const)('%s does not allow %s', (state, what) => {
    expect(transition(state, what)).toBeNull();
  });

  test('final states are never left', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<OutboxState>('failed', 'cancelled', 'read'),
        happening,
        (state, what) => transition(state, what) === null,
      ),
    );
  });

  test('an acknowledgement never moves a message backwards', () => {
    const rank: Partial<Record<OutboxState, number>> = {
      queued: 0,
      in_doubt: 0,
      sending: 1,
      accepted: 2,
      delivered: 3,
      read: 4,
    };
    fc.assert(
      fc.property(fc.constantFrom(...OUTBOX_STATES), fc.array(fc.constantFrom(...ACK_LEVELS)), (start, acks) => {
        const states = run(start, acks.map(happeningOfAck));
        for (const [index, state] of states.slice(1).entries()) {
          if (state !== states[index]) expect(rank[state]!).toBeGreaterThan(rank[states[index]!]!);
        }
      }),
    );
  });

  test('once WhatsApp has taken it, nothing but an operator brings it back to where it is sent', () => {
    const byItself = happening.filter((what) => !what.startsWith('resolved_'));
    fc.assert(
      fc.property(
        fc.constantFrom<OutboxState>('accepted', 'delivered', 'read', 'in_doubt'),
        fc.array(byItself),
        (start, happenings) => {
          expect(run(start, happenings)).not.toContain('queued');
          expect(run(start, happenings)).not.toContain('sending');
        },
      ),
    );
  });

  test('a late acknowledgement settles what was in doubt', () => {
    expect(ACK_LEVELS.map((level) => transition('in_doubt', happeningOfAck(level)))).toEqual([
      'accepted',
      'delivered',
      'read',
      'read',
    ]);
  });
});
