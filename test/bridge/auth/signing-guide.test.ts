/** Holds docs/signing.md against the code: its example is reproduced, and its program is run. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseSignature, signatureBase } from '../../../bridge/src/auth/http-signature.ts';
import { parseSecret } from '../../../bridge/src/auth/secret.ts';
import { signRequest } from '../../../bridge/src/auth/signer.ts';
import { ERRORS } from '../../../bridge/src/contract/errors.ts';
import { verifierWith } from './requests.ts';

const guide = readFileSync(new URL('../../../bridge/docs/signing.md', import.meta.url), 'utf8');
const block = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\\n\`\`\``).exec(guide)![1]!;
const headersIn = (lines: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  );

const secret = parseSecret(block('key'))!;
const [head, body] = block('http').split('\n\n') as [string, string];
const [requestLine, ...headerLines] = head.split('\n') as [string, ...string[]];
const [method, target] = requestLine.split(' ') as [string, string];
const requestHeaders = headersIn(headerLines);
const added = headersIn(block('headers').split('\n'));

describe('the worked example', () => {
  test('its headers are what the signer makes', () => {
    const signed = signRequest(
      { method, url: `https://${requestHeaders['host']!}${target}`, headers: requestHeaders, body },
      secret,
      { now: 1618884473_000, nonce: 'b3k2pp5k7z-50gnwp.yemd' },
    );
    expect(signed).toEqual(added);
  });

  test('its base is what the verifier makes', () => {
    const { components, serialized } = parseSignature(added['signature-input']!, added['signature']!);
    const derived: Record<string, string> = {
      '@method': method,
      '@authority': requestHeaders['host']!,
      '@path': '/v1/messages',
      '@query': '?waitMs=1000',
    };
    expect(signatureBase(components, (name) => derived[name] ?? requestHeaders[name], serialized).toString()).toBe(
      block('base'),
    );
  });

  test('it verifies', async () => {
    const rawHeaders = Object.entries({ ...requestHeaders, ...added, 'content-length': String(body.length) }).flat();
    await expect(
      verifierWith(['https://wa.example.org'], { now: 1618884473_000 }).verify({ method, target, rawHeaders }),
    ).resolves.toMatchObject({ principal: { keyId: 'TESTKEY1' } });
  });
});

test('the program in the guide makes requests that verify', async () => {
  const program = (await import(`data:text/javascript,${encodeURIComponent(block('js'))}`)) as {
    signedHeaders(...parts: unknown[]): Record<string, string>;
  };
  const cases: readonly [string, string, Record<string, string>, string][] = [
    ['GET', 'https://wa.example.org/v1/whoami', {}, ''],
    ['GET', 'https://wa.example.org/v1/events?limit=10', {}, ''],
    [
      'POST',
      'https://wa.example.org/v1/messages',
      { 'content-type': 'application/json', 'idempotency-key': 'order-17' },
      '{"text":"grüß dich"}',
    ],
    // As they are usually written.
    [
      'POST',
      'https://wa.example.org/v1/messages',
      { 'Content-Type': 'application/json', 'Idempotency-Key': 'o' },
      '{}',
    ],
  ];
  for (const [verb, url, headers, bytes] of cases) {
    const signed = program.signedHeaders(block('key'), verb, url, headers, bytes);
    const rawHeaders = Object.entries({
      host: 'wa.example.org',
      ...signed,
      'content-length': String(Buffer.byteLength(bytes)),
    }).flat();
    const { pathname, search } = new URL(url);
    await expect(
      verifierWith(['https://wa.example.org'], { now: Date.now() }).verify({
        method: verb,
        target: pathname + search,
        rawHeaders,
      }),
    ).resolves.toBeDefined();
  }
});

test('the errors that it names exist, and every refusal of a signature or key is named', () => {
  const named = new Set([...guide.matchAll(/`(WAB_[A-Z_]+)`/g)].map((match) => match[1]!));
  expect([...named].filter((code) => !(code in ERRORS))).toEqual([]);
  const refusals = Object.entries(ERRORS)
    .filter(([code, { status }]) => status === 401 || code.startsWith('WAB_SIGNATURE'))
    .map(([code]) => code);
  expect(refusals.filter((code) => !named.has(code))).toEqual([]);
});
