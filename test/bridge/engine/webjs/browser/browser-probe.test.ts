/** Questions to a browser whose page or network does not answer, with the browser's protocol played by the test. */
import { expect, test } from '@jest/globals';
import type { Browser, Page } from 'puppeteer';
import { browserProbeOf } from '../../../../../bridge/src/engine/webjs/browser/browser-probe.ts';
import { DeadlineError } from '../../../../../bridge/src/ops/deadline.ts';

const URL = 'https://web.whatsapp.com/';
/** Long enough for what answers at once, on a busy machine too. */
const MS = 2_000;
const FRAME = 'the page and its main frame';

/** @param answers what the browser answers, by method; everything else is never answered */
function browserThat(answers: Record<string, unknown>) {
  const asked: [method: string, parameters: unknown][] = [];
  let detached = 0;
  const session = {
    send: async (method: string, parameters?: unknown): Promise<unknown> => {
      asked.push([method, parameters]);
      return method in answers ? answers[method] : new Promise(() => undefined);
    },
    detach: async () => void (detached += 1),
  };
  const page = { createCDPSession: async () => session };
  const browser = { target: () => page };
  const probe = browserProbeOf(browser as unknown as Browser, page as unknown as Page);
  return { probe, asked, detached: () => detached };
}
const TARGET = { 'Target.getTargetInfo': { targetInfo: { targetId: FRAME } } };

test('the network is asked without the page, which may hang', async () => {
  const answers = { ...TARGET, 'Network.loadNetworkResource': { resource: { success: true } } };
  const { probe, asked, detached } = browserThat(answers);
  expect(await probe.reach(URL, MS)).toBeNull();
  expect(asked).toContainEqual(['Network.loadNetworkResource', expect.objectContaining({ frameId: FRAME, url: URL })]);
  expect(detached()).toBe(1);
});

test('what the network does not answer is late', async () => {
  const { probe, detached } = browserThat(TARGET);
  await expect(probe.reach(URL, 20)).rejects.toThrow(DeadlineError);
  expect(detached()).toBe(1);
});

test('what the browser does not answer is not: it says nothing of the network', async () => {
  const { probe } = browserThat({});
  await expect(probe.reach(URL, 20)).rejects.toMatchObject({ name: 'TransportError', late: false });
});
