import { outboxKillSuite } from './outbox-kill.suite.ts';

outboxKillSuite(async () => ({ databaseUrl: '', redisUrl: '' }));
