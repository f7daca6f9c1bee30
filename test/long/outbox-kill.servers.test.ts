/** The bridge killed at each state of a send, on PostgreSQL and Redis. */
import { outboxKillSuite } from '../conformance/outbox-kill.suite.ts';
import { freshPostgres, freshRedis } from '../servers/fresh.ts';

outboxKillSuite(async () => ({ databaseUrl: await freshPostgres(), redisUrl: await freshRedis() }));
