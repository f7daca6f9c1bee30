import { durableLogOver } from './event-log/durable-log.ts';
import { eventLogSuite } from './event-log.suite.ts';
import { openPostgres } from './postgres-subject.ts';

eventLogSuite('PostgreSQL', durableLogOver(openPostgres));
