/** Every migration in order. A static list, so that it works the same from sources and from the built package. */
import type { Migration, MigrationProvider } from 'kysely/migration';
import * as events from './0001-events.ts';
import * as stream from './0002-stream.ts';
import * as auth from './0003-auth.ts';
import * as outbox from './0004-outbox.ts';
import * as sessions from './0005-sessions.ts';
import * as media from './0006-media.ts';
import * as sessionRefusal from './0007-session-refusal.ts';
import * as sessionProxy from './0008-session-proxy.ts';
import * as outboxAccounts from './0009-outbox-accounts.ts';
import * as subscriptionPause from './0010-subscription-pause.ts';
import * as mediaOwners from './0011-media-owners.ts';
import * as messageIds from './0012-message-ids.ts';
import * as outboxDeadlines from './0013-outbox-deadlines.ts';
import * as sessionSettings from './0014-session-settings.ts';
// To add a migration: one import line here …

export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-events': events,
  '0002-stream': stream,
  '0003-auth': auth,
  '0004-outbox': outbox,
  '0005-sessions': sessions,
  '0006-media': media,
  '0007-session-refusal': sessionRefusal,
  '0008-session-proxy': sessionProxy,
  '0009-outbox-accounts': outboxAccounts,
  '0010-subscription-pause': subscriptionPause,
  '0011-media-owners': mediaOwners,
  '0012-message-ids': messageIds,
  '0013-outbox-deadlines': outboxDeadlines,
  '0014-session-settings': sessionSettings,
  // … and one line here, in order of their numbers.
};

export const migrationProvider: MigrationProvider = {
  getMigrations: () => Promise.resolve({ ...MIGRATIONS }),
};
