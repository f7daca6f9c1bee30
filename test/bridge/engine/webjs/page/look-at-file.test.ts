/** The page's side of a download: what it knows of a file before. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lookAtFile } from '../../../../../bridge/src/engine/webjs/page/page-media.ts';

const page = globalThis as { window?: unknown };
let messages: Record<string, object>;

beforeEach(() => {
  messages = {};
  const Msg = { get: (id: string) => messages[id], getMessagesById: async () => ({ messages: [] }) };
  page.window = { WWebJS: {}, require: () => ({ Msg }) };
});
afterEach(() => {
  delete page.window;
});

test('a file that is there', async () => {
  messages['A'] = { directPath: '/mms/1', size: 12, mediaData: { mediaStage: 'RESOLVED' } };
  expect(await lookAtFile('A')).toEqual({ stage: 'RESOLVED', sizeBytes: 12 });
});

test('a message that the page does not have has no file, which is final', async () => {
  expect(await lookAtFile('A')).toBeNull();
});

test('a file that has not reached the page yet is asked for again', async () => {
  messages['A'] = { type: 'image' };
  expect(await lookAtFile('A')).toEqual({ failed: 'WhatsApp Web does not have this file yet', reloading: false });
});
