/** Requests that are refused before they mean anything: bodies, paths, ids and signatures. */
import { describe, expect, jest, test } from '@jest/globals';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { newMediaId, newOutboxId } from '../../../bridge/src/contract/ids.ts';
import { real, ANY_TYPE, SENDER, expectProblem, refused, useBridge } from './refusals-harness.ts';

jest.setTimeout(20_000);
useBridge();

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
