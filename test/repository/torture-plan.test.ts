/** What `npm run torture` plans from a seed. */
import { expect, test } from '@jest/globals';
import { BACKENDS } from '../servers/backends.ts';
import { planOf } from '../torture/plan.ts';

test('the same seed gives the same plan, another seed another', () => {
  for (const backend of BACKENDS) {
    expect(planOf(backend, 30, 7)).toEqual(planOf(backend, 30, 7));
    expect(planOf(backend, 30, 7)).not.toEqual(planOf(backend, 30, 8));
    // So that a long run that failed early can be repeated in less time.
    expect(planOf(backend, 10, 7)).toEqual(planOf(backend, 30, 7).slice(0, 10));
  }
});

test('every kind of fault and of client is used, and a long run holds each server longer than any timeout', () => {
  const plan = planOf('postgres-redis-s3', 100, 1);
  const kinds = new Map<string, number>();
  for (const { fault } of plan) kinds.set(fault.kind, (kinds.get(fault.kind) ?? 0) + 1);
  expect(kinds.size).toBe(11);
  expect(Math.min(...kinds.values())).toBeGreaterThanOrEqual(9);
  expect(new Set(planOf('sqlite', 100, 1).map(({ fault }) => fault.kind)).size).toBe(2);
  const sends = plan.flatMap((round) => round.sends);
  expect(new Set(sends.map(({ client }) => client)).size).toBe(4);
  expect(sends.some(({ hasFile }) => hasFile)).toBe(true);
  expect(new Set(sends.map(({ text }) => text)).size).toBe(sends.length);
  const long = plan.filter(({ fault }) => fault.holdMs > 30_000).map(({ fault }) => fault.kind);
  expect(long.sort()).toEqual(['pause PostgreSQL', 'pause Redis']);
});
