import { beforeEach, describe, expect, test } from '@jest/globals';
import { Nonces } from '../../../bridge/src/auth/nonces.ts';
import { Verifier } from '../../../bridge/src/auth/verifier.ts';
import { parsePublicUrl } from '../../../bridge/src/auth/public-urls.ts';
import type { UnsignedRequest } from '../../../bridge/src/auth/signer.ts';
import { WabError } from '../../../bridge/src/contract/errors.ts';
import { ALWAYS_AVAILABLE, type Availability } from '../../../bridge/src/store/availability.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import type { NonceUse } from '../../../bridge/src/store/auth.repository.ts';
import { arrive, keysOf, NOW, secret, withHeaders, type Arrived } from './requests.ts';

const URL_ = 'http://127.0.0.1:8477';
const get: UnsignedRequest = { method: 'GET', url: `${URL_}/v1/sessions` };
const post: UnsignedRequest = { method: 'POST', url: `${URL_}/v1/sessions/demo/stop` };

/** Takes nonces as the database does, unless its disk is full. */
class FillableDisk {
  availability: Availability = ALWAYS_AVAILABLE;
  isFull = false;
  readonly stored = new Set<string>();

  async write(call: { readonly operation: string; readonly args: unknown }): Promise<unknown> {
    if (this.isFull) throw new WabError('WAB_DISK_FULL');
    if (call.operation !== 'auth.useNonce') return 0;
    const { keyId, nonce } = call.args as NonceUse;
    const isNew = !this.stored.has(`${keyId} ${nonce}`);
    this.stored.add(`${keyId} ${nonce}`);
    return isNew;
  }
}

describe('while the disk is full', () => {
  let disk: FillableDisk;
  let nonces: Nonces;
  let verifier: Verifier;
  beforeEach(() => {
    disk = new FillableDisk();
    nonces = new Nonces(disk as unknown as Database);
    const parts = { keys: keysOf(secret), nonces, publicUrls: () => [parsePublicUrl(URL_)], clock: { now: () => NOW } };
    verifier = new Verifier(parts);
    disk.isFull = true;
  });
  const judge = (request: Arrived): Promise<string> =>
    verifier.verify(request).then(
      () => 'accepted',
      (error: WabError) => error.code,
    );

  test('reads are answered, once each; what acts is refused', async () => {
    const read = arrive(get);
    expect(await judge(read)).toBe('accepted');
    expect(await judge(read)).toBe('WAB_SIGNATURE_REPLAYED');
    expect(await judge(arrive(post))).toBe('WAB_DISK_FULL');
    expect(await judge(arrive({ ...get, method: 'DELETE' }))).toBe('WAB_DISK_FULL');
    expect(await judge(withHeaders(arrive(get), { upgrade: 'websocket' }))).toBe('WAB_DISK_FULL');
  });

  test('while the database is away, reads do not wait for it, and are answered once each', async () => {
    disk.isFull = false;
    const outage = { since: NOW, reason: 'it is stopped' };
    disk.availability = { ...ALWAYS_AVAILABLE, outage };
    const read = arrive(get);
    expect(await judge(read)).toBe('accepted');
    expect(await judge(read)).toBe('WAB_SIGNATURE_REPLAYED');
    expect(disk.stored.size).toBe(0);
    // An outage that is noticed while the write waits.
    disk.availability = {
      ...ALWAYS_AVAILABLE,
      onOverdue(listener) {
        listener(outage);
        return () => undefined;
      },
    };
    disk.write = () => new Promise(() => undefined);
    expect(await judge(arrive(get))).toBe('accepted');
  });

  test('the same read that comes twice at once is answered once', async () => {
    const read = arrive(get);
    const outcomes = await Promise.all([judge(read), judge(read), judge(read)]);
    expect(outcomes.sort()).toEqual(['WAB_SIGNATURE_REPLAYED', 'WAB_SIGNATURE_REPLAYED', 'accepted']);
  });

  test('what was answered then stays used up when there is room again, and goes to disk', async () => {
    const read = arrive(get);
    await judge(read);
    disk.isFull = false;
    expect(await judge(read)).toBe('WAB_SIGNATURE_REPLAYED');
    expect(disk.stored.size).toBe(0);
    await nonces.prune(NOW);
    expect(disk.stored.size).toBe(1);
    expect(await judge(read)).toBe('WAB_SIGNATURE_REPLAYED');
  });

  test('memory has an end', async () => {
    for (let index = 0; index < 10_000; index += 1)
      await nonces.use({ keyId: secret.keyId, nonce: `nonce-${index}`, usableUntil: NOW }, true);
    await expect(nonces.use({ keyId: secret.keyId, nonce: 'one-more', usableUntil: NOW }, true)).rejects.toMatchObject({
      code: 'WAB_DISK_FULL',
    });
  });
});
