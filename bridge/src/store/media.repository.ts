/** Reads and write operations of the media library. */
import type { Kysely, Selectable } from 'kysely';
import type { MediaId, SessionName, MessageId } from '../contract/ids.ts';
import type { MediaTable } from './media.tables.ts';
import { defineOperation } from './operation.ts';
import type { Schema } from './schema.ts';

export type MediaRow = Selectable<MediaTable>;

/** Why a file that was stored cannot be had: the store does not have it any more. It may come back. */
const MISSING = 'its bytes are missing from the media store';

/** A row that was written this much later than it is now tells of a clock that was set back, in milliseconds. */
const CLOCK_STEP_MS = 1_000;

/** Notes that the file of a message is to be fetched. The same medium a second time changes nothing. */
export const expectMedia = defineOperation(
  'media.expect',
  async (
    db,
    args: {
      readonly id: MediaId;
      readonly session: SessionName;
      readonly messageId: MessageId;
      readonly kind: string;
      readonly mimeType: string;
      readonly fileName: string | null;
      readonly now: number;
    },
  ): Promise<void> => {
    await db
      .insertInto('media')
      .values({
        id: args.id,
        session: args.session,
        owner_sessions: null,
        wire_id: args.messageId,
        kind: args.kind,
        state: 'pending',
        mime_type: args.mimeType,
        size_bytes: 0,
        sha256: '',
        file_name: args.fileName,
        failure: null,
        attempts: 0,
        // At once by any clock, also by one that is set back.
        due_at: 0,
        created_at: args.now,
        updated_at: args.now,
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  },
);

/** Notes a stored file: a new upload, or one that was expected. The bytes are in the store before. */
export const storeMedia = defineOperation(
  'media.store',
  async (
    db,
    args: {
      readonly id: MediaId;
      readonly mimeType: string;
      readonly sizeBytes: number;
      readonly sha256: string;
      /** Null keeps the name that is known. */
      readonly fileName: string | null;
      /** The sessions of the uploader's key; null for all, and ignored where the file was expected. */
      readonly ownerSessions: readonly SessionName[] | null;
      readonly now: number;
    },
  ): Promise<MediaRow> => {
    const found = {
      state: 'stored' as const,
      mime_type: args.mimeType,
      size_bytes: args.sizeBytes,
      sha256: args.sha256,
      failure: null,
      due_at: null,
      updated_at: args.now,
    };
    await db
      .insertInto('media')
      .values({
        ...found,
        id: args.id,
        session: null,
        owner_sessions: args.ownerSessions === null ? null : JSON.stringify(args.ownerSessions),
        wire_id: null,
        kind: null,
        file_name: args.fileName,
        attempts: 0,
        created_at: args.now,
      })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(found))
      .execute();
    return rowOf(db, args.id);
  },
);

/** Notes an attempt to fetch that did not succeed: to be repeated at `dueAt`, or given up where that is null. */
export const postponeMedia = defineOperation(
  'media.postpone',
  async (
    db,
    args: {
      readonly id: MediaId;
      readonly attempts: number;
      readonly dueAt: number | null;
      readonly failure: string;
      readonly now: number;
    },
  ): Promise<MediaRow | undefined> => {
    await db
      .updateTable('media')
      .set({
        state: args.dueAt === null ? 'failed' : 'pending',
        attempts: args.attempts,
        due_at: args.dueAt,
        failure: args.failure,
        updated_at: args.now,
      })
      .where('id', '=', args.id)
      .where('state', '=', 'pending')
      .execute();
    return db.selectFrom('media').selectAll().where('id', '=', args.id).executeTakeFirst();
  },
);

/** Makes what waits for a session due at once, since it is ready. */
export const makeMediaDue = defineOperation(
  'media.makeDue',
  async (db, args: { readonly session: SessionName }): Promise<void> => {
    await db
      .updateTable('media')
      .set({ due_at: 0 })
      .where('state', '=', 'pending')
      .where('session', '=', args.session)
      .where('due_at', '>', 0)
      .execute();
  },
);

/** Puts off everything that waits for a session that is not ready. */
export const parkMedia = defineOperation(
  'media.park',
  async (db, args: { readonly session: SessionName; readonly dueAt: number; readonly now: number }): Promise<void> => {
    await db
      .updateTable('media')
      .set({ due_at: args.dueAt, updated_at: args.now })
      .where('state', '=', 'pending')
      .where('session', '=', args.session)
      .where((row) => row.or([row('due_at', '<', args.dueAt), row('updated_at', '>', args.now + CLOCK_STEP_MS)]))
      .execute();
  },
);

/** Gives up everything that waits for a session. */
export const abandonMedia = defineOperation(
  'media.abandon',
  async (
    db,
    args: { readonly session: SessionName; readonly failure: string; readonly now: number },
  ): Promise<void> => {
    await db
      .updateTable('media')
      .set({ state: 'failed', failure: args.failure, due_at: null, updated_at: args.now })
      .where('state', '=', 'pending')
      .where('session', '=', args.session)
      .execute();
  },
);

export interface ExpiredMedia {
  readonly id: MediaId;
  /** What its file takes, 0 if it has none. */
  readonly sizeBytes: number;
}

/** Removes old media that no outbox message may still need. @returns those whose files are to be removed next */
export const expireMedia = defineOperation(
  'media.expire',
  async (db, args: { readonly before: number; readonly limit: number }): Promise<readonly ExpiredMedia[]> => {
    const rows = await db
      .selectFrom('media')
      .select(['id', 'size_bytes'])
      .where('created_at', '<', args.before)
      .where('state', '!=', 'pending')
      .where((outer) =>
        outer.not(
          outer.exists(
            outer
              .selectFrom('outbox')
              .select('outbox.id')
              .whereRef('outbox.media_id', '=', 'media.id')
              .where('outbox.state', 'in', ['queued', 'sending', 'in_doubt']),
          ),
        ),
      )
      .orderBy('created_at')
      .limit(args.limit)
      .execute();
    const expired = rows.map(({ id, size_bytes }) => ({ id: id as MediaId, sizeBytes: size_bytes }));
    if (expired.length > 0)
      await db
        .deleteFrom('media')
        .where(
          'id',
          'in',
          expired.map(({ id }) => id),
        )
        .execute();
    return expired;
  },
);

/** Notes that the store does not have these files any more. */
export const markMediaMissing = defineOperation(
  'media.missing',
  async (db, args: { readonly ids: readonly string[]; readonly now: number }): Promise<void> => {
    await db
      .updateTable('media')
      .set({ state: 'failed', failure: MISSING, updated_at: args.now })
      .where('id', 'in', args.ids)
      .where('state', '=', 'stored')
      .execute();
  },
);

/** Notes that the store has these files again. */
export const markMediaFound = defineOperation(
  'media.found',
  async (db, args: { readonly ids: readonly string[]; readonly now: number }): Promise<void> => {
    await db
      .updateTable('media')
      .set({ state: 'stored', failure: null, updated_at: args.now })
      .where('id', 'in', args.ids)
      .where('state', '=', 'failed')
      .where('failure', '=', MISSING)
      .execute();
  },
);

export const mediaOperations = [
  expectMedia,
  storeMedia,
  postponeMedia,
  makeMediaDue,
  parkMedia,
  abandonMedia,
  expireMedia,
  markMediaMissing,
  markMediaFound,
] as const;

/** What the media library reads; committed data only. */
export class MediaReads {
  readonly #db: Kysely<Schema>;

  constructor(reader: Kysely<Schema>) {
    this.#db = reader;
  }

  find(id: MediaId): Promise<MediaRow | undefined> {
    return this.#db.selectFrom('media').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** Which of these ids name a file that the store has or should have, each with whether it is known to be missing. */
  async expected(ids: readonly string[]): Promise<ReadonlyMap<string, { readonly isMissing: boolean }>> {
    if (ids.length === 0) return new Map();
    const rows = await this.#db
      .selectFrom('media')
      .select(['id', 'state'])
      .where('id', 'in', ids)
      .where((row) => row.or([row('state', '=', 'stored'), row('failure', '=', MISSING)]))
      .execute();
    return new Map(rows.map(({ id, state }) => [id, { isMissing: state === 'failed' }]));
  }

  /** Ids of stored files that were stored before a time, in batches. */
  async *storedBefore(time: number, limit: number): AsyncIterable<readonly string[]> {
    for (let after = ''; ;) {
      const rows = await this.#db
        .selectFrom('media')
        .select('id')
        .where('state', '=', 'stored')
        .where('id', '>', after)
        .where('updated_at', '<', time)
        .orderBy('id')
        .limit(limit)
        .execute();
      if (rows.length > 0) yield rows.map(({ id }) => id);
      if (rows.length < limit) return;
      after = rows.at(-1)!.id;
    }
  }

  /** Bytes of all stored files. */
  async usedBytes(): Promise<number> {
    const row = await this.#db
      .selectFrom('media')
      .select((expression) => expression.fn.sum<number | null>('size_bytes').as('used'))
      .where('state', '=', 'stored')
      .executeTakeFirst();
    return Number(row?.used ?? 0);
  }

  /**
   * Expected files that may be fetched now, longest due first. What was put off by a clock that was set back since is
   * among them: how long ago that was is not known, so it waits no longer.
   */
  async due(
    now: number,
    limit: number,
    except: { readonly ids: readonly string[]; readonly sessions: readonly string[] },
  ): Promise<MediaRow[]> {
    let query = this.#db.selectFrom('media').selectAll().where('state', '=', 'pending');
    if (except.ids.length > 0) query = query.where('id', 'not in', except.ids);
    if (except.sessions.length > 0) query = query.where('session', 'not in', except.sessions);
    query = query.orderBy('due_at').limit(limit);
    const due = await query.where('due_at', '<=', now).execute();
    if (due.length >= limit) return due;
    const ahead = await query
      .where('due_at', '>', now)
      .where('updated_at', '>', now + CLOCK_STEP_MS)
      .execute();
    return [...due, ...ahead].slice(0, limit);
  }

  /** When the next expected file may be fetched, or null. */
  async nextDue(after: number): Promise<number | null> {
    const row = await this.#db
      .selectFrom('media')
      .select('due_at')
      .where('state', '=', 'pending')
      .where('due_at', '>', after)
      .orderBy('due_at')
      .limit(1)
      .executeTakeFirst();
    return row?.due_at ?? null;
  }
}

const rowOf = (db: Kysely<Schema>, id: string): Promise<MediaRow> =>
  db.selectFrom('media').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
