import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fitsKind, nameFor, typeOfFile } from '../../../bridge/src/media/media-type.ts';
import { PNG, SAMPLES } from './media-harness.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-type-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['a PNG', PNG, 'image/png'],
  ['a PDF', Buffer.from('%PDF-1.7\n1 0 obj\n<<>>\nendobj\n'), 'application/pdf'],
  ['plain text', Buffer.from('Grüße\n'), 'text/plain'],
  ['long text cut within a character', Buffer.from(`${'a'.repeat(4095)}ü${'b'.repeat(100)}`), 'text/plain'],
  ['binary', Buffer.from([0, 1, 2, 3, 250, 251, 0, 0]), 'application/octet-stream'],
  ['invalid UTF-8', Buffer.from([0x61, 0xff, 0xfe, 0x62]), 'application/octet-stream'],
  ['an empty file', Buffer.alloc(0), 'application/octet-stream'],
  ['the head of a PNG and nothing else', PNG.subarray(0, 8), 'application/octet-stream'],
])('%s', async (_name, bytes, expected) => {
  const path = join(folder, 'file');
  await writeFile(path, bytes);
  expect(await typeOfFile(path)).toEqual(expected);
});

test.each(SAMPLES)(
  '%s is known by its bytes, fits its kind and no other, and gets its extension',
  async (type, bytes, kind, extension) => {
    const path = join(folder, 'sample');
    await writeFile(path, bytes);
    const found = await typeOfFile(path);
    expect(found).toBe(type);
    const kinds = ['image', 'video', 'audio', 'document'] as const;
    expect(kinds.filter((other) => fitsKind(found, other))).toEqual([kind, 'document']);
    expect(nameFor('med_1', found)).toBe(`med_1.${extension}`);
  },
);

test('kinds take what WhatsApp takes as them', () => {
  expect(fitsKind('audio/ogg; codecs=opus', 'audio')).toBe(true);
  expect(fitsKind('video/mp4', 'video')).toBe(true);
  expect(fitsKind('video/webm', 'video')).toBe(false);
  expect(fitsKind('image/svg+xml', 'image')).toBe(false);
  expect(fitsKind('application/x-anything', 'document')).toBe(true);
  expect(nameFor('med_1', 'audio/ogg; codecs=opus')).toBe('med_1.ogg');
  expect(nameFor('med_1', 'application/octet-stream')).toBe('med_1');
});
