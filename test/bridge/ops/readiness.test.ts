import { expect, test } from '@jest/globals';
import { Readiness } from '../../../bridge/src/ops/readiness.ts';

test('a note says what is worse than usual, and keeps the bridge ready; a probe that fails does not', async () => {
  let works = true;
  const readiness = new Readiness(
    { database: () => (works ? Promise.resolve() : Promise.reject(new Error('it is gone'))) },
    { scheduler: () => 'degraded: Redis cannot be used' },
  );
  expect(await readiness.check()).toEqual({
    ready: true,
    checks: { lifecycle: 'ok', database: 'ok', scheduler: 'degraded: Redis cannot be used' },
  });
  works = false;
  expect((await readiness.check()).ready).toBe(false);
});
