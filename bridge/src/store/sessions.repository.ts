/** Reads and write operations of the sessions. */
import type { Kysely, Selectable } from 'kysely';
import { WabError } from '../contract/errors.ts';
import type { SessionName } from '../contract/ids.ts';
import { defineOperation } from './operation.ts';
import type { Schema } from './schema.ts';
import type { DesiredState, SessionsTable } from './sessions.tables.ts';

export type SessionRow = Selectable<SessionsTable>;

interface ProxyColumns {
  /** Scheme, host and port. */
  readonly proxy: string | null;
  /** Sealed. */
  readonly proxy_login: string | null;
}

interface SettingsColumns {
  /** As JSON. */
  readonly settings: string | null;
  /** Sealed. */
  readonly secrets: string | null;
}

/** @throws WabError WAB_SESSION_EXISTS */
export const addSession = defineOperation(
  'sessions.add',
  async (
    db,
    args: ProxyColumns &
      SettingsColumns & { readonly name: SessionName; readonly engine: string; readonly now: number },
  ): Promise<void> => {
    const { name, engine, proxy, proxy_login, settings, secrets, now } = args;
    const made = await db
      .insertInto('sessions')
      .values({
        name,
        engine,
        desired: 'running',
        self: null,
        refusal: null,
        proxy,
        proxy_login,
        settings,
        secrets,
        created_at: now,
        updated_at: now,
      })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .executeTakeFirst();
    if (made.numInsertedOrUpdatedRows !== 1n) throw new WabError('WAB_SESSION_EXISTS', { session: name });
  },
);

export const setSessionDesired = defineOperation(
  'sessions.setDesired',
  async (
    db,
    args: {
      readonly name: SessionName;
      readonly desired: DesiredState;
      /** With `refused`: why, for a person. */
      readonly refusal?: string;
      readonly now: number;
    },
  ): Promise<void> => {
    await db
      .updateTable('sessions')
      .set({ desired: args.desired, refusal: args.refusal ?? null, updated_at: args.now })
      .where('name', '=', args.name)
      // What is being removed is not revived by a late signal.
      .where('desired', '!=', 'deleting')
      .execute();
  },
);

/** @param args.self the linked account as JSON, null once it is unlinked */
export const setSessionSelf = defineOperation(
  'sessions.setSelf',
  async (
    db,
    args: { readonly name: SessionName; readonly self: string | null; readonly now: number },
  ): Promise<void> => {
    await db
      .updateTable('sessions')
      .set({ self: args.self, updated_at: args.now })
      .where('name', '=', args.name)
      .execute();
  },
);

/** @param args.account the account linked now or last, as JSON. @param args.login how many logins have ended */
export const setSessionAccount = defineOperation(
  'sessions.setAccount',
  async (
    db,
    args: {
      readonly name: SessionName;
      readonly account: string | null;
      readonly login: number;
      readonly now: number;
    },
  ): Promise<void> => {
    await db
      .updateTable('sessions')
      .set({ account: args.account, login: args.login, updated_at: args.now })
      .where('name', '=', args.name)
      .execute();
  },
);

export const setSessionProxy = defineOperation(
  'sessions.setProxy',
  async (db, args: ProxyColumns & { readonly name: SessionName; readonly now: number }): Promise<void> => {
    await db
      .updateTable('sessions')
      .set({ proxy: args.proxy, proxy_login: args.proxy_login, updated_at: args.now })
      .where('name', '=', args.name)
      .execute();
  },
);

export const removeSession = defineOperation(
  'sessions.remove',
  async (db, args: { readonly name: SessionName }): Promise<void> => {
    await db.deleteFrom('sessions').where('name', '=', args.name).execute();
  },
);

export const sessionOperations = [
  addSession,
  setSessionDesired,
  setSessionSelf,
  setSessionAccount,
  setSessionProxy,
  removeSession,
];

/** All sessions, in the order in which they were added. */
export function listSessions(reader: Kysely<Schema>): Promise<SessionRow[]> {
  return reader.selectFrom('sessions').selectAll().orderBy('created_at').orderBy('name').execute();
}
