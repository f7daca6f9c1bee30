import { readFile, writeFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { newMediaId, newOutboxId, type MediaId } from '../../../bridge/src/contract/ids.ts';
import {
  digestOf,
  LIMITS,
  openMedia,
  PNG,
  SAMPLES,
  SESSION,
  streamOf,
  type MediaHarnessOptions,
  type OpenMedia,
} from './media-harness.ts';

jest.setTimeout(20_000);

let media: OpenMedia;
const open = async (options: MediaHarnessOptions = {}): Promise<OpenMedia> => (media = await openMedia(options));
/** @param body what comes instead of the bytes that were announced and signed */
const upload = (bytes: Buffer, id = newMediaId(), fileName: string | null = null, body: Readable = streamOf(bytes)) =>
  media.library.upload({ mediaId: id, sha256: digestOf(bytes), sizeBytes: null, fileName, sessions: null }, body);
const filled = (size: number, byte = 0): Buffer => Buffer.alloc(size, byte);

afterEach(() => media.destroy());

describe('an upload', () => {
  test('is stored with the type found in its bytes and comes back byte for byte', async () => {
    await open();
    const id = newMediaId();
    const info = await upload(PNG, id, 'cat.exe');
    expect(info).toMatchObject({
      mediaId: id,
      session: null,
      state: 'stored',
      mimeType: 'image/png',
      sizeBytes: PNG.length,
      fileName: 'cat.exe',
      failure: null,
    });
    expect(Buffer.from(info.sha256, 'hex').toString('base64')).toBe(digestOf(PNG));
    const { stream } = await media.library.open(id);
    expect((await buffer(stream)).equals(PNG)).toBe(true);
    expect(await media.library.info(id)).toEqual(info);
  });

  test('the same id with the same bytes is the same upload, also at the same time', async () => {
    await open();
    const id = newMediaId();
    const answers = await Promise.all([upload(PNG, id), upload(PNG, id), upload(PNG, id)]);
    expect(new Set(answers.map(({ createdAt }) => createdAt)).size).toBe(1);
    expect(await upload(PNG, id)).toEqual(answers[0]);
    expect(media.quota.usedBytes).toBe(PNG.length);
  });

  test('the same id with other bytes is refused and changes nothing', async () => {
    await open();
    const id = newMediaId();
    await upload(PNG, id);
    await expect(upload(filled(50, 65), id)).rejects.toMatchObject({ code: 'WAB_MEDIA_EXISTS' });
    expect((await buffer((await media.library.open(id)).stream)).equals(PNG)).toBe(true);
    const other = newMediaId();
    const results = await Promise.allSettled([upload(filled(40, 1), other), upload(filled(40, 2), other)]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('an id of a received file cannot be taken', async () => {
    await open();
    const id = await media.expectIncoming(() => streamOf(PNG));
    await expect(upload(PNG, id)).rejects.toMatchObject({ code: 'WAB_MEDIA_EXISTS' });
  });

  test('nothing remains of one that does not have its digest, breaks off or is too large', async () => {
    await open();
    const id = newMediaId();
    await expect(upload(Buffer.from('x'), id, null, streamOf(PNG))).rejects.toMatchObject({
      code: 'WAB_CONTENT_DIGEST_MISMATCH',
    });
    const broken = Readable.from(
      (async function* () {
        yield PNG;
        throw new Error('aborted');
      })(),
    );
    await expect(upload(PNG, id, null, broken)).rejects.toThrow('aborted');
    await expect(upload(filled(LIMITS.document + 1), id)).rejects.toMatchObject({ code: 'WAB_MEDIA_TOO_LARGE' });
    expect(await media.filesOnDisk()).toEqual([]);
    expect(media.quota.usedBytes).toBe(0);
    await expect(media.library.info(id)).rejects.toMatchObject({ code: 'WAB_MEDIA_NOT_FOUND' });
  });

  test('a repetition must have the digest too', async () => {
    await open();
    const id = newMediaId();
    await upload(PNG, id);
    await expect(upload(PNG, id, null, streamOf(filled(9)))).rejects.toMatchObject({
      code: 'WAB_CONTENT_DIGEST_MISMATCH',
    });
  });
});

describe('the quota', () => {
  test('uploads at the same time cannot exceed it together; what fails gives its space back', async () => {
    await open({ quotaBytes: 10_000 });
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => upload(filled(4_000))));
    const refused = results.filter((result): result is PromiseRejectedResult => result.status === 'rejected');
    expect(refused.length).toBeGreaterThanOrEqual(3);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'WAB_STORAGE_FULL' });
    expect(media.quota.usedBytes).toBe((5 - refused.length) * 4_000);
    await upload(filled(1_500));
  });

  test('of ten at the same time those that fit are stored; the others are refused before a byte is read', async () => {
    await open({ quotaBytes: 10_000 });
    let begun = 0;
    // Each comes in small pieces, so that all are under way together.
    const slowly = (bytes: Buffer): Readable =>
      Readable.from(
        (async function* () {
          begun += 1;
          for (let at = 0; at < bytes.length; at += 100) {
            await new Promise(setImmediate);
            yield bytes.subarray(at, at + 100);
          }
        })(),
      );
    const files = Array.from({ length: 10 }, (_, index) => filled(3_000, index));
    const results = await Promise.allSettled(
      files.map((bytes) =>
        media.library.upload(
          { mediaId: newMediaId(), sha256: digestOf(bytes), sizeBytes: bytes.length, fileName: null, sessions: null },
          slowly(bytes),
        ),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'WAB_STORAGE_FULL' });
    expect(begun).toBe(3);
    expect(media.quota.usedBytes).toBe(9_000);
    await upload(filled(1_000));
  });

  test('what was announced and did not come is given back', async () => {
    await open({ quotaBytes: 10_000 });
    const stored = await media.library.upload(
      { mediaId: newMediaId(), sha256: digestOf(PNG), sizeBytes: 5_000, fileName: null, sessions: null },
      streamOf(PNG),
    );
    expect(stored.sizeBytes).toBe(PNG.length);
    expect(media.quota.usedBytes).toBe(PNG.length);
  });

  test('one that says that it is too large is refused before a byte is read', async () => {
    await open();
    const body = new Readable({
      read() {
        throw new Error('it was read');
      },
    });
    const announced = {
      mediaId: newMediaId(),
      sha256: digestOf(PNG),
      sizeBytes: LIMITS.document + 1,
      fileName: null,
      sessions: null,
    };
    await expect(media.library.upload(announced, body)).rejects.toMatchObject({ code: 'WAB_MEDIA_TOO_LARGE' });
  });

  test('it counts what is stored, also after a restart', async () => {
    await open({ quotaBytes: 10_000 });
    await upload(filled(9_000));
    await media.close();
    await open({ folder: media.folder, quotaBytes: 10_000 });
    await expect(upload(filled(1_001))).rejects.toMatchObject({
      code: 'WAB_STORAGE_FULL',
      details: { usedBytes: 9_000, quotaBytes: 10_000 },
    });
    await upload(filled(1_000));
  });

  test('a full disk is a full store', async () => {
    await open({
      wrapStore: (store) =>
        Object.assign(store, {
          spool: () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })),
        }),
    });
    await expect(upload(PNG)).rejects.toMatchObject({ code: 'WAB_STORAGE_FULL' });
  });
});

describe('a file for a send', () => {
  test.each(SAMPLES)('%s goes out as its kind, and as a document', async (mimeType, bytes, kind, extension) => {
    await open();
    const id = newMediaId();
    await upload(bytes, id);
    const sent = { mimeType, sizeBytes: bytes.length, fileName: `${id}.${extension}` };
    expect(await media.library.forSend(id, kind)).toMatchObject(sent);
    expect(await media.library.forSend(id, 'document')).toMatchObject(sent);
    for (const other of (['image', 'video', 'audio'] as const).filter((each) => each !== kind))
      await expect(media.library.forSend(id, other)).rejects.toMatchObject({ code: 'WAB_MEDIA_TYPE' });
  });

  test('fits by its bytes, whatever it is called', async () => {
    await open();
    const png = newMediaId();
    await upload(PNG, png, 'song.mp3');
    const file = await media.library.forSend(png, 'image');
    expect(file).toMatchObject({ mimeType: 'image/png', sizeBytes: PNG.length, fileName: 'song.mp3' });
    expect((await readFile(file.path)).equals(PNG)).toBe(true);
    expect((await media.library.forSend(png, 'document', 'renamed.png')).fileName).toBe('renamed.png');
    for (const kind of ['video', 'audio'] as const) {
      await expect(media.library.forSend(png, kind)).rejects.toMatchObject({
        code: 'WAB_MEDIA_TYPE',
        details: { found: 'image/png', kind },
      });
    }
  });

  test('a file without a name gets one that fits its type', async () => {
    await open();
    const id = newMediaId();
    await upload(PNG, id);
    expect((await media.library.forSend(id, 'image')).fileName).toBe(`${id}.png`);
  });

  test('is not too large for its kind', async () => {
    await open();
    const id = newMediaId();
    await upload(Buffer.concat([PNG, filled(LIMITS.image)]), id);
    await expect(media.library.forSend(id, 'image')).rejects.toMatchObject({
      code: 'WAB_MEDIA_TOO_LARGE',
      details: { kind: 'image' },
    });
    await media.library.forSend(id, 'document');
  });

  test('exists', async () => {
    await open();
    const id = newMediaId();
    await expect(media.library.forSend(id, 'image')).rejects.toMatchObject({ code: 'WAB_MEDIA_NOT_FOUND' });
    await upload(PNG, id);
    await media.store.remove(id);
    await expect(media.library.forSend(id, 'image')).rejects.toMatchObject({ code: 'WAB_MEDIA_NOT_FOUND' });
    await expect(media.library.open(id)).rejects.toMatchObject({ code: 'WAB_MEDIA_NOT_FOUND' });
  });
});

describe('order in the store', () => {
  test('the next start removes files that nothing names and keeps the others', async () => {
    await open();
    const kept = newMediaId();
    await upload(PNG, kept);
    const orphan = newMediaId();
    const shard = join(media.folder, 'media', 'files', orphan.slice(-2));
    await mkdir(shard, { recursive: true });
    await writeFile(join(shard, orphan), 'left by a crash between file and row');
    await media.close();
    await open({ folder: media.folder });
    expect(await media.filesOnDisk()).toEqual([kept]);
  });

  test('old media go, but not while a message may still need them', async () => {
    await open({ retentionMs: -1_000 });
    const ids = [newMediaId(), newMediaId(), newMediaId()] as const;
    const reference = (mediaId: MediaId, state: 'queued' | 'in_doubt' | 'accepted') =>
      ({
        id: newOutboxId(),
        session: SESSION,
        chat_id: mediaId,
        chat: '{}',
        resolved: 1,
        content: '{}',
        type: 'image',
        media_id: mediaId,
        state,
        wire_id: null,
        attempts: 0,
        due_at: 0,
        head: 0,
        error_code: null,
        error_message: null,
        created_at: 0,
        updated_at: 0,
      }) as const;
    const rows = [reference(ids[0], 'queued'), reference(ids[1], 'in_doubt'), reference(ids[2], 'accepted')];
    for (const id of ids) await upload(PNG, id);
    const { openWriter } = await import('../../../bridge/src/store/sqlite/connection.ts');
    const connection = openWriter(join(media.folder, 'wabridge.db'));
    for (const row of rows) {
      const names = Object.keys(row);
      connection
        .prepare(`insert into outbox (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`)
        .run(...Object.values(row));
    }
    connection.close();
    await media.maintenance.expire();
    expect((await media.filesOnDisk()).sort()).toEqual([ids[0], ids[1]].sort());
    expect(media.quota.usedBytes).toBe(2 * PNG.length);
    await expect(media.library.info(ids[2])).rejects.toMatchObject({ code: 'WAB_MEDIA_NOT_FOUND' });
  });
});
