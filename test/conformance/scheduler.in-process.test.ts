import type { SessionName } from '../../bridge/src/contract/ids.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import { createLogger } from '../../bridge/src/ops/logger.ts';
import { InProcessScheduler } from '../../bridge/src/outbox/in-process-scheduler.ts';
import { schedulerSuite } from './scheduler.suite.ts';

schedulerSuite('in this process', () =>
  Promise.resolve(new InProcessScheduler<SessionName>(systemClock, createLogger('silent', 'json'))),
);
