/** The bridge while its bucket cannot be used: what needs no file goes on, and what needs one waits. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { newMediaId } from '../../bridge/src/contract/ids.ts';
import { RealBridge, type Answer } from '../bridge/http/real-bridge.ts';
import { S3_CREDENTIALS, S3Server } from '../servers/s3.ts';

const PERSON = '+491511111111';
let server: S3Server;
let real: RealBridge | null = null;

beforeEach(async () => {
  server = await S3Server.start();
});
afterEach(async () => {
  Object.assign(process.env, S3_CREDENTIALS);
  await real?.destroy();
  real = null;
  await server.destroy();
});

const start = async (dataDir?: string): Promise<RealBridge> => {
  const settings = { mediaUrl: server.url(), ...(dataDir === undefined ? {} : { dataDir }) };
  return (real = await RealBridge.start(settings));
};
const upload = (bridge: RealBridge, mediaId: string): Promise<Answer> =>
  bridge.raw('PUT', `/v1/media/${mediaId}`, { body: 'some text', contentType: 'application/octet-stream' });
const received = async (bridge: RealBridge): Promise<{ mediaId: string } | undefined> =>
  (await bridge.raw('GET', '/v1/events?sessions=one&types=message.received')).json.events[0]?.data.media;

test('events and texts go on; files wait and are lost neither way', async () => {
  const before = await start();
  await before.session('one');
  const mediaId = newMediaId();
  expect((await upload(before, mediaId)).status).toBe(201);
  await before.stop();
  await server.kill();

  // Without the copy of before: local copies are removed at the start.
  const bridge = await start(before.dataDir);
  await bridge.until(async () => (await bridge.raw('GET', '/v1/sessions/one')).json.state === 'ready');
  const waiting = 'nothing listens at its address';
  // What needs no file goes on, so nobody must take the bridge out of service.
  expect((await bridge.raw('GET', '/v1/ready')).json).toMatchObject({
    ready: true,
    checks: { mediaStore: expect.stringContaining(waiting) },
  });
  expect((await bridge.raw('GET', '/metrics')).text).toContain('wabridge_media_store_up 0');
  expect(await upload(bridge, newMediaId())).toMatchObject({
    status: 503,
    json: { code: 'WAB_MEDIA_STORE_UNAVAILABLE', retryable: true, detail: expect.stringContaining(waiting) },
  });
  expect(await bridge.raw('GET', `/v1/media/${mediaId}`)).toMatchObject({ status: 503 });
  const file = await bridge.send({ session: 'one', to: PERSON, type: 'document', mediaId });
  expect(file.status).toBe(202);
  const text = await bridge.send({ session: 'one', to: '+491522222222', type: 'text', text: 'a text' });
  await bridge.raw('POST', '/v1/sandbox/one/receive', {
    body: JSON.stringify({ from: PERSON, media: { kind: 'document', mimeType: 'text/plain', base64: 'aGVsbG8=' } }),
  });
  const messageOf = async ({ json }: Answer) => (await bridge.raw('GET', `/v1/messages/${json.id}`)).json;
  await bridge.until(async () => ['accepted', 'delivered', 'read'].includes((await messageOf(text)).state));
  await bridge.until(async () => (await messageOf(file)).error?.code === 'WAB_MEDIA_STORE_UNAVAILABLE');
  expect(await messageOf(file)).toMatchObject({ state: 'queued', attempts: 0 });
  await bridge.until(async () => (await received(bridge)) !== undefined);
  const incoming = (await received(bridge))!.mediaId;
  expect((await bridge.raw('GET', `/v1/media/${incoming}/info`)).json.state).toBe('pending');

  await server.up();
  await bridge.until(async () => (await bridge.raw('GET', '/v1/ready')).json.checks.mediaStore === 'ok', 60_000);
  await bridge.until(async () => ['accepted', 'delivered', 'read'].includes((await messageOf(file)).state), 60_000);
  const fetched = await bridge.raw('GET', `/v1/media/${incoming}/info?waitMs=30000`);
  expect(fetched.json).toMatchObject({ state: 'stored', sizeBytes: 5 });
  expect((await bridge.raw('GET', `/v1/media/${incoming}`, { headers: { range: 'bytes=1-2' } })).text).toBe('el');
  expect((await server.objects()).sort()).toEqual([`media/files/${incoming}`, `media/files/${mediaId}`].sort());
}, 180_000);

test.each([
  ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'wrong' }, (url: string) => url, 'the secret key is wrong'],
  ['a bucket that does not exist', {}, (url: string) => url.replace('wabridge-test', 'another'), 'does not exist'],
])('%s ends the start, and says so', async (_what, credentials, change, reason) => {
  Object.assign(process.env, credentials);
  await expect(RealBridge.start({ mediaUrl: change(server.url()) })).rejects.toMatchObject({
    code: 'WAB_MEDIA_STORE_UNUSABLE',
    message: expect.stringContaining(reason),
  });
});
