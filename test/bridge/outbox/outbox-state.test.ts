import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { OUTBOX_STATES, type OutboxState } from '../../../bridge/src/contract/views/outbox-message.ts';
import { EVENT_CATALOGUE } from '../../../bridge/src/contract/events.ts';
import { ACK_LEVELS, type AckLevel } from '../../../bridge/src/contract/message-data.ts';
import {
  TRANSITIONS,
  TRANSITION_OF_MOVE,
  stateAfter,
  type Transition,
} from '../../../bridge/src/outbox/outbox-state.ts';

const transition = fc.constantFrom(...(Object.keys(TRANSITIONS) as Transition[]));
const transitionOfAck = (ack: AckLevel): Transition =>
  TRANSITION_OF_MOVE[EVENT_CATALOGUE['message.acknowledged'].movesOutbox({ messageId: 'any', ack }).to];
const run = (start: OutboxState, transitions: readonly Transition[]) =>
  transitions.reduce<OutboxState[]>(
    (states, next) => [...states, stateAfter(states.at(-1)!, next) ?? states.at(-1)!],
    [start],
  );

describe('the state machine of an outbox message', () => {
  test('takes the straight road', () => {
    expect(run('queued', ['started', 'accepted', 'delivered', 'read'])).toEqual([
      'queued',
      'sending',
      'accepted',
      'delivered',
      'read',
    ]);
  });

  test.each([
    ['accepted', 'started'],
    ['failed', 'started'],
    ['cancelled', 'started'],
    ['in_doubt', 'started'],
    ['sending', 'started'],
    ['sending', 'cancelled'],
    ['accepted', 'resolved_resend'],
    ['delivered', 'rejected_late'],
    ['delivered', 'outcome_unknown'],
    ['in_doubt', 'refused'],
  ] as const)('%s does not allow %s', (state, what) => {
    expect(stateAfter(state, what)).toBeNull();
  });

  test('final states are never left', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<OutboxState>('failed', 'cancelled', 'read'),
        transition,
        (state, what) => stateAfter(state, what) === null,
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
        const states = run(start, acks.map(transitionOfAck));
        for (const [index, state] of states.slice(1).entries()) {
          if (state !== states[index]) expect(rank[state]!).toBeGreaterThan(rank[states[index]!]!);
        }
      }),
    );
  });

  test('once WhatsApp has taken it, nothing but an operator brings it back to where it is sent', () => {
    const byItself = transition.filter((what) => !what.startsWith('resolved_'));
    fc.assert(
      fc.property(
        fc.constantFrom<OutboxState>('accepted', 'delivered', 'read', 'in_doubt'),
        fc.array(byItself),
        (start, transitions) => {
          expect(run(start, transitions)).not.toContain('queued');
          expect(run(start, transitions)).not.toContain('sending');
        },
      ),
    );
  });

  test('a late acknowledgement settles what was in doubt', () => {
    expect(ACK_LEVELS.map((level) => stateAfter('in_doubt', transitionOfAck(level)))).toEqual([
      'accepted',
      'delivered',
      'read',
      'read',
    ]);
  });
});
