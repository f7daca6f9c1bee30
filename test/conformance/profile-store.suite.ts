/** What every profile store must do. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ArchiveFile, ProfileStore } from '../../bridge/src/engine/profile-store.ts';

export interface ProfileStoreUnderTest {
  /** A store over what earlier ones of the same test have left, as another bridge would have it. */
  open(): Promise<ProfileStore>;
  close(): Promise<void>;
}

export function profileStoreSuite(name: string, create: () => Promise<ProfileStoreUnderTest>): void {
  describe(`the profile store ${name}`, () => {
    let under: ProfileStoreUnderTest;
    let folder: string;
    let store: ProfileStore;
    let other: ProfileStore;
    beforeEach(async () => {
      under = await create();
      folder = await mkdtemp(join(tmpdir(), 'wabridge-profiles-'));
      [store, other] = [await under.open(), await under.open()];
    });
    afterEach(async () => {
      await Promise.all([store.stop(), other.stop()]);
      await under.close();
      await rm(folder, { recursive: true, force: true });
    });

    const write = async (
      at: ProfileStore,
      text: string,
      version: string | null,
      session = 'support',
    ): Promise<boolean> => (await at.writeRecord(session, text, version)) !== null;
    const textOf = async (of: ProfileStore, session = 'support'): Promise<string | undefined> =>
      (await of.readRecord(session))?.text;
    const fileOf = async (bytes: Buffer): Promise<ArchiveFile> => {
      const path = join(folder, `out-${randomBytes(6).toString('hex')}`);
      await writeFile(path, bytes);
      return { path, sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    };
    const idsOf = async (of: ProfileStore, session = 'support', before?: number): Promise<string[]> => {
      const ids: string[] = [];
      for await (const id of of.archives(session, before)) ids.push(id);
      return ids.sort();
    };

    test('can be used', () => expect(store.check()).resolves.toBeUndefined());

    test('keeps a record for each session, and another bridge reads it', async () => {
      expect(await store.readRecord('support')).toBeNull();
      expect(await write(store, '{"a":1}', null)).toBe(true);
      expect(await write(store, '{"b":1}', null, 'sales')).toBe(true);
      expect([await textOf(other), await textOf(other, 'sales')]).toEqual(['{"a":1}', '{"b":1}']);
    });

    test('a record is replaced only by those who know its version', async () => {
      const first = await store.writeRecord('support', 'one', null);
      expect(first).not.toBeNull();
      expect(await write(other, 'late', null)).toBe(false);
      expect(await other.readRecord('support')).toEqual({ text: 'one', version: first });
      const second = await other.writeRecord('support', 'two', first);
      const third = await other.writeRecord('support', 'three', second);
      expect(await store.readRecord('support')).toEqual({ text: 'three', version: third });
      for (const version of [first, second]) expect(await write(store, 'old', version)).toBe(false);
      expect(await textOf(store)).toBe('three');
    });

    test('a record that does not exist has no version to be replaced', async () => {
      const version = await store.writeRecord('sales', 'one', null);
      expect(await write(store, 'one', version)).toBe(false);
      expect(await store.readRecord('support')).toBeNull();
    });

    test('of many who write at the same time one succeeds, round after round', async () => {
      for (let round = 0; round < 10; round += 1) {
        const version = (await store.readRecord('support'))?.version ?? null;
        const writers = Array.from({ length: 8 }, (_, index) => ({
          text: `${round}-${index}`,
          at: index % 2 === 0 ? store : other,
        }));
        const written = await Promise.all(writers.map(({ text, at }) => write(at, text, version)));
        const winners = writers.filter((_, index) => written[index]);
        expect(winners.map(({ text }) => text)).toEqual([await textOf(store)]);
      }
    });

    test('keeps archives as they are, and another bridge gets them', async () => {
      // The second is sent to a bucket in parts.
      for (const [id, size] of [
        ['a-1', 70_000],
        ['B2', 6 * 1024 * 1024],
        ['empty', 0],
      ] as const) {
        const bytes = randomBytes(size);
        const file = await fileOf(bytes);
        await store.putArchive('support', id, file);
        expect((await readFile(file.path)).equals(bytes)).toBe(true);
        const path = join(folder, `in-${id}`);
        expect(await other.getArchive('support', id, path)).toBe(true);
        expect((await readFile(path)).equals(bytes)).toBe(true);
      }
      expect(await idsOf(other)).toEqual(['B2', 'a-1', 'empty']);
      expect(await idsOf(other, 'sales')).toEqual([]);
    });

    test('an archive is removed, and one that does not exist is not there', async () => {
      const file = await fileOf(randomBytes(10));
      await store.putArchive('support', 'one', file);
      await store.putArchive('support', 'two', file);
      await store.putArchive('sales', 'one', file);
      await other.removeArchive('support', 'one');
      await other.removeArchive('support', 'one');
      const path = join(folder, 'in');
      expect(await store.getArchive('support', 'one', path)).toBe(false);
      expect(existsSync(path)).toBe(false);
      expect([await idsOf(store), await idsOf(store, 'sales')]).toEqual([['two'], ['one']]);
    });

    test('archives and record of a session do not mix, and archives are told by their age', async () => {
      await store.writeRecord('support', 'one', null);
      await store.putArchive('support', 'one', await fileOf(randomBytes(10)));
      expect(await idsOf(store)).toEqual(['one']);
      expect(await idsOf(store, 'support', Date.now() - 60_000)).toEqual([]);
      expect(await idsOf(store, 'support', Date.now() + 60_000)).toEqual(['one']);
      expect(await textOf(store)).toBe('one');
    });

    test('what is given up leaves no archive', async () => {
      const file = await fileOf(randomBytes(100_000));
      const signal = AbortSignal.abort();
      const unavailable = { code: 'WAB_PROFILE_STORE_UNAVAILABLE' };
      await expect(store.putArchive('support', 'one', file, signal)).rejects.toMatchObject(unavailable);
      expect(await idsOf(store)).toEqual([]);
      await store.putArchive('support', 'one', file);
      await expect(store.getArchive('support', 'one', join(folder, 'in'), signal)).rejects.toMatchObject(unavailable);
    });

    test.each(['../support', '', 'Support', 'a/b'])('a session cannot be named %j', async (session) => {
      for (const work of [
        async () => store.readRecord(session),
        async () => store.writeRecord(session, 'x', null),
        async () => store.removeArchive(session, 'one'),
        async () => store.getArchive(session, 'one', join(folder, 'in')),
      ])
        await expect(work()).rejects.toThrow('not a valid session name');
      await expect((async () => store.removeArchive('support', '../one'))()).rejects.toThrow('not a valid archive id');
    });
  });
}
