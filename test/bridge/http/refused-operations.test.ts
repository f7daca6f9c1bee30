/** Operations that are refused: sends, sessions, keys and files. */
import { describe, expect, jest, test } from '@jest/globals';
import { newMediaId } from '../../../bridge/src/contract/ids.ts';
import { real, SENDER, refused, mediaFiles, useBridge } from './refusals-harness.ts';

jest.setTimeout(20_000);
useBridge();

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
