/** The simulated phones write and show messages of every kind in the catalogue, by the definition of the kind alone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Type from 'typebox';
import { Check } from 'typebox/value';
import type { SessionName } from '../../../../bridge/src/contract/ids.ts';
import { kind } from '../../../../bridge/src/contract/kind.ts';
import { KIND_CATALOGUE, kindOf, MESSAGE_KINDS, type MessageKind } from '../../../../bridge/src/contract/kinds.ts';
import { nullable, object } from '../../../../bridge/src/contract/schema.ts';
import type { DriverInput } from '../../../../bridge/src/engine/sandbox/driver/driver.ts';
import { LocalNetwork } from '../../../../bridge/src/engine/sandbox/local-network.ts';
import { SandboxInboundMessage, SandboxInboxEntry } from '../../../../bridge/src/engine/sandbox/sandbox-contract.ts';
import { SandboxEngineFactory } from '../../../../bridge/src/engine/sandbox/sandbox-factory.ts';
import { arrivedFieldsOf, fieldsOf, otherFieldsOf } from '../../../../bridge/src/engine/sandbox/written-content.ts';
import { EngineRecording } from '../../../conformance/engine-recording.ts';

const SESSION = 'demo' as SessionName;
const PERSON = '+4915112345678';
const BYTES = Buffer.from('the bytes of a file');

let folder: string;
let network: LocalNetwork;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-kinds-'));
  network = new LocalNetwork({ folder, autoLink: true });
});
afterEach(async () => {
  await network.close();
  await rm(folder, { recursive: true, force: true });
});

const FILE = { mimeType: 'application/pdf', fileName: 'a.pdf' };
/** The example of a kind as somebody writes it, and what is to be seen of it: `media` says which form a file has. */
function exampleOf(messageKind: MessageKind, media: object): Record<string, unknown> {
  const { file, example } = KIND_CATALOGUE[messageKind];
  const content = Object.fromEntries(Object.entries(example).filter(([, value]) => value !== null));
  return file === null ? content : { ...content, media };
}
const writtenOf = (messageKind: MessageKind): Record<string, unknown> => {
  const content = exampleOf(messageKind, { kind: messageKind, ...FILE, base64: BYTES.toString('base64') });
  return KIND_CATALOGUE[messageKind].file === null ? { kind: messageKind, ...content } : content;
};

describe.each(MESSAGE_KINDS.map((each) => [each]))('a message of the kind %s', (messageKind) => {
  test('is written to the account, and reported with the fields of its kind', async () => {
    const recording = new EngineRecording();
    const engine = new SandboxEngineFactory(network).create(SESSION, join(folder, 'profile'), recording);
    await engine.start();
    await recording.untilSignal('ready');
    const asked = { from: PERSON, ...writtenOf(messageKind) };
    expect(Check(SandboxInboundMessage, asked)).toBe(true);
    await network.drive('sandbox.receive', SESSION, asked);
    const message = await recording.untilMessage(() => true);
    await engine.stop();
    expect(message).toMatchObject({
      kind: messageKind,
      ...exampleOf(messageKind, { ...FILE, sizeBytes: BYTES.length }),
    });
    for (const field of Object.keys(kindOf(messageKind).fields)) expect(message).toHaveProperty(field);
  });

  test('is written on the own phone, and stands on the phone of the other side with those fields alone', async () => {
    const written = { to: PERSON, ...writtenOf(messageKind) } as DriverInput<'sandbox.sendFromPhone'>;
    const { messageId } = await network.drive('sandbox.sendFromPhone', SESSION, written);
    const [entry, ...others] = await network.drive('sandbox.inbox', SESSION);
    expect(others).toEqual([]);
    expect(Check(SandboxInboxEntry, entry)).toBe(true);
    expect(entry).toMatchObject({
      messageId,
      kind: messageKind,
      via: 'phone',
      ...exampleOf(messageKind, { ...FILE, sizeBytes: BYTES.length, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }),
    });
  });
});

describe('what does not fit the kind is refused', () => {
  test.each<[DriverInput<'sandbox.receive'>, string]>([
    [{ from: PERSON }, 'a message of the kind text needs text'],
    [{ from: PERSON, kind: 'image' }, 'a message of the kind image needs media'],
    [{ from: PERSON, kind: 'unsupported' }, 'a message of the kind unsupported needs rawKind'],
    [{ from: PERSON, text: 'hi', rawKind: 'location' }, 'a message of the kind text has no rawKind'],
    [{ from: PERSON, kind: 'unsupported', rawKind: 'x', text: 'hi' }, 'a message of the kind unsupported has no text'],
    [
      { from: PERSON, kind: 'video', media: { kind: 'image', mimeType: 'image/png', base64: '' } },
      'the file is of the kind image, and the message of the kind video',
    ],
  ])('%j: %s', async (written, reason) => {
    await expect(network.drive('sandbox.receive', SESSION, written)).rejects.toMatchObject({
      code: 'WAB_INVALID_REQUEST',
      details: { reason },
    });
    expect(await network.drive('sandbox.account', SESSION)).toMatchObject({ undelivered: 0 });
  });
});

describe('a kind that is defined one day', () => {
  const survey = kind({
    kind: 'survey',
    description: 'A survey.',
    fields: {
      title: Type.String(),
      answers: Type.Array(Type.String()),
      several: Type.Boolean(),
      note: nullable(Type.String()),
      ends: Type.Optional(Type.Integer()),
    },
    send: null,
    file: null,
    example: { title: 'Lunch?', answers: ['Yes', 'No'], several: false, note: null },
  });
  const letter = kind({
    kind: 'letter',
    description: 'A letter.',
    fields: { text: Type.String(), title: nullable(Type.String()), note: nullable(Type.String()) },
    send: null,
    file: null,
    example: { text: 'Dear all', title: null, note: null },
  });

  test('adds its fields to what can be written; a field that two kinds have takes the values of both', () => {
    const fields = otherFieldsOf([survey, letter]);
    expect(Object.keys(fields)).toEqual(['title', 'answers', 'several', 'note', 'ends']);
    const schema = object(fields);
    expect(Check(schema, {})).toBe(true);
    expect(Check(schema, { title: 'Lunch?', answers: ['Yes'] })).toBe(true);
    expect(Check(schema, { title: null, note: null })).toBe(true);
    expect(Check(schema, { answers: 'Yes' })).toBe(false);
  });

  test('is written with what it needs: the rest is null, false or left out', () => {
    expect(fieldsOf(survey, { title: 'Lunch?', answers: ['Yes'], from: PERSON })).toEqual({
      title: 'Lunch?',
      answers: ['Yes'],
      several: false,
      note: null,
    });
    expect(() => fieldsOf(survey, { title: 'Lunch?' })).toThrow('a message of the kind survey needs answers');
  });

  test('has the same fields in the inbox', () => {
    expect(arrivedFieldsOf(survey)).toEqual(survey.fields);
  });
});
