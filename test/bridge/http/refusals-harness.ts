/** A bridge that is asked what it must refuse. */
import { afterAll, beforeAll, expect } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS, type ErrorCode } from '../../../bridge/src/contract/errors.ts';
import { RealBridge, type Answer } from './real-bridge.ts';

export let real: RealBridge;

/** All that the detail may say: no fault of a kind that was not meant. */
export const ANY_TYPE = /^[^;]*: body type must be one of text, image, video, audio, document, reaction[^;]*$/;

export const SENDER = { session: 'demo', to: '+4915112345678', type: 'text', text: 'hi' };

export function expectProblem(answer: Answer, code: ErrorCode, detail: RegExp): void {
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
export async function refused(act: () => Promise<Answer>, code: ErrorCode, detail: RegExp): Promise<Answer> {
  const before = await real.state();
  const answer = await act();
  expectProblem(answer, code, detail);
  expect(await real.state()).toEqual(before);
  return answer;
}

export const mediaFiles = (): string[] =>
  readdirSync(join(real.dataDir, 'media'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

/** One bridge for the file, with a session that is ready. */
export function useBridge(): void {
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
}
