import { freshRedis } from '../servers/fresh.ts';
import { outboxKillSuite } from './outbox-kill.suite.ts';

outboxKillSuite(freshRedis);
