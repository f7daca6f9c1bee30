import { expect, test } from '@jest/globals';
import { Metrics } from '../../../bridge/src/ops/metrics.ts';

test('the memory of a session is shown for as long as its browser runs', async () => {
  const metrics = new Metrics();
  metrics.sessionMemory('support', 1_000);
  metrics.sessionMemory('sales', 2_000);
  metrics.sessionMemory('support', 1_500);
  metrics.sessionMemory('sales', null);
  const shown = (await metrics.render()).split('\n').filter((line) => line.startsWith('wabridge_session_memory_bytes'));
  expect(shown).toEqual(['wabridge_session_memory_bytes{session="support"} 1500']);
});

test('whether Redis can be used is shown where it is used', async () => {
  const metrics = new Metrics();
  const shown = async () => (await metrics.render()).split('\n').filter((line) => line.startsWith('wabridge_redis'));
  expect(await shown()).toEqual([]);
  metrics.redisUp(true);
  metrics.wokenBy('redis');
  metrics.redisUp(false);
  metrics.wokenBy('process');
  expect(await shown()).toEqual([
    'wabridge_redis_wake_ups_total{source="redis"} 1',
    'wabridge_redis_wake_ups_total{source="process"} 1',
    'wabridge_redis_up 0',
  ]);
});
