import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { Check } from 'typebox/value';
import {
  KIND_CATALOGUE,
  kindOf,
  MEDIA_KINDS,
  MESSAGE_KINDS,
  SENDABLE_MEDIA_KINDS,
} from '../../../bridge/src/contract/kinds.ts';
import { MessageData } from '../../../bridge/src/contract/message-data.ts';
import { object } from '../../../bridge/src/contract/schema.ts';

const FOLDER = fileURLToPath(new URL('../../../bridge/src/contract/kinds', import.meta.url));
const MEDIA_ID = 'med_01JB3Y6ZK4T8W2V5N7Q9R1S3D5';

describe('the catalogue of message kinds', () => {
  test.each(MESSAGE_KINDS.map((kind) => [kind]))('defines %s in the file of its name', (kind) => {
    expect(readFileSync(join(FOLDER, `${kind}.ts`), 'utf8')).toContain(`kind: '${kind}'`);
  });

  test.each(MESSAGE_KINDS.map((kind) => [kind]))('%s is described by a sentence and shown by an example', (kind) => {
    const { description, fields, example } = kindOf(kind);
    expect(description).toMatch(/^[A-Z].*\.$/);
    expect(Check(object(fields), example)).toBe(true);
  });

  test.each(MESSAGE_KINDS.map((kind) => [kind]))('the data of a message has the fields of %s and no others', (kind) => {
    const data = {
      messageId: 'm',
      kind,
      ...KIND_CATALOGUE[kind].example,
      fromMe: false,
      mentions: [],
      quotedMessageId: null,
    };
    expect(Check(MessageData, data)).toBe(true);
    for (const field of ['text', 'media', 'rawKind']) {
      const { [field]: dropped, ...others } = data as Record<string, unknown>;
      // What it has cannot be left out, and what it does not have cannot be added, not even as null.
      expect(Check(MessageData, dropped === undefined ? { ...data, [field]: null } : others)).toBe(false);
    }
  });

  test('tells which kinds have a file, and which of them can be sent', () => {
    expect(MEDIA_KINDS).toEqual(['image', 'video', 'audio', 'document', 'sticker']);
    expect(SENDABLE_MEDIA_KINDS).toEqual(['image', 'video', 'audio', 'document']);
  });

  test.each([
    ['text', { text: 'hi' }, true],
    ['text', {}, false],
    ['image', { mediaId: MEDIA_ID, text: 'a caption', fileName: 'a.png' }, true],
    ['image', { text: 'a caption' }, false],
    ['audio', { mediaId: MEDIA_ID }, true],
    ['audio', { mediaId: MEDIA_ID, text: 'a caption' }, false],
  ] as const)('%s is sent by the fields that make sense for it: %j is %s', (kind, fields, fits) => {
    expect(Check(object(KIND_CATALOGUE[kind].send), fields)).toBe(fits);
  });
});
