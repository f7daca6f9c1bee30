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
