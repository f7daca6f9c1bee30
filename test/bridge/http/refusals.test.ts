/** Must-hold point 7: every wrong request has its own clear error, and nothing is half done. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ERRORS, type ErrorCode } from '../../../bridge/src/contract/errors.ts';
import { newMediaId, newOutboxId } from '../../../bridge/src/contract/ids.ts';
import { RealBridge, type Answer } from './real-bridge.ts';

let real: RealBridge;
/** All that the detail may say: no fault of a kind that was not meant. */
const ANY_TYPE = /^[^;]*: body type must be one of text, image, video, audio, document, reaction[^;]*$/;
const SENDER = { session: 'demo', to: '+4915112345678', type: 'text', text: 'hi' };

beforeAll(async () => {
  real = await RealBridge.start({
    mediaQuotaBytes: 100_000,
    mediaMaxDocumentBytes: 80_000,
    mediaMaxImageBytes: 50_000,
    mediaMaxVideoBytes: 50_000,
    mediaMaxAudioBytes: 50_000,
  });
  await real.session('demo');
}, 30_000);
afterAll(() => real.destroy(), 30_000);
jest.setTimeout(20_000);

function expectProblem(answer: Answer, code: ErrorCode, detail: RegExp): void {
  expect({ status: answer.status, body: answer.json }).toMatchObject({
    status: ERRORS[code].status,
    body: {
      code,
      status: ERRORS[code].status,
      type: `urn:wabridge:error:${code}`,
      retryable: ERRORS[code].retryable,
      detail: expect.stringMatching(detail),
    },
  });
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.json.requestId).toBe(answer.headers.get('x-request-id'));
  expect(answer.text).not.toMatch(/node_modules|at .*\.ts|Error:/);
}

/** Runs a request that must be refused, and holds what is stored before against what is stored after. */
async function refused(act: () => Promise<Answer>, code: ErrorCode, detail: RegExp): Promise<Answer> {
  const before = await real.state();
  const answer = await act();
  expectProblem(answer, code, detail);
  expect(await real.state()).toEqual(before);
  return answer;
}

const mediaFiles = (): string[] =>
  readdirSync(join(real.dataDir, 'media'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

describe('bodies', () => {
  test.each([
    ['{"session": "demo", ', /it ends too early|syntax error/],
    ['{session: 1}', /syntax error at position 1/],
    ['', /body must be object|is missing|does not match/],
    [Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), /not encoded as UTF-8/],
    ['{"session":"demo","__proto__":{"type":"text"}}', /forbidden member name/],
  ])('malformed JSON: %s', async (body, detail) => {
    const act = () => real.raw('POST', '/v1/messages', { body, headers: { 'idempotency-key': 'k' } });
    await refused(act, body === '' ? 'WAB_INVALID_REQUEST' : 'WAB_MALFORMED_JSON', detail);
  });

  test('a secret in malformed JSON is not repeated', async () => {
    const answer = await refused(
      () => real.raw('POST', '/v1/keys', { body: '{"name": "hunter2-secret' }),
      'WAB_MALFORMED_JSON',
      /./,
    );
    expect(answer.text).not.toContain('hunter2');
  });

  test.each([
    ['an unknown field', { ...SENDER, colour: 'red' }, /unknown field colour/],
    ['a field of another type', { ...SENDER, mediaId: newMediaId() }, /unknown field mediaId/],
    ['a missing field', { session: 'demo', to: '+4915112345678', type: 'text' }, /is missing text/],
    ['an unknown type', { ...SENDER, type: 'telegram' }, ANY_TYPE],
    ['a missing type', { ...SENDER, type: undefined }, ANY_TYPE],
    ['a type that is no text', { ...SENDER, type: 7 }, ANY_TYPE],
    [
      'a field of another type than the last',
      { ...SENDER, type: 'reaction' },
      /^[^;]*is missing messageId, emoji; [^;]*unknown field text[^;]*$/,
    ],
    [
      'an empty id of a message',
      { ...SENDER, text: undefined, type: 'reaction', messageId: '', emoji: '' },
      /^[^;]*body messageId must not have fewer than 1/,
    ],
    ['a number for a text', { ...SENDER, text: 5 }, /body text must be string/],
    ['a text beyond the limit', { ...SENDER, text: 'x'.repeat(65_537) }, /body text/],
    ['a wrong session name', { ...SENDER, session: '../../etc' }, /body session/],
    ['a list for an object', [SENDER], /./],
    ['null', null, /./],
  ])('%s', async (_what, body, detail) => {
    await refused(() => real.send(body as object), 'WAB_INVALID_REQUEST', detail);
  });

  test('unknown fields are refused by every route with a body, and where there is none', async () => {
    for (const [path, body] of [
      ['/v1/sessions', { name: 'other', engine: 'sandbox', color: 1 }],
      ['/v1/keys', { name: 'x', scopes: ['events:read'], admin: true }],
      [`/v1/messages/${newOutboxId()}/resolve`, { as: 'sent', force: true }],
      ['/v1/sandbox/demo/receive', { from: '+4915112345678', text: 'x', sender: 'y' }],
      ['/v1/sessions/demo/stop', { now: true }],
    ] as const) {
      await refused(
        () => real.raw('POST', path, { body: JSON.stringify(body) }),
        'WAB_INVALID_REQUEST',
        /unknown field|must not have a body/,
      );
    }
  });

  test('unknown query parameters, parameters given twice, and numbers that are none', async () => {
    for (const query of [
      'limit=10&order=asc',
      'limit=1&limit=2',
      'limit=1e2',
      'limit=0',
      'limit=0x10',
      'limit=',
      'limit=501',
      'state=lost',
      'session=Demo',
    ]) {
      await refused(() => real.raw('GET', `/v1/messages?${query}`), 'WAB_INVALID_REQUEST', /query/);
    }
  });

  test('an oversized body', async () => {
    const body = JSON.stringify({ ...SENDER, text: 'x'.repeat(1024 * 1024) });
    await refused(
      () => real.raw('POST', '/v1/messages', { body, headers: { 'idempotency-key': 'big' } }),
      'WAB_BODY_TOO_LARGE',
      /than the 1 MB.*PUT \/v1\/media/,
    );
  });

  test('another content type', async () => {
    await refused(
      () => real.raw('POST', '/v1/sessions', { body: 'name=x', contentType: 'application/x-www-form-urlencoded' }),
      'WAB_UNSUPPORTED_CONTENT_TYPE',
      /application\/json/,
    );
    await refused(
      () => real.raw('POST', '/v1/sessions', { body: '<a/>', contentType: 'text/xml' }),
      'WAB_UNSUPPORTED_CONTENT_TYPE',
      /text\/xml/,
    );
  });
});

describe('paths and ids', () => {
  test.each([
    ['GET', '/v1/messages/out_123', /path id/],
    ['GET', `/v1/messages/${newOutboxId().toLowerCase()}`, /path id/],
    ['GET', '/v1/sessions/De%20mo', /path name/],
    ['GET', '/v1/sessions/..%2f..%2fetc', /path name/],
    ['GET', '/v1/media/med_x/info', /path mediaId/],
    ['DELETE', '/v1/keys/not-a-key', /path keyId/],
    ['DELETE', '/v1/dead-letters/7', /path id/],
    ['DELETE', '/v1/subscriptions/%00', /path name/],
    ['GET', '/v1/events?after=latest%20', /query|cursor/],
  ])('a wrong id: %s %s', async (method, path, detail) => {
    const before = await real.state();
    const answer = await real.raw(method, path);
    expect(['WAB_INVALID_REQUEST', 'WAB_CURSOR_INVALID']).toContain(answer.json.code);
    expectProblem(answer, answer.json.code, detail);
    expect(await real.state()).toEqual(before);
  });

  test.each([
    ['GET', `/v1/messages/${newOutboxId()}`, 'WAB_OUTBOX_NOT_FOUND'],
    ['POST', `/v1/messages/${newOutboxId()}/cancel`, 'WAB_OUTBOX_NOT_FOUND'],
    ['GET', '/v1/sessions/nobody', 'WAB_SESSION_NOT_FOUND'],
    ['POST', '/v1/sessions/nobody/start', 'WAB_SESSION_NOT_FOUND'],
    ['DELETE', '/v1/sessions/nobody', 'WAB_SESSION_NOT_FOUND'],
    ['GET', `/v1/media/${newMediaId()}`, 'WAB_MEDIA_NOT_FOUND'],
    ['GET', `/v1/media/${newMediaId()}/info`, 'WAB_MEDIA_NOT_FOUND'],
    ['DELETE', '/v1/keys/AAAA1111', 'WAB_KEY_NOT_FOUND'],
    ['DELETE', '/v1/subscriptions/n8n:none', 'WAB_SUBSCRIPTION_NOT_FOUND'],
    ['DELETE', '/v1/dead-letters/dlq_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'WAB_DEAD_LETTER_NOT_FOUND'],
    ['GET', '/v1/sandbox/nobody/inbox', 'WAB_SESSION_NOT_FOUND'],
    ['GET', '/v1/nothing', 'WAB_NOT_FOUND'],
    ['PATCH', '/v1/sessions/demo', 'WAB_NOT_FOUND'],
    ['PUT', '/v1/messages', 'WAB_NOT_FOUND'],
    ['GET', '/', 'WAB_NOT_FOUND'],
  ] as const)('nothing there: %s %s', async (method, path, code) => {
    await refused(() => real.raw(method, path), code, /./);
  });

  test('a cursor of another log is told with a reset, never in silence', async () => {
    const { json } = await real.raw('GET', '/v1/events?after=otherepoch.5');
    expect(json.reset).toMatchObject({ reason: 'epoch' });
    await refused(() => real.raw('GET', '/v1/events?after=nonsense'), 'WAB_CURSOR_INVALID', /cursor/);
  });

  test('a URL that cannot be decoded, and bytes that are no HTTP', async () => {
    const answer = await new Promise<{ status: number; body: string }>((resolve, reject) => {
      const { hostname, port } = new URL(real.url);
      const request = httpRequest({ hostname, port, path: '/v1/sessions/%E0%A4%A' }, (response) => {
        let body = '';
        response
          .on('data', (chunk: Buffer) => (body += chunk.toString()))
          .on('end', () => resolve({ status: response.statusCode!, body }));
      });
      request.on('error', reject).end();
    });
    // Unsigned, so it may be refused for that first; what counts is a problem of the catalogue.
    expect(JSON.parse(answer.body)).toMatchObject({
      code: expect.stringMatching(/^WAB_(INVALID_REQUEST|SIGNATURE_MISSING)$/),
      status: answer.status,
    });

    const { port } = new URL(real.url);
    const raw = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('THIS IS NOT HTTP\r\n\r\n'));
      let text = '';
      socket
        .on('data', (chunk) => (text += chunk.toString()))
        .on('end', () => resolve(text))
        .on('error', reject);
    });
    expect(raw).toContain('400 Bad Request');
    expect(raw).toContain('WAB_INVALID_REQUEST');
  });

  test('nothing answers unsigned but liveness, not even what does not exist', async () => {
    expect((await real.raw('GET', '/healthz', { key: null })).json).toEqual({ status: 'ok' });
    for (const path of ['/v1/whoami', '/v1/openapi.json', '/v1/ready', '/metrics', '/v1/nothing', '/']) {
      await refused(() => real.raw('GET', path, { key: null }), 'WAB_SIGNATURE_MISSING', /./);
    }
  });
});

describe('sends', () => {
  test('without an Idempotency-Key, or with one that is not usable', async () => {
    await refused(() => real.send(SENDER, {}), 'WAB_IDEMPOTENCY_KEY_MISSING', /Idempotency-Key/);
    await refused(
      () => real.send(SENDER, { 'idempotency-key': 'x'.repeat(256) }),
      'WAB_IDEMPOTENCY_KEY_MISSING',
      /255/,
    );
    await refused(() => real.send(SENDER, { 'idempotency-key': 'a b' }), 'WAB_IDEMPOTENCY_KEY_MISSING', /visible/);
  });

  test('to an unknown session, to no address, to an account that WhatsApp does not know', async () => {
    await refused(() => real.send({ ...SENDER, session: 'nobody' }), 'WAB_SESSION_NOT_FOUND', /session add nobody/);
    const answer = await refused(
      () => real.send({ ...SENDER, to: '0151-not-a-number' }),
      'WAB_ADDRESS_INVALID',
      /country code/,
    );
    expect(answer.text).toContain('0151-not-a-number');
    await refused(() => real.send({ ...SENDER, to: '+491510000000' }), 'WAB_CHAT_UNKNOWN', /Check the number/);
  });

  test('a key with another body is refused; with the same body it replays; the first answer can be asked for', async () => {
    const key = { 'idempotency-key': crypto.randomUUID() };
    const first = await real.send(SENDER, key);
    expect(first).toMatchObject({ status: 202, json: { replayed: false } });
    const again = await real.send(SENDER, key);
    expect(again).toMatchObject({ status: 202, json: { replayed: true, id: first.json.id } });
    await real.until(
      async () =>
        (await real.client.request<{ state: string }>('GET', `/v1/messages/${first.json.id}`)).state === 'read',
    );
    await refused(() => real.send({ ...SENDER, text: 'other' }, key), 'WAB_IDEMPOTENCY_KEY_REUSED', /different body/);
    const asked = await real.raw('POST', '/v1/messages?firstAnswer=true', {
      body: JSON.stringify({ ...SENDER, text: 'other' }),
      headers: key,
    });
    expect(asked.json).toMatchObject({ replayed: true, id: first.json.id });
  });

  test('an unready session takes the message and says so, instead of losing it', async () => {
    await real.session('sleepy');
    await real.client.request('POST', '/v1/sessions/sleepy/stop');
    const { status, json } = await real.send({ ...SENDER, session: 'sleepy' });
    expect(status).toBe(202);
    expect(json.state).toBe('queued');
    await refused(
      () => real.raw('POST', `/v1/messages/${json.id}/resolve`, { body: '{"as":"sent"}' }),
      'WAB_OUTBOX_STATE',
      /in_doubt/,
    );
    await refused(() => real.raw('GET', '/v1/sessions/sleepy/qr'), 'WAB_QR_NOT_AVAILABLE', /stopped/);
    const cancelled = await real.raw('POST', `/v1/messages/${json.id}/cancel`);
    expect(cancelled.json.state).toBe('cancelled');
    await refused(() => real.raw('POST', `/v1/messages/${json.id}/cancel`), 'WAB_OUTBOX_STATE', /cancelled/);
    await real.client.request('DELETE', '/v1/sessions/sleepy');
  });

  test('with media that is not there, or not of that kind', async () => {
    await refused(
      () => real.send({ session: 'demo', to: SENDER.to, type: 'image', mediaId: newMediaId() }),
      'WAB_MEDIA_NOT_FOUND',
      /upload it/,
    );
    const mediaId = newMediaId();
    expect(
      (await real.raw('PUT', `/v1/media/${mediaId}`, { body: 'just text', contentType: 'image/png' })).status,
    ).toBe(201);
    await refused(
      () => real.send({ session: 'demo', to: SENDER.to, type: 'image', mediaId }),
      'WAB_MEDIA_TYPE',
      /cannot be sent as image/,
    );
  });
});

describe('sessions and keys', () => {
  test('a session that exists, an engine that is not enabled', async () => {
    await refused(
      () => real.raw('POST', '/v1/sessions', { body: '{"name":"demo","engine":"sandbox"}' }),
      'WAB_SESSION_EXISTS',
      /demo/,
    );
    await refused(
      () => real.raw('POST', '/v1/sessions', { body: '{"name":"phone"}' }),
      'WAB_ENGINE_NOT_ENABLED',
      /webjs.*WABRIDGE_ENGINES/,
    );
  });

  test('nobody hands out more than they hold, and the last manager stays', async () => {
    const manager = await real.key(['keys:manage', 'events:read'], ['demo']);
    const issue = (body: object) => () => real.raw('POST', '/v1/keys', { key: manager, body: JSON.stringify(body) });
    await refused(issue({ name: 'x', scopes: ['messages:send'] }), 'WAB_SCOPE_MISSING', /messages:send/);
    await refused(
      issue({ name: 'x', scopes: ['events:read'], sessions: ['other'] }),
      'WAB_SESSION_NOT_ALLOWED',
      /other/,
    );
    const issued = await issue({ name: 'x', scopes: ['events:read'] })();
    expect(issued.json.key.sessions).toEqual(['demo']);
    const seen = await real.raw('GET', '/v1/keys', { key: manager });
    expect(seen.json.keys.every((key: { sessions: string[] | null }) => key.sessions?.join() === 'demo')).toBe(true);
    await refused(
      () => real.raw('DELETE', `/v1/keys/${real.operator.keyId}`, { key: manager }),
      'WAB_KEY_NOT_FOUND',
      /./,
    );
  });
});

describe('media', () => {
  test('a refused upload is read to its end, so that the client reads the answer and the connection is free', async () => {
    const answer = await refused(
      () =>
        real.raw('PUT', `/v1/media/${newMediaId()}`, {
          body: Buffer.alloc(8_000_000, 7),
          contentType: 'application/octet-stream',
        }),
      'WAB_MEDIA_TOO_LARGE',
      /than the 78\.1 KB/,
    );
    expect(answer.status).toBe(413);
    const { server } = real.bridge.app;
    await real.until(async () => {
      server.closeIdleConnections();
      return (await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)))) === 0;
    }, 5_000);
    // The client may still hold one of those for usable.
    await real.until(() =>
      real.raw('GET', '/healthz', { key: null }).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
  });

  test('more than the quota: nothing of the upload remains, and what fits still fits', async () => {
    const fits = newMediaId();
    expect(
      (
        await real.raw('PUT', `/v1/media/${fits}`, {
          body: Buffer.alloc(60_000, 1),
          contentType: 'application/octet-stream',
        })
      ).status,
    ).toBe(201);
    const files = mediaFiles();
    const tooMuch = newMediaId();
    await refused(
      () =>
        real.raw('PUT', `/v1/media/${tooMuch}`, {
          body: Buffer.alloc(70_000, 2),
          contentType: 'application/octet-stream',
        }),
      'WAB_STORAGE_FULL',
      /mediaQuotaBytes/,
    );
    expect(mediaFiles()).toEqual(files);
    expect((await real.raw('GET', `/v1/media/${tooMuch}/info`)).json.code).toBe('WAB_MEDIA_NOT_FOUND');
    expect(
      (
        await real.raw('PUT', `/v1/media/${newMediaId()}`, {
          body: Buffer.alloc(10_000, 3),
          contentType: 'application/octet-stream',
        })
      ).status,
    ).toBe(201);
  });

  test('larger than any kind may be, other bytes under the same id, no body', async () => {
    const files = mediaFiles();
    const put = (id: string, body: Uint8Array) => () =>
      real.raw('PUT', `/v1/media/${id}`, { body, contentType: 'application/octet-stream' });
    await refused(put(newMediaId(), Buffer.alloc(90_000)), 'WAB_MEDIA_TOO_LARGE', /than the 78\.1 KB/);
    expect(mediaFiles()).toEqual(files);
    const id = newMediaId();
    expect((await put(id, Buffer.from('one'))()).status).toBe(201);
    expect((await put(id, Buffer.from('one'))()).status).toBe(201);
    await refused(put(id, Buffer.from('two')), 'WAB_MEDIA_EXISTS', /new id/);
    await refused(() => real.raw('PUT', `/v1/media/${newMediaId()}`), 'WAB_INVALID_REQUEST', /body must be the file/);
  });

  test('bytes that are not the signed ones leave nothing', async () => {
    const { signRequest } = await import('../../../bridge/src/auth/signer.ts');
    const files = mediaFiles();
    const id = newMediaId();
    await refused(
      async () => {
        const url = `${real.url}/v1/media/${id}`;
        const headers = { 'content-type': 'application/octet-stream' };
        const signed = signRequest({ method: 'PUT', url, headers, body: 'signed bytes' }, real.operator);
        const response = await fetch(url, { method: 'PUT', headers: { ...headers, ...signed }, body: 'other! bytes' });
        const text = await response.text();
        return { status: response.status, headers: response.headers, text, json: JSON.parse(text) };
      },
      'WAB_CONTENT_DIGEST_MISMATCH',
      /exact bytes/,
    );
    expect(mediaFiles()).toEqual(files);
    expect((await real.raw('GET', `/v1/media/${id}`)).json.code).toBe('WAB_MEDIA_NOT_FOUND');
  });

  test('a download is an attachment that no browser runs', async () => {
    const id = newMediaId();
    const html = '<html><script>alert(1)</script></html>';
    await real.raw('PUT', `/v1/media/${id}?fileName=${encodeURIComponent('ä "b"\r\n.html')}`, {
      body: html,
      contentType: 'text/html',
    });
    const answer = await real.raw('GET', `/v1/media/${id}`);
    expect(answer.text).toBe(html);
    expect(answer.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''%C3%A4%20%22b%22.html");
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toContain('sandbox');
  });
});
