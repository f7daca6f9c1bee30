/** Requests that somebody changed on their way. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contentDigest, sha256 } from '../../../bridge/src/auth/content-digest.ts';
import type { UnsignedRequest } from '../../../bridge/src/auth/signer.ts';
import { newSeed } from '../../../bridge/src/auth/secret.ts';
import type { KeyId } from '../../../bridge/src/contract/ids.ts';
import { arrive, NOW, verifierWith, withHeaders, type Arrived } from './requests.ts';

const URL_ = 'http://127.0.0.1:8477';

const codeOf = (verifying: Promise<unknown>): Promise<string> =>
  verifying.then(
    () => 'accepted',
    (error: Error & { code?: string }) => error.code ?? error.message,
  );

const judge = (arrived: Arrived, urls = [URL_]): Promise<string> => codeOf(verifierWith(urls).verify(arrived));

/** The base64 of the same bytes with one bit of difference. */
function flipped(base64: string, at: number): string {
  const bytes = Buffer.from(base64, 'base64');
  const index = at % bytes.length;
  bytes[index] = bytes[index]! ^ (1 << (at % 8));
  return bytes.toString('base64');
}

describe('no request that was changed in meaning is accepted', () => {
  const segment = fc.stringMatching(/^[A-Za-z0-9._~-]{1,8}$/);
  const request = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH'),
    path: fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
    query: fc.option(
      fc.stringMatching(/^[A-Za-z0-9=&%._~-]{1,20}$/).map((text) => text.replace(/%/g, '%25')),
      { nil: undefined },
    ),
    contentType: fc.constantFrom('application/json', 'image/png', 'application/json; charset=utf-8'),
    idempotencyKey: fc.option(fc.stringMatching(/^[!-~]{1,40}$/), { nil: undefined }),
    body: fc.option(fc.uint8Array({ minLength: 1, maxLength: 64 }), { nil: undefined }),
  });
  const change = fc.record({
    what: fc.constantFrom(
      'method',
      'host',
      'path',
      'query',
      'digest',
      'content-type',
      'idempotency-key',
      'signature',
      'created',
      'expires',
      'nonce',
      'keyid',
      'order',
    ),
    text: fc.stringMatching(/^[A-Za-z0-9]{1,12}$/),
    at: fc.nat(),
  });

  const insert = (into: string, text: string, at: number): string =>
    into.slice(0, at % (into.length + 1)) + text + into.slice(at % (into.length + 1));
  const parameter = (input: string, name: string, text: string): string =>
    input.replace(new RegExp(`;${name}=("?)([^";]*)`), (_all, quote: string) => `;${name}=${quote}${text}`);

  test('method, authority, path, query, body, content type, idempotency key and every parameter', async () => {
    const other = { keyId: 'OTHERKEY' as KeyId, seed: newSeed() };
    let judged = 0;
    await fc.assert(
      fc.asyncProperty(
        request,
        change,
        async ({ method, path, query, contentType, idempotencyKey, body }, { what, text, at }) => {
          const unsigned: UnsignedRequest = {
            method,
            url: `${URL_}${path}${query === undefined ? '' : `?${query}`}`,
            headers: {
              ...(body === undefined ? {} : { 'content-type': contentType }),
              ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
            },
            ...(body === undefined ? {} : { body }),
          };
          const original = arrive(unsigned);
          expect(await judge(original, [URL_, 'http://other.example'])).toBe('accepted');

          const input = original.headers['signature-input']!;
          const [pathPart, queryPart] = [
            original.target.split('?')[0]!,
            original.target.includes('?') ? original.target.slice(original.target.indexOf('?')) : '',
          ];
          const changed: Arrived = {
            method: () => ({
              ...original,
              method: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD'].find(
                (each) => each !== method && each.length !== at % 7,
              )!,
            }),
            host: () => withHeaders(original, { host: at % 2 === 0 ? 'other.example' : `${text}.example` }),
            path: () => ({ ...original, target: `/${insert(pathPart.slice(1), text, at)}${queryPart}` }),
            query: () => ({
              ...original,
              target:
                pathPart + insert(queryPart === '' ? '?' : queryPart, text, 1 + (at % Math.max(queryPart.length, 1))),
            }),
            digest: () => withHeaders(original, { 'content-digest': contentDigest(sha256(text)) }),
            'content-type': () => withHeaders(original, { 'content-type': `application/${text}` }),
            'idempotency-key': () =>
              withHeaders(original, { 'idempotency-key': insert(idempotencyKey ?? '', text, at) }),
            signature: () =>
              withHeaders(original, { signature: `wab=:${flipped(original.headers['signature']!.slice(5, -1), at)}:` }),
            created: () =>
              withHeaders(original, {
                'signature-input': parameter(input, 'created', String(NOW / 1000 + 1 + (at % 20))),
              }),
            expires: () =>
              withHeaders(original, {
                'signature-input': parameter(input, 'expires', String(NOW / 1000 + 1 + (at % 59))),
              }),
            nonce: () =>
              withHeaders(original, { 'signature-input': parameter(input, 'nonce', `${text}${'0'.repeat(20)}`) }),
            keyid: () => withHeaders(original, { 'signature-input': parameter(input, 'keyid', other.keyId) }),
            // The list of covered components is signed too, order included.
            order: () =>
              withHeaders(original, {
                'signature-input': input.replace('"@method" "@authority"', '"@authority" "@method"'),
              }),
          }[what]();

          const fieldMeansNothing = body === undefined && (what === 'content-type' || what === 'digest');
          if (fieldMeansNothing) return;
          judged += 1;
          expect(await judge(changed, [URL_, 'http://other.example'])).not.toBe('accepted');
        },
      ),
      { numRuns: 1500 },
    );
    expect(judged).toBeGreaterThan(1000);
  });
});
