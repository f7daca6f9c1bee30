/** All tables, put together from the domains. Each domain declares its own in `<domain>.tables.ts`. */
import type { AuthTables } from './auth.tables.ts';
import type { EventsTables } from './events.tables.ts';
import type { MediaTables } from './media.tables.ts';
import type { OutboxTables } from './outbox.tables.ts';
import type { SessionsTables } from './sessions.tables.ts';
import type { StreamTables } from './stream.tables.ts';
// To add a domain: one import line here …

export interface Schema
  // … and one line here.
  extends AuthTables, EventsTables, MediaTables, OutboxTables, SessionsTables, StreamTables {}
