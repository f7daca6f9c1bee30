/** Whose a file is, and what becomes of its name, on the composed bridge. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Secret } from '../../../bridge/src/auth/secret.ts';
import { newMediaId } from '../../../bridge/src/contract/ids.ts';
import type { Scope } from '../../../bridge/src/contract/scopes.ts';
import { RealBridge } from './real-bridge.ts';

jest.setTimeout(60_000);
const SCOPES: readonly Scope[] = ['messages:read', 'messages:send', 'events:read'];
const PERSON = '+4915112345678';
let real: RealBridge;

beforeAll(async () => {
  real = await RealBridge.start();
  await real.session('one');
  await real.session('two');
}, 60_000);
afterAll(() => real.destroy(), 30_000);

async function upload(key: Secret, fileName = 'file.txt', mediaId = newMediaId(), text = 'some text') {
  const path = `/v1/media/${mediaId}?fileName=${encodeURIComponent(fileName)}`;
  return real.raw('PUT', path, { key, body: text, contentType: 'application/octet-stream' });
}

const sendFile = (key: Secret, mediaId: string, session: string) =>
  real.raw('POST', '/v1/messages', {
    key,
    body: JSON.stringify({ session, to: PERSON, type: 'document', mediaId }),
    headers: { 'idempotency-key': crypto.randomUUID() },
  });

describe('an upload belongs to the sessions of its key', () => {
  const KEYS = ['operator', 'owner', 'rotated', 'wider', 'other'] as const;
  type Name = (typeof KEYS)[number];
  const keys = {} as Record<Name, Secret>;
  /** Who may use what whom has uploaded. */
  const MAY: Readonly<Record<Name, readonly Name[]>> = {
    operator: ['operator'],
    owner: ['operator', 'owner', 'rotated', 'wider'],
    rotated: ['operator', 'owner', 'rotated', 'wider'],
    wider: ['operator', 'wider'],
    other: ['operator', 'wider', 'other'],
  };

  beforeAll(async () => {
    keys.operator = real.operator;
    keys.owner = await real.key(SCOPES, ['one']);
    keys.rotated = await real.key(SCOPES, ['one']);
    keys.wider = await real.key(SCOPES, ['one', 'two']);
    keys.other = await real.key(SCOPES, ['two']);
  });

  test.each(KEYS.flatMap((uploader) => KEYS.map((reader) => [uploader, reader] as const)))(
    'uploaded by %s, asked for by %s',
    async (uploader, reader) => {
      const { mediaId } = (await upload(keys[uploader])).json;
      const asked = {
        info: await real.raw('GET', `/v1/media/${mediaId}/info`, { key: keys[reader] }),
        bytes: await real.raw('GET', `/v1/media/${mediaId}`, { key: keys[reader] }),
        send: await sendFile(keys[reader], mediaId, reader === 'other' ? 'two' : 'one'),
        again: await upload(keys[reader], 'file.txt', mediaId),
      };
      const may = MAY[uploader].includes(reader);
      expect({
        info: asked.info.status,
        bytes: asked.bytes.status,
        send: asked.send.status,
        again: asked.again.status,
      }).toEqual(
        may ? { info: 200, bytes: 200, send: 202, again: 201 } : { info: 404, bytes: 404, send: 404, again: 409 },
      );
      if (may) return expect(asked.info.json).not.toHaveProperty('owners');
      const unknown = newMediaId();
      const { json } = await real.raw('GET', `/v1/media/${unknown}`, { key: keys[reader] });
      const like = (answer: { readonly json: { readonly detail: string } }) => ({
        ...answer.json,
        requestId: '',
        detail: answer.json.detail.replaceAll(mediaId, unknown),
      });
      for (const answer of [asked.info, asked.bytes, asked.send])
        expect(like(answer)).toEqual({ ...json, requestId: '' });
    },
  );

  test('a received file answers a key of another session like an unknown one', async () => {
    await real.raw('POST', '/v1/sandbox/one/receive', {
      body: JSON.stringify({ from: PERSON, media: { kind: 'document', mimeType: 'text/plain', base64: 'aGVsbG8=' } }),
    });
    const received = async () =>
      (await real.raw('GET', '/v1/events?sessions=one&types=message.received')).json.events.find(
        (event: { data: { media?: object } }) => event.data.media !== undefined,
      );
    await real.until(async () => (await received()) !== undefined);
    const { mediaId } = (await received()).data.media;
    expect((await real.raw('GET', `/v1/media/${mediaId}/info`, { key: keys.owner })).status).toBe(200);
    expect(await real.raw('GET', `/v1/media/${mediaId}/info`, { key: keys.other })).toMatchObject({
      status: 404,
      json: { code: 'WAB_MEDIA_NOT_FOUND' },
    });
  });
});

describe('a part of a file', () => {
  const get = (mediaId: string, headers: Record<string, string>) =>
    real.raw('GET', `/v1/media/${mediaId}`, { headers });

  test('is what the range says; the answer says which part it is', async () => {
    const { mediaId } = (await upload(real.operator)).json;
    const whole = await get(mediaId, {});
    expect(whole).toMatchObject({ status: 200, text: 'some text' });
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    const tag = whole.headers.get('etag')!;
    const part = await get(mediaId, { range: 'bytes=5-', 'if-range': tag });
    expect(part).toMatchObject({ status: 206, text: 'text' });
    expect(part.headers.get('content-range')).toBe('bytes 5-8/9');
    expect(part.headers.get('content-length')).toBe('4');
    expect(await get(mediaId, { range: 'bytes=5-', 'if-range': '"another"' })).toMatchObject({
      status: 200,
      text: 'some text',
    });
  });

  test('that begins after the end is refused, with the size', async () => {
    const { mediaId } = (await upload(real.operator)).json;
    const refused = await get(mediaId, { range: 'bytes=9-' });
    expect(refused).toMatchObject({ status: 416, json: { code: 'WAB_RANGE_NOT_SATISFIABLE' } });
    expect(refused.headers.get('content-range')).toBe('bytes */9');
  });
});

describe('a file name loses what could deceive or do harm', () => {
  const NASTY = '..\\../evil\u202Egpj\u0000\r\n.exe';
  const SAFE = '.._.._evilgpj.exe';

  test('of an upload: in what is known of it, in the header of a download, and in what WhatsApp gets', async () => {
    const uploaded = await upload(real.operator, NASTY);
    expect(uploaded.json.fileName).toBe(SAFE);
    const { headers } = await real.raw('GET', `/v1/media/${uploaded.json.mediaId}`);
    expect(headers.get('content-disposition')).toBe(`attachment; filename*=UTF-8''${SAFE}`);
    await sendFile(real.operator, uploaded.json.mediaId, 'one');
    await real.until(async () => (await real.raw('GET', '/v1/sandbox/one/inbox')).text.includes(SAFE));
  });

  test('of a message that is sent: the name that the request gives', async () => {
    const { mediaId } = (await upload(real.operator, 'plain.txt')).json;
    await real.send({ session: 'one', to: PERSON, type: 'document', mediaId, fileName: `named ${NASTY}` });
    await real.until(async () => (await real.raw('GET', '/v1/sandbox/one/inbox')).text.includes(`named ${SAFE}`));
  });

  test('of a received file: in the event and in what is known of it', async () => {
    await real.raw('POST', '/v1/sandbox/two/receive', {
      body: JSON.stringify({
        from: PERSON,
        media: { kind: 'document', mimeType: 'text/plain', base64: 'aGVsbG8=', fileName: NASTY },
      }),
    });
    const received = async () =>
      (await real.raw('GET', '/v1/events?sessions=two&types=message.received')).json.events[0]?.data.media;
    await real.until(async () => (await received()) !== undefined);
    const { mediaId, fileName } = await received();
    expect(fileName).toBe(SAFE);
    expect((await real.raw('GET', `/v1/media/${mediaId}/info?waitMs=10000`)).json.fileName).toBe(SAFE);
  });
});
