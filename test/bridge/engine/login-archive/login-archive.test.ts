import { createHmac } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { WabError } from '../../../../bridge/src/contract/errors.ts';
import { encodeHead, type Head, newHead } from '../../../../bridge/src/engine/login-archive/head.ts';
import { readLoginArchive, writeLoginArchive } from '../../../../bridge/src/engine/login-archive/login-archive.ts';
import { type ArchivedFile, isSafePath } from '../../../../bridge/src/engine/login-archive/records.ts';
import { deriveKeys, openChunks, sealChunks } from '../../../../bridge/src/engine/login-archive/sealing.ts';

jest.setTimeout(120_000);

/** Cheap to derive: these tests open hundreds of archives. */
const CHEAP = { N: 16, r: 1, p: 1 };
const PASSPHRASE = 'correct horse battery staple';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wabridge-archive-'));
  file = join(folder, 'login.wab');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function* listed(files: Readonly<Record<string, Buffer>>): AsyncGenerator<ArchivedFile> {
  for (const [path, bytes] of Object.entries(files))
    yield {
      path,
      size: bytes.length,
      read: async function* () {
        yield bytes;
      },
    };
}

let unpacked = 0;
/** Unpacks into a folder of its own; what it holds. */
async function unpack(passphrase = PASSPHRASE, session = 'support'): Promise<Record<string, Buffer>> {
  const target = join(folder, `out-${unpacked++}`);
  await mkdir(target);
  try {
    await readLoginArchive(file, session, passphrase, target);
    const paths = readdirSync(target, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return Object.fromEntries(
      paths.map((entry) => {
        const full = join(entry.parentPath, entry.name);
        return [full.slice(target.length + 1), readFileSync(full)];
      }),
    );
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'it worked',
    (error: WabError) => error.code,
  );

const SMALL = { 'progress.json': Buffer.from('{"linkedAt":1}'), 'session/Default/IndexedDB/a': Buffer.from('secret') };
const writeSmall = () => writeLoginArchive(file, 'support', listed(SMALL), PASSPHRASE, CHEAP);

/** An archive of whatever bytes, sealed as it should be. */
async function forge(records: Buffer, change: (head: Head) => object = (head) => head): Promise<void> {
  const head = newHead('support', CHEAP);
  const keys = await deriveKeys(PASSPHRASE, head.kdf);
  const parts = [encodeHead(change(head) as Head, keys.mac)];
  const source = async function* () {
    yield gzipSync(records);
  };
  for await (const chunk of sealChunks(keys.seal, head.chunkBytes)(source())) parts.push(chunk);
  writeFileSync(file, Buffer.concat(parts));
}
function record(path: string, bytes: string, size = bytes.length): Buffer {
  const description = Buffer.from(JSON.stringify({ path, size }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(description.length);
  return Buffer.concat([length, description, Buffer.from(bytes)]);
}
const END = Buffer.alloc(4);

describe('what goes in comes out', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9 ._-]{1,12}$/).filter((part) => part !== '.' && part !== '..');
  const path = fc.array(name, { minLength: 2, maxLength: 4 }).map((parts) => parts.join('/'));

  test('any files, of any size, under any passphrase', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(path, { maxLength: 6, selector: (each) => each.toLowerCase() }),
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 6, maxLength: 6 }),
        fc.string({ minLength: 1 }),
        async (paths, contents, passphrase) => {
          const isFolderOfAnother = (each: string) => paths.some((other) => other.startsWith(`${each}/`));
          const files = Object.fromEntries(
            paths
              .filter((each) => !isFolderOfAnother(each))
              .map((each, index) => [each, Buffer.from(contents[index] as Uint8Array)]),
          );
          rmSync(file, { force: true });
          await writeLoginArchive(file, 'support', listed(files), passphrase, CHEAP);
          expect(await unpack(passphrase)).toEqual(files);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a file of many chunks, and an archive of nothing', async () => {
    const large = Buffer.alloc(1_000_000);
    for (let at = 0; at < large.length; at += 4) large.writeUInt32BE((at * 2_654_435_761) >>> 0, at);
    const summary = await writeLoginArchive(file, 'support', listed({ 'a/b': large }), PASSPHRASE, CHEAP);
    expect(summary).toMatchObject({ session: 'support', files: 1, bytes: large.length });
    expect((await unpack())['a/b']?.equals(large)).toBe(true);
    rmSync(file);
    await writeLoginArchive(file, 'support', listed({}), PASSPHRASE, CHEAP);
    expect(await unpack()).toEqual({});
  });

  test('a passphrase typed on another keyboard is the same passphrase', async () => {
    await writeLoginArchive(file, 'support', listed(SMALL), 'caf\u00e9 cr\u00e8me', CHEAP);
    expect(await unpack('cafe\u0301 cre\u0300me')).toEqual(SMALL);
  });

  test('with the cost that is used in earnest', async () => {
    await writeLoginArchive(file, 'support', listed(SMALL), PASSPHRASE);
    expect(await unpack()).toEqual(SMALL);
  });

  test('for its owner alone, whole or not at all, never over another file', async () => {
    await writeSmall();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file).includes('secret')).toBe(false);
    expect(readFileSync(file).includes('IndexedDB')).toBe(false);
    expect(await codeOf(writeSmall())).toBe('WAB_BACKUP_EXISTS');
    const other = join(folder, 'other.wab');
    const failing = async function* (): AsyncGenerator<ArchivedFile> {
      yield { path: 'a', size: 3, read: async function* () {} };
    };
    await expect(writeLoginArchive(other, 'support', failing(), PASSPHRASE, CHEAP)).rejects.toThrow('changed while');
    expect(readdirSync(folder)).toEqual(['login.wab']);
    chmodSync(file, 0o600);
  });
});

describe('what is refused', () => {
  test('another passphrase', async () => {
    await writeSmall();
    expect(await codeOf(unpack('correct horse battery stapler'))).toBe('WAB_PASSPHRASE_WRONG');
  });

  test('a changed byte, wherever it is', async () => {
    await writeSmall();
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = whole[at]! ^ (1 << (at % 8));
      writeFileSync(file, changed);
      const code = await codeOf(unpack());
      expect({ at, code }).toEqual({ at, code: expect.stringMatching(/^WAB_(BACKUP_INVALID|PASSPHRASE_WRONG)$/) });
    }
    writeFileSync(file, whole);
    expect(await unpack()).toEqual(SMALL);
  });

  test('a file that ends early, wherever it ends, or goes on', async () => {
    await writeSmall();
    const whole = readFileSync(file);
    for (let length = 0; length < whole.length; length++) {
      writeFileSync(file, whole.subarray(0, length));
      expect({ length, code: await codeOf(unpack()) }).toEqual({ length, code: 'WAB_BACKUP_INVALID' });
    }
    writeFileSync(file, Buffer.concat([whole, Buffer.from([0])]));
    expect(await codeOf(unpack())).toBe('WAB_BACKUP_INVALID');
  });

  test('another session, another format, another kind of file, no file', async () => {
    await writeSmall();
    await expect(unpack(PASSPHRASE, 'sales')).rejects.toThrow('it is the login state of session support');
    await forge(END, (head) => ({ ...head, format: 2 }));
    await expect(unpack()).rejects.toThrow('it has format 2, but this version of wabridge reads format 1');
    writeFileSync(file, 'SQLite format 3\0 and so on, for more than a head');
    await expect(unpack()).rejects.toThrow('it is not a backup of a login state');
    rmSync(file);
    expect(await codeOf(unpack())).toBe('WAB_BACKUP_INVALID');
    await mkdir(file);
    expect(await codeOf(unpack())).toBe('WAB_BACKUP_INVALID');
  });

  test('a head that would take the memory of the machine', async () => {
    for (const kdf of [{ N: 2 ** 30 }, { N: 2 ** 20, r: 64 }, { N: 1000 }, { p: 1000 }, { salt: 'short' }]) {
      await forge(END, (head) => ({ ...head, kdf: { ...head.kdf, ...kdf } }));
      expect({ kdf, code: await codeOf(unpack()) }).toEqual({ kdf, code: 'WAB_BACKUP_INVALID' });
    }
    await forge(END, (head) => ({ ...head, chunkBytes: 2 ** 30 }));
    expect(await codeOf(unpack())).toBe('WAB_BACKUP_INVALID');
    await forge(END, (head) => ({ ...head, more: 'x'.repeat(8000) }));
    expect(await codeOf(unpack())).toBe('WAB_BACKUP_INVALID');
  });

  const outside = ['../evil', 'a/../../evil', '/tmp/evil', 'a//b', './a', 'a/.', 'C:\\evil', 'a\\..\\evil', 'a\0b', ''];
  test.each(outside)('a path that leads elsewhere: %j', async (path) => {
    await forge(Buffer.concat([record('session/fine', 'x'), record(path, 'evil'), END]));
    expect(await codeOf(unpack())).toBe('WAB_BACKUP_INVALID');
    expect(existsSync(join(folder, 'evil'))).toBe(false);
    expect(existsSync('/tmp/evil')).toBe(false);
  });

  test('no path that is accepted leaves its folder', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.constantFrom('..', '.', '', 'a', '/', '\\', 'C:')).map((parts) => parts.join('/')),
        ),
        (path) => {
          fc.pre(isSafePath(path));
          expect(join('/root/folder', path)).toBe(`/root/folder/${path}`);
          expect(dirname(join('/root/folder', path)).startsWith('/root/folder')).toBe(true);
        },
      ),
    );
  });

  test.each([
    ['a file twice', [record('a', '1'), record('a', '2'), END]],
    ['a file where a folder is', [record('a/b', '1'), record('a', '2'), END]],
    ['a size that is none', [record('a', '', -1), END]],
    ['no end', [record('a', '1')]],
    ['a file without its bytes', [record('a', '1', 5)]],
    ['something behind the end', [record('a', '1'), END, Buffer.from('x')]],
    ['a description without end', [Buffer.from([255, 255, 255, 255])]],
    ['a description that is none', [Buffer.from([0, 0, 0, 2]), Buffer.from('{]')]],
  ])('records that nobody writes: %s', async (_, parts) => {
    await forge(Buffer.concat(parts));
    expect(await codeOf(unpack())).toBe('WAB_BACKUP_INVALID');
  });
});

describe('the chunks', () => {
  const key = createHmac('sha256', 'k').update('k').digest();
  const through = async (
    transform: (source: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
    parts: readonly Uint8Array[],
  ): Promise<Buffer[]> => {
    const source = async function* () {
      for (const part of parts) yield Buffer.from(part);
    };
    const out: Buffer[] = [];
    for await (const part of transform(source())) out.push(part);
    return out;
  };
  const bytes = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  const size = fc.integer({ min: 1, max: 32 });

  test('open to what was sealed, however both are cut into parts', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, size, fc.integer({ min: 1, max: 50 }), async (parts, chunk, cut) => {
        const sealed = Buffer.concat(await through(sealChunks(key, chunk), parts));
        const pieces = Array.from({ length: Math.ceil(sealed.length / cut) }, (_, at) =>
          sealed.subarray(at * cut, (at + 1) * cut),
        );
        expect(Buffer.concat(await through(openChunks(key, chunk), pieces))).toEqual(Buffer.concat(parts));
      }),
    );
  });

  test('do not open with one missing, repeated or moved', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 3, maxLength: 60 }),
        size,
        fc.nat(),
        fc.nat(),
        async (plain, chunk, a, b) => {
          const sealed = await through(sealChunks(key, chunk), [plain]);
          const [from, to] = [a % sealed.length, b % sealed.length];
          const without = sealed.filter((_, at) => at !== from);
          const repeated = sealed.flatMap((each, at) => (at === from ? [each, each] : [each]));
          const swapped = sealed.map((each, at) => (at === from ? sealed[to]! : at === to ? sealed[from]! : each));
          for (const changed of [without, repeated, ...(from === to ? [] : [swapped])])
            await expect(through(openChunks(key, chunk), changed)).rejects.toThrow();
        },
      ),
    );
  });
});
