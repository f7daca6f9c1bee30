import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { defineOperation } from '../../../../bridge/src/store/operation.ts';
import { byName } from '../../../../bridge/src/store/operations.ts';
import { deserializeError } from '../../../../bridge/src/store/sqlite/serialized-error.ts';
import { CommitInDoubtError, GroupWriter } from '../../../../bridge/src/store/sqlite/group-writer.ts';

const put = defineOperation('test.put', async (transaction, args: { key: string; size?: number }) => {
  await sql`insert into kept values (${args.key}, ${'x'.repeat(args.size ?? 1)})`.execute(transaction);
  return args.key;
});
const boom = defineOperation('test.boom', (): Promise<void> => Promise.reject(new Error('boom')));

describe('GroupWriter', () => {
  let database: DatabaseSync;
  let writer: GroupWriter;
  beforeEach(async () => {
    database = new DatabaseSync(':memory:');
    database.exec('CREATE TABLE kept (key TEXT PRIMARY KEY, value TEXT)');
    writer = await GroupWriter.create(database, byName([[put, boom]]));
  });
  const keys = (): unknown[] =>
    database
      .prepare('SELECT key FROM kept')
      .all()
      .map((row) => row['key']);

  test('a group is one transaction with an outcome for each unit', async () => {
    const outcomes = await writer.commit([
      { id: 1, calls: [put({ key: 'a' })] },
      { id: 2, calls: [put({ key: 'b' }), boom(undefined)] },
      { id: 3, calls: [put({ key: 'a' })] },
      { id: 4, calls: [put({ key: 'c' })] },
    ]);
    expect(outcomes.map((outcome) => ('error' in outcome ? outcome.error.message : outcome.results))).toEqual([
      ['a'],
      'boom',
      expect.stringMatching(/UNIQUE/),
      ['c'],
    ]);
    expect(keys()).toEqual(['a', 'c']);
    expect(database.isTransaction).toBe(false);
  });

  test('a full disk fails the group as a whole, says so, and leaves the writer usable', async () => {
    await writer.commit([{ id: 1, calls: [put({ key: 'before' })] }]);
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number };
    database.exec(`PRAGMA max_page_count = ${pages + 2}`);
    const outcomes = await writer.commit([
      { id: 2, calls: [put({ key: 'small' })] },
      { id: 3, calls: [put({ key: 'large', size: 100_000 })] },
      { id: 4, calls: [put({ key: 'after' })] },
    ]);
    // Whoever was told of success is on disk; whoever failed is not.
    for (const [index, key] of ['small', 'large', 'after'].entries()) {
      const outcome = outcomes[index]!;
      expect(keys().includes(key)).toBe(!('error' in outcome));
    }
    const large = outcomes[1]!;
    expect('error' in large && deserializeError(large.error)).toMatchObject({ code: 'WAB_DISK_FULL' });
    expect(keys()).toContain('before');

    database.exec('PRAGMA max_page_count = 1000000');
    await writer.commit([{ id: 5, calls: [put({ key: 'later' })] }]);
    expect(keys()).toContain('later');
  });

  /** SQLite's own extended codes; no disk fails on request, so the statement reports what SQLite would. */
  const COMMIT_FAILURES = [
    ['an I/O error while writing', 778, true],
    ['an fsync that failed', 1034, true],
    ['a file that is damaged', 11, true],
    ['a file that is no database any more', 26, true],
    ['a full disk', 13, false],
    ['a database that is busy', 5, false],
  ] as const;

  test.each(COMMIT_FAILURES)(
    '%s at COMMIT: nothing counts as written, and doubt is fatal',
    async (_what, errcode, isFatal) => {
      const failing = new Proxy(database, {
        get(target, name) {
          if (name === 'prepare')
            return (sql: string) =>
              sql === 'COMMIT'
                ? {
                    run: () => {
                      throw Object.assign(new Error('the disk'), { errcode });
                    },
                  }
                : target.prepare(sql);
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      const doomed = await GroupWriter.create(failing, byName([[put, boom]]));
      const committing = doomed.commit([
        { id: 1, calls: [put({ key: 'a' })] },
        { id: 2, calls: [boom(undefined)] },
      ]);
      if (isFatal) await expect(committing).rejects.toBeInstanceOf(CommitInDoubtError);
      else
        expect(await committing).toMatchObject([
          { id: 1, error: { errcode } },
          { id: 2, error: { message: 'boom' } },
        ]);
      expect(keys()).toEqual([]);
      expect(database.isTransaction).toBe(false);
    },
  );

  test('two operations of one name are refused', () => {
    expect(() => byName([[put], [put]])).toThrow(/test\.put/);
  });
});
