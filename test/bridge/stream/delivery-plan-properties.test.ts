/** What holds of a plan, whatever happens. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Seq } from '../../../bridge/src/contract/ids.ts';
import { DeliveryPlan } from '../../../bridge/src/stream/delivery-plan.ts';
import type { PositionRecord } from '../../../bridge/src/stream/position.ts';
import type { RedeliveryPolicy } from '../../../bridge/src/stream/redelivery-policy.ts';

const POLICY: RedeliveryPolicy = { maxRefusals: 3, maxLosses: 6, lossBackoffMs: 10, maxLossBackoffMs: 100 };
const seq = (position: number): Seq => position as Seq;

const plan = (options: Partial<ConstructorParameters<typeof DeliveryPlan>[0]> = {}): DeliveryPlan =>
  new DeliveryPlan({ floor: seq(0), positions: [], capacity: 1000, policy: POLICY, ...options });

/**
 * Any history of answers, lost connections and restarts, against a log of random lanes. What is on disk is what
 * `changes()` said, applied as the store applies it.
 */
describe('whatever happens', () => {
  interface Disk {
    floor: number;
    rows: Map<number, PositionRecord>;
  }
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('scan' as const), count: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('ack' as const), pick: fc.nat(50) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('nack' as const), pick: fc.nat(50) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const), clean: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('redrive' as const), pick: fc.nat(50) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
  );
  const lanesOfLog = fc.array(fc.constantFrom('a', 'b', 'c', 'd', null), { minLength: 1, maxLength: 40 });

  test('order, one per lane, nothing skipped, bounded, and the floor moves over what is done only', () => {
    fc.assert(
      fc.property(
        lanesOfLog,
        fc.array(step, { maxLength: 120 }),
        fc.integer({ min: 3, max: 12 }),
        (log, steps, capacity) => {
          const disk: Disk = { floor: 0, rows: new Map() };
          const done = new Set<number>();
          const deadLettered = new Set<number>();
          const delivered: { seq: number; lane: string }[] = [];
          let now = 0;
          let redriven = 0;
          const open = (): DeliveryPlan =>
            plan({ floor: seq(disk.floor), positions: [...disk.rows.values()], capacity });
          let target = open();

          const write = (): void => {
            const { floor, changed, removed } = target.changes();
            for (const record of changed) disk.rows.set(record.seq, record);
            for (const position of removed) disk.rows.delete(position);
            if (floor === null) return;
            disk.floor = floor;
            for (const [position, record] of disk.rows)
              if (position <= floor && record.state === 'acked') disk.rows.delete(position);
          };
          const deadLetter = (position: number): void => {
            target.finish(seq(position));
            done.add(position);
            deadLettered.add(position);
          };
          const scan = (count: number): void => {
            for (let left = count; left > 0 && target.scannedTo < log.length; left--) {
              const position = target.scannedTo + 1;
              const lane = log[position - 1];
              if (lane == null) target.evaluatedTo(seq(position));
              else if (!target.offer(seq(position), lane)) return;
            }
          };
          const take = (count: number): void => {
            for (const { seq: position, lane } of target.take(count, now)) {
              // Nothing of the lane before it is open.
              for (let earlier = 1; earlier < position; earlier++)
                if (log[earlier - 1] === lane) expect(done).toContain(earlier);
              expect(done).not.toContain(position);
              delivered.push({ seq: position, lane });
            }
          };
          const act = (action: (typeof steps)[number]): void => {
            const inFlight = [...target.open()].filter(({ state }) => state === 'sent');
            switch (action.do) {
              case 'scan':
                return scan(action.count);
              case 'take':
                return take(action.count);
              case 'wait':
                now += 200;
                return;
              case 'ack': {
                const position = inFlight[action.pick % (inFlight.length || 1)];
                if (position && target.acknowledge(position.seq, position.attempts)) done.add(position.seq);
                return;
              }
              case 'nack': {
                const position = inFlight[action.pick % (inFlight.length || 1)];
                if (position && target.refuse(position.seq, position.attempts, now + 100) === 'exhausted')
                  deadLetter(position.seq);
                return;
              }
              case 'redrive': {
                const position = [...deadLettered][action.pick % (deadLettered.size || 1)];
                if (position === undefined) return;
                write();
                const record: PositionRecord = {
                  seq: seq(position),
                  lane: log[position - 1]!,
                  state: 'waiting',
                  attempts: 3,
                  refusals: 0,
                  losses: 0,
                  previous: null,
                  notBefore: 0,
                };
                disk.rows.set(position, record);
                target.reopen(record);
                deadLettered.delete(position);
                redriven += 1;
                done.delete(position);
                return;
              }
              case 'reconnect':
                if (action.clean) {
                  for (const { seq: position } of inFlight)
                    if (target.markLost(position, now) === 'exhausted') deadLetter(position);
                  write();
                  target = open();
                } else {
                  target = open();
                  for (const { seq: position, state } of disk.rows.values())
                    if (state === 'sent') target.markLost(position, now);
                  for (const { seq: position } of target.exhausted()) deadLetter(position);
                  write();
                }
            }
          };

          for (const action of steps) {
            act(action);
            // Every step is on disk before the next one, as in the subscription.
            write();
            const flying = [...target.open()].filter(({ state }) => state === 'sent');
            expect(new Set(flying.map(({ lane }) => lane)).size).toBe(flying.length);
            expect(flying.length).toBe(target.inFlight);
            expect(target.held).toBeLessThanOrEqual(capacity + redriven);
            for (let position = 1; position <= target.acknowledgedTo; position++) {
              if (log[position - 1] != null) expect(done).toContain(position);
            }
          }

          // In the end everything is delivered and acknowledged.
          for (let round = 0; round < 400 && target.acknowledgedTo < log.length; round++) {
            act({ do: 'scan', count: 10 });
            now += 200;
            act({ do: 'take', count: 10 });
            for (const position of [...target.open()]) {
              if (position.state === 'sent' && target.acknowledge(position.seq, position.attempts))
                done.add(position.seq);
            }
            write();
          }
          expect(target.acknowledgedTo).toBe(log.length);
          expect(disk).toEqual({ floor: log.length, rows: new Map() });
          expect(done.size).toBe(log.filter((lane) => lane !== null).length);
        },
      ),
      { numRuns: 300 },
    );
  });
});
