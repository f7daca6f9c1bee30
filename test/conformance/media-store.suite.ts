/** What every media store must do. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { MediaStore } from '../../bridge/src/media/media-store.ts';

export interface MediaStoreUnderTest {
  /** A store that is not started, over what earlier ones of the same test have left. */
  open(): Promise<MediaStore>;
  /** Everything the store keeps, committed or not, in bytes. */
  bytesKept(): Promise<number>;
  close(): Promise<void>;
}

export function mediaStoreSuite(name: string, create: () => Promise<MediaStoreUnderTest>): void {
  describe(`the media store ${name}`, () => {
    let under: MediaStoreUnderTest;
    let store: MediaStore;
    const bytes = randomBytes(300_000);
    const KEY = 'med_01ARZ3NDEKTSV4RRFFQ69G5FAV';
    const chunked = (content: Buffer = bytes) =>
      Readable.from(
        Array.from({ length: Math.ceil(content.length / 65_536) }, (_, index) =>
          content.subarray(index * 65_536, (index + 1) * 65_536),
        ),
      );
    const keys = async (of: MediaStore = store): Promise<string[]> => {
      const found: string[] = [];
      for await (const key of of.keys()) found.push(key);
      return found.sort();
    };
    const put = async (key: string, content: Buffer): Promise<void> => {
      await (await store.spool(chunked(content), () => undefined)).commit(key);
    };

    beforeEach(async () => {
      under = await create();
      store = await under.open();
      await store.start();
    });
    afterEach(() => under.close());

    test('what is spooled is hashed, counted and readable, but under no key before the commit', async () => {
      const counts: number[] = [];
      const file = await store.spool(chunked(), (count) => counts.push(count));
      expect(file.sizeBytes).toBe(bytes.length);
      expect(file.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(bytes.length);
      expect((await readFile(file.path)).equals(bytes)).toBe(true);
      expect(await keys()).toEqual([]);
      expect(await store.open(KEY)).toBeNull();
      await file.commit(KEY);
      expect((await buffer((await store.open(KEY))!)).equals(bytes)).toBe(true);
      expect((await readFile((await store.localPath(KEY))!)).equals(bytes)).toBe(true);
      expect(await keys()).toEqual([KEY]);
    });

    test('an empty file is a file', async () => {
      await put(KEY, Buffer.alloc(0));
      expect(await buffer((await store.open(KEY))!)).toHaveLength(0);
    });

    test('discarding leaves nothing; after the commit it changes nothing', async () => {
      await (await store.spool(chunked(), () => undefined)).discard();
      expect(await under.bytesKept()).toBe(0);
      const kept = await store.spool(chunked(), () => undefined);
      await kept.commit(KEY);
      await kept.discard();
      expect(await keys()).toEqual([KEY]);
    });

    test('a stream that breaks leaves nothing and says why', async () => {
      const broken = Readable.from(
        (async function* () {
          yield bytes.subarray(0, 100_000);
          throw new Error('the line broke');
        })(),
      );
      await expect(store.spool(broken, () => undefined)).rejects.toThrow('the line broke');
      expect(await under.bytesKept()).toBe(0);
    });

    test('the one who counts can end it: nothing is left, and the stream is not destroyed', async () => {
      const body = chunked();
      let seen = 0;
      const refuse = (count: number): void => {
        seen += count;
        if (seen > 100_000) throw new Error('too much');
      };
      await expect(store.spool(body, refuse)).rejects.toThrow('too much');
      expect(seen).toBe(131_072);
      expect(await under.bytesKept()).toBe(0);
      expect(body.destroyed).toBe(false);
      body.destroy();
    });

    test('a commit replaces what was there', async () => {
      await put(KEY, Buffer.from('old'));
      await put(KEY, Buffer.from('new'));
      expect(String(await buffer((await store.open(KEY))!))).toBe('new');
    });

    test('size and digest can be asked for', async () => {
      expect(await store.describe(KEY)).toBeNull();
      await put(KEY, bytes);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      expect(await store.describe(KEY)).toEqual({ sizeBytes: bytes.length, sha256 });
    });

    test.each([
      [1, 1],
      [0, 99],
      [100, 70_000],
      [299_999, 299_999],
    ])('a part from %d to %d is those bytes, both ends among them', async (start, end) => {
      await put(KEY, bytes);
      const part = await buffer((await store.open(KEY, { start, end }))!);
      expect(part.equals(bytes.subarray(start, end + 1))).toBe(true);
    });

    test('a part of what is not there is nothing', async () => {
      expect(await store.open(KEY, { start: 0, end: 9 })).toBeNull();
    });

    test('a large file comes back as it went in', async () => {
      const large = randomBytes(12 * 1024 * 1024 + 17);
      await put(KEY, large);
      expect((await buffer((await store.open(KEY))!)).equals(large)).toBe(true);
      expect((await readFile((await store.localPath(KEY))!)).equals(large)).toBe(true);
      expect(await under.bytesKept()).toBe(large.length);
    });

    test('a local file can be had by a store that did not put it there, and by many at once', async () => {
      await put(KEY, bytes);
      const next = await under.open();
      await next.start();
      const paths = await Promise.all(Array.from({ length: 10 }, () => next.localPath(KEY)));
      expect(new Set(paths).size).toBe(1);
      expect((await readFile(paths[0]!)).equals(bytes)).toBe(true);
      expect((await stat(paths[0]!)).mode & 0o077).toBe(0);
    });

    test('only those that were there before a time, if asked so', async () => {
      const early = Date.now() - 60_000;
      await put(KEY, bytes);
      const listed = async (before: number): Promise<string[]> => {
        const found: string[] = [];
        for await (const key of store.keys(before)) found.push(key);
        return found;
      };
      expect(await listed(early)).toEqual([]);
      expect(await listed(Date.now() + 60_000)).toEqual([KEY]);
    });

    test('it can be checked, and what interrupted commits have left can be removed', async () => {
      await put(KEY, bytes);
      await store.check();
      await store.removeUnfinished(Date.now() + 60_000);
      expect(await keys()).toEqual([KEY]);
      expect(await under.bytesKept()).toBe(bytes.length);
    });

    test('removing works once and again', async () => {
      await put(KEY, bytes);
      await store.remove(KEY);
      await store.remove(KEY);
      expect(await store.open(KEY)).toBeNull();
      expect(await store.localPath(KEY)).toBeNull();
      expect(await under.bytesKept()).toBe(0);
    });

    test('many at once do not mix', async () => {
      const names = Array.from({ length: 20 }, (_, index) => `key_${String(index).padStart(2, '0')}`);
      await Promise.all(names.map((key) => put(key, Buffer.from(key.repeat(1_000)))));
      expect(await keys()).toEqual(names);
      for (const key of names) expect(String(await buffer((await store.open(key))!))).toBe(key.repeat(1_000));
    });

    test('the next start keeps what was committed and removes what was only spooled', async () => {
      await put(KEY, bytes);
      await store.spool(chunked(), () => undefined);
      const next = await under.open();
      await next.start();
      expect(await keys(next)).toEqual([KEY]);
      expect(await under.bytesKept()).toBe(bytes.length);
    });

    test('a key cannot lead out of the store', async () => {
      for (const key of ['../../etc/passwd', 'a/b', '..', '', 'x', 'a\0b']) {
        await expect(store.open(key)).rejects.toThrow();
        const file = await store.spool(chunked(Buffer.from('x')), () => undefined);
        await expect(file.commit(key)).rejects.toThrow();
        await file.discard();
      }
      expect(await under.bytesKept()).toBe(0);
    });
  });
}
