/** A backup that was restored under a clock which was corrected since. */
import { expect, test } from '@jest/globals';
import { arrive, NOW, verifierWith } from './requests.ts';

const URL_ = 'http://127.0.0.1:8477';
const signedAt = (now: number) => arrive({ method: 'GET', url: `${URL_}/v1/whoami` }, { now });
const TWO_HOURS = 2 * 3_600_000;

test('a restore in the future locks nobody out, at once or when its time comes', async () => {
  let now = NOW;
  const verifier = verifierWith([URL_], { clock: { now: () => now }, restoredAt: NOW + TWO_HOURS });
  await expect(verifier.verify(signedAt(now))).resolves.toBeDefined();
  now = NOW + TWO_HOURS - 10_000;
  await expect(verifier.verify(signedAt(now))).resolves.toBeDefined();
});

test.each([0, 30_000])('a restore that is %i ms ahead voids what was signed before it', async (ahead) => {
  const verifier = verifierWith([URL_], { restoredAt: NOW + ahead });
  await expect(verifier.verify(signedAt(NOW - 1_000))).rejects.toMatchObject({ code: 'WAB_SIGNATURE_BEFORE_RESTORE' });
});
