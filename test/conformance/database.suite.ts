/** What every Database must do. An implementation runs through it against the real thing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { newOutboxId } from '../../bridge/src/contract/ids.ts';
import type { Database } from '../../bridge/src/store/database.ts';
import { appendEvent, type AppendRow } from '../../bridge/src/store/events.repository.ts';
import type { Call } from '../../bridge/src/store/operation.ts';
import { moveMessage } from '../../bridge/src/store/outbox.repository.ts';

export interface DatabaseSubject {
  /** Opens the database that belongs to a data folder; the same one for the same folder. */
  open(dataDir: string): Promise<Database>;
  /** Where it can be backed up to a file. */
  readonly restore?: (file: string, dataDir: string) => { readonly epoch: string };
  /**
   * What `endless-writer.ts` is started with, besides the folder in argv[2]: it opens the database of that folder, writes
   * without end and prints each acknowledged id.
   */
  environment?(dataDir: string): Promise<NodeJS.ProcessEnv>;
}

const ENDLESS_WRITER = new URL('./endless-writer.ts', import.meta.url);

export const rowNamed = (id: string, patch: Partial<AppendRow> = {}): AppendRow => ({
  id,
  aliases: [],
  type: 'message.received',
  session: 'support',
  chatId: '4915112345678@c.us',
  chatKind: 'direct',
  senderKeys: '["4915112345678@c.us"]',
  fromMe: 0,
  occurredAt: '2026-01-02T03:04:05.000Z',
  recordedAt: 1,
  lane: 'support|4915112345678@c.us',
  body: '{}',
  dedupeUntil: 2,
  ...patch,
});

const append = (id: string): Call<{ seq: number; duplicate: boolean }> => appendEvent(rowNamed(id));
/** Breaks a constraint of the database. */
const impossible = (): Call<unknown> => appendEvent(rowNamed('impossible', { lane: null as unknown as string }));
/** Throws an error of the catalogue. */
const refused = (): Call<unknown> =>
  moveMessage({ of: { id: newOutboxId() }, from: ['queued'], to: 'cancelled', now: 1, required: true });

const idsIn = async (database: Database): Promise<string[]> =>
  (await database.reader.selectFrom('events').select('id').orderBy('seq').execute()).map((row) => row.id);

export function databaseSuite(name: string, subject: DatabaseSubject): void {
  // Each test starts threads or processes, on whatever machine.
  jest.setTimeout(60_000);

  describe(`Database: ${name}`, () => {
    let folder: string;
    let dataDir: string;
    const opened: Database[] = [];
    const onTestFinished: (() => void)[] = [];
    const open = async (dir = dataDir): Promise<Database> => {
      const database = await subject.open(dir);
      opened.push(database);
      return database;
    };

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'wabridge-database-'));
      dataDir = join(folder, 'data');
    });
    afterEach(async () => {
      for (const end of onTestFinished.splice(0)) end();
      await Promise.all(opened.splice(0).map((database) => database.close()));
      rmSync(folder, { recursive: true, force: true });
    });

    test('a unit is carried out whole or not at all', async () => {
      const database = await open();
      await expect(database.write([append('a'), append('b'), impossible()])).rejects.toThrow();
      expect(await idsIn(database)).toEqual([]);
      const [first, second] = await database.write([append('a'), append('b')]);
      expect(second.seq).toBeGreaterThan(first.seq);
      expect(await idsIn(database)).toEqual(['a', 'b']);
    });

    test('a failure rolls back nobody else of the same group', async () => {
      const database = await open();
      const outcomes = await Promise.allSettled([
        database.write(append('a')),
        database.write([append('lost'), impossible()]),
        database.write(append('b')),
        database.write([append('lost too'), refused()]),
        database.write(append('c')),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'rejected',
        'fulfilled',
      ]);
      expect(await idsIn(database)).toEqual(['a', 'b', 'c']);
    });

    test('units are carried out in the order of their submission', async () => {
      const database = await open();
      const ids = Array.from({ length: 2_000 }, (_, index) => `event ${index}`);
      const results = await Promise.all(ids.map((id) => database.write(append(id))));
      const positions = results.map(({ seq }) => seq);
      expect(positions).toEqual([...positions].sort((a, b) => a - b));
      expect(await idsIn(database)).toEqual(ids);
    });

    test('what a write resolved is seen by the reader', async () => {
      const database = await open();
      for (let index = 0; index < 20; index++) {
        await database.write(append(`event ${index}`));
        expect(await idsIn(database)).toHaveLength(index + 1);
      }
    });

    test('an operation that ends its unit leaves out the rest', async () => {
      const database = await open();
      await database.write(append('a'));
      const results = await database.write([append('a'), append('effect of a')]);
      expect(results[0]).toMatchObject({ duplicate: true });
      expect(await idsIn(database)).toEqual(['a']);
    });

    test('errors of the catalogue keep code and details, others their message', async () => {
      const database = await open();
      await expect(database.write(refused())).rejects.toMatchObject({
        name: 'WabError',
        code: expect.stringMatching(/^WAB_OUTBOX_/),
      });
      await expect(database.write(impossible())).rejects.toThrow(/not.null/i);
      await expect(database.write({ operation: 'no.such', args: null })).rejects.toThrow(/no\.such/);
      const uncloneable: Call<unknown> = { operation: 'events.append', args: () => 1 };
      const [broken, good] = await Promise.allSettled([database.write(uncloneable), database.write(append('a'))]);
      expect([broken.status, good.status]).toEqual(['rejected', 'fulfilled']);
    });

    test('the reader cannot write', async () => {
      const database = await open();
      await expect(database.reader.deleteFrom('events').execute()).rejects.toThrow(/read-?only/i);
    });

    test('every acknowledged write survives SIGKILL, and the folder is free at once', async () => {
      const child = spawn(process.execPath, [fileURLToPath(ENDLESS_WRITER), dataDir], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...(await subject.environment?.(dataDir)) },
      });
      onTestFinished.push(() => child.kill('SIGKILL'));
      const exited = once(child, 'exit');
      const acknowledged: string[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.push(line);
        // More lines arrive until the kill takes effect; those count as well.
        if (acknowledged.length === 700) child.kill('SIGKILL');
      }
      expect(await exited).toEqual([null, 'SIGKILL']);
      const stored = new Set(await idsIn(await open()));
      expect(acknowledged.length).toBeGreaterThanOrEqual(700);
      expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    });

    test('a second opener is refused and told by whom', async () => {
      const database = await open();
      await expect(subject.open(dataDir)).rejects.toMatchObject({
        code: 'WAB_DATABASE_LOCKED',
        details: { folder: dataDir, pid: String(process.pid) },
      });
      await database.write(append('a'));
      await database.close();
      expect(await idsIn(await open())).toEqual(['a']);
    });

    test('opening again migrates nothing twice and keeps the epoch', async () => {
      const epochOf = async (database: Database): Promise<unknown> =>
        (await database.reader.selectFrom('log_meta').select('epoch').executeTakeFirstOrThrow()).epoch;
      const first = await open();
      const epoch = await epochOf(first);
      await first.write(append('a'));
      await first.close();
      const second = await open();
      expect(await epochOf(second)).toBe(epoch);
      expect(await idsIn(second)).toEqual(['a']);
    });

    test('closing finishes what was submitted and refuses what comes after', async () => {
      const database = await open();
      const writes = Array.from({ length: 1_500 }, (_, index) => database.write(append(`event ${index}`)));
      const closed = database.close();
      await expect(database.write(append('late'))).rejects.toMatchObject({ code: 'WAB_SHUTTING_DOWN' });
      await expect(Promise.all(writes)).resolves.toHaveLength(1_500);
      await closed;
      expect(await idsIn(await open())).toHaveLength(1_500);
    });

    const { restore } = subject;
    if (restore) {
      test('a backup made while work goes on is consistent', async () => {
        const database = await open();
        const before = Array.from({ length: 500 }, (_, index) => `before ${index}`);
        await Promise.all(before.map((id) => database.write([append(`${id} one`), append(`${id} two`)])));
        let written = 0;
        let stop = false;
        const writing = (async () => {
          for (; !stop; written++)
            await database.write([append(`during ${written} one`), append(`during ${written} two`)]);
        })();
        const file = join(folder, 'backup.db');
        await database.backup(file);
        const during = written;
        stop = true;
        await writing;

        const other = join(folder, 'other');
        restore(file, other);
        const ids = await idsIn(await open(other));
        expect(ids.length).toBeGreaterThanOrEqual(1_000);
        expect(ids.length).toBeLessThanOrEqual(1_000 + 2 * (during + 1));
        // Units are whole, and nothing is missing in between.
        expect(ids).toEqual((await idsIn(database)).slice(0, ids.length));
        expect(ids.length % 2).toBe(0);
        await expect(database.backup(file)).rejects.toMatchObject({ code: 'WAB_BACKUP_EXISTS' });
      });

      test('a restored backup has the old content and another epoch', async () => {
        const database = await open();
        const { epoch } = await database.reader.selectFrom('log_meta').select('epoch').executeTakeFirstOrThrow();
        await database.write(append('kept'));
        const file = join(folder, 'backup.db');
        await database.backup(file);
        await database.write(append('gone'));
        expect(() => restore(file, dataDir)).toThrow(expect.objectContaining({ code: 'WAB_DATABASE_LOCKED' }));
        await database.close();

        const restored = restore(file, dataDir);
        expect(restored.epoch).not.toBe(epoch);
        const again = await open();
        expect(await idsIn(again)).toEqual(['kept']);
        const meta = await again.reader.selectFrom('log_meta').select('epoch').executeTakeFirstOrThrow();
        expect(meta.epoch).toBe(restored.epoch);
        await again.write(append('new'));
        expect(await idsIn(again)).toEqual(['kept', 'new']);
      });

      test('what is no backup is refused, and the database stays as it was', async () => {
        const database = await open();
        await database.write(append('kept'));
        await database.close();
        const garbage = join(folder, 'garbage.db');
        writeFileSync(garbage, 'this is no database at all, but it is long enough to look at it'.repeat(100));
        const invalid = expect.objectContaining({ code: 'WAB_BACKUP_INVALID' });
        expect(() => restore(garbage, dataDir)).toThrow(invalid);
        expect(() => restore(join(folder, 'missing.db'), dataDir)).toThrow(invalid);
        expect(existsSync(join(folder, 'missing.db'))).toBe(false);
        expect(await idsIn(await open())).toEqual(['kept']);
      });
    }
  });
}
