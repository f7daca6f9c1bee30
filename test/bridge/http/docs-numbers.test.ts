/** Numbers in the README and in docs/errors.md, signing.md and stream-protocol.md are those of the code, and the bridge keeps to them. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { maxHeaderSize, request } from 'node:http';
import { MAX_IN_MEMORY } from '../../../bridge/src/auth/nonces.ts';
import { CLOCK_SKEW_SECONDS, MAX_LIFETIME_SECONDS } from '../../../bridge/src/auth/policy.ts';
import { definitionOf, envNameOf } from '../../../bridge/src/config/settings.ts';
import { DEFAULT_PAUSE_DAYS, DEFAULT_PORT, DEFAULT_READ_AHEAD } from '../../../bridge/src/contract/defaults.ts';
import { MAX_CLIENT_FRAME_BYTES, MAX_RETRY_AFTER_MS, MAX_WINDOW } from '../../../bridge/src/contract/frames.ts';
import { SUBSCRIPTION_NAME_PATTERN } from '../../../bridge/src/contract/ids.ts';
import { MAX_PARAM_LENGTH } from '../../../bridge/src/http/app.ts';
import { connectionLimits } from '../../../bridge/src/http/plugins/connections.ts';
import { parseClientFrame } from '../../../bridge/src/stream/client-frame.ts';
import { DEFAULT_STREAM_SETTINGS } from '../../../bridge/src/stream/settings.ts';
import { RealBridge } from './real-bridge.ts';

jest.setTimeout(30_000);
const read = (name: string): string => readFileSync(new URL(`../../../bridge/docs/${name}`, import.meta.url), 'utf8');
const number = (value: number): string => value.toLocaleString('en-US');

/** The longest reason of a refusal; the schema says it in this frame alone. */
const MAX_REASON = 500;
const STREAM = DEFAULT_STREAM_SETTINGS;
const setting = (name: 'deliveryMaxAttempts' | 'deliveryMaxLost'): string =>
  `${String(definitionOf(name).default)} times (\`${envNameOf(name)}\`)`;

test.each([
  ['stream-protocol.md', `| refused ${setting('deliveryMaxAttempts')} `],
  ['stream-protocol.md', `| lost ${setting('deliveryMaxLost')} `],
  ['stream-protocol.md', `| ${number(STREAM.maxConnections)} `],
  ['stream-protocol.md', `| ${number(STREAM.maxConnectionsPerKey)} `],
  ['stream-protocol.md', `| ${number(STREAM.maxSubscriptionsPerConnection)} `],
  ['stream-protocol.md', `| ${number(MAX_CLIENT_FRAME_BYTES / 1024)} KiB `],
  ['stream-protocol.md', `\`${SUBSCRIPTION_NAME_PATTERN}\``],
  ['stream-protocol.md', `| ${number(MAX_WINDOW)}; at least 1 `],
  ['stream-protocol.md', `| ${number(MAX_RETRY_AFTER_MS)} (24 hours) `],
  ['stream-protocol.md', `| ${number(MAX_REASON)} characters `],
  ['stream-protocol.md', `nobody read the subscription for ${DEFAULT_PAUSE_DAYS} days`],
  ['stream-protocol.md', `at most ${number(DEFAULT_READ_AHEAD)} per subscription`],
  ['../../README.md', `http://host.docker.internal:${DEFAULT_PORT}`],
  ['errors.md', `more than ${number(MAX_PARAM_LENGTH)} characters`],
  ['errors.md', `more than ${number(maxHeaderSize / 1024)} KiB`],
  ['errors.md', `not complete after ${number(connectionLimits.headersTimeout / 1000)} seconds`],
  ['errors.md', `${number(DEFAULT_STREAM_SETTINGS.maxConnectionsPerKey)} streams open`],
  ['errors.md', `${number(DEFAULT_STREAM_SETTINGS.maxConnections)} streams are open`],
  ['signing.md', `1 to ${number(MAX_LIFETIME_SECONDS)} seconds later`],
  ['signing.md', `up to ${number(CLOCK_SKEW_SECONDS)} seconds off`],
  ['signing.md', `up to ${number(MAX_IN_MEMORY)} of them`],
])('%s says "%s"', (name, words) => expect(read(name)).toContain(words));

test.each([
  ['cursors', Array(MAX_WINDOW).fill('e.1'), Array(MAX_WINDOW + 1).fill('e.1')],
  ['retryAfterMs', MAX_RETRY_AFTER_MS, MAX_RETRY_AFTER_MS + 1],
  ['reason', 'r'.repeat(MAX_REASON), 'r'.repeat(MAX_REASON + 1)],
  ['subscription', 's'.repeat(200), 's'.repeat(201)],
])('the stream takes %s up to its limit', (field, most, more) => {
  const frame = { type: 'nack', subscription: 's', cursors: ['e.1'], attempt: 1, retryAfterMs: 0, reason: '' };
  const parse = (value: unknown) => () => parseClientFrame(JSON.stringify({ ...frame, [field]: value }));
  expect(parse(most)).not.toThrow();
  expect(parse(more)).toThrow(field);
});

describe('what is refused before a signature is looked at', () => {
  let real: RealBridge;
  beforeAll(async () => {
    real = await RealBridge.start();
  }, 60_000);
  afterAll(() => real.destroy(), 30_000);

  const ask = (path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; code: string }>((resolve, reject) => {
      const sent = request(`${real.url}${path}`, { headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode!, code: JSON.parse(text).code }));
      });
      sent.on('error', reject).end();
    });

  test('a path parameter that is too long, by one character', async () => {
    const path = (length: number): string => `/v1/sessions/${'a'.repeat(length)}`;
    expect(await ask(path(MAX_PARAM_LENGTH))).toEqual({ status: 401, code: 'WAB_SIGNATURE_MISSING' });
    expect(await ask(path(MAX_PARAM_LENGTH + 1))).toEqual({ status: 400, code: 'WAB_INVALID_REQUEST' });
  });

  test('headers that are too large', async () => {
    expect(await ask('/v1/whoami', { 'x-large': 'a'.repeat(maxHeaderSize) })).toEqual({
      status: 400,
      code: 'WAB_INVALID_REQUEST',
    });
  });

  test('an Idempotency-Key that is too long answers as if there were none', async () => {
    const answer = (length: number) =>
      real.send(
        { session: 'none', to: '+4915112345678', type: 'text', text: 'x' },
        { 'idempotency-key': 'k'.repeat(length) },
      );
    expect((await answer(255)).json.code).toBe('WAB_SESSION_NOT_FOUND');
    expect((await answer(256)).json.code).toBe('WAB_IDEMPOTENCY_KEY_MISSING');
  });
});
