/** The live check against the composed bridge, with the simulated phone in the place of WhatsApp. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { LiveReport } from '../../../bridge/src/cli/live/report.ts';
import { LIVE_CHECK_NAMES } from '../../../bridge/src/cli/live-checks.ts';
import { RealBridge } from '../http/real-bridge.ts';
import { doctorLiveHere, statesOf } from './live-person.ts';

jest.setTimeout(180_000);

const CAROL = '+4915112345678';
let bridge: RealBridge;
beforeEach(async () => {
  bridge = await RealBridge.start();
  await bridge.session('anna-mobile');
  await bridge.client.request('PUT', '/v1/sandbox/anna-mobile/contacts', { body: { phone: CAROL, name: 'Carol' } });
}, 60_000);
afterEach(() => bridge.destroy());

const picture = {
  kind: 'image',
  mimeType: 'image/png',
  base64: Buffer.from('89504e470d0a1a0a', 'hex').toString('base64'),
};
const say = (text: string, media?: object): Promise<unknown> =>
  bridge.client.request('POST', '/v1/sandbox/anna-mobile/receive', {
    body: { from: CAROL, text, ...(media === undefined ? {} : { media }) },
  });
const everything = (state: string): Record<string, string> =>
  Object.fromEntries(LIVE_CHECK_NAMES.map((name) => [name, state]));
const place = (): { url: string; dataDir: string } => ({ url: bridge.url, dataDir: bridge.dataDir });

describe('a session that works', () => {
  test('with a person who writes, and a restart: every check is ok, and nobody is named', async () => {
    // Somebody else writes as well, and must not be answered.
    await say('is anybody there?');
    const checked = await doctorLiveHere(
      place(),
      ['anna-mobile', '--restart', '--json', '--wait', '15'],
      (text, time) => say(`${text} here I am`, time === 1 ? picture : undefined),
    );
    expect({ err: checked.err, states: statesOf(checked.out) }).toEqual({
      err: expect.stringContaining('The session is stopped'),
      states: { ...everything('ok'), download: 'not_run' },
    });
    expect(checked.code).toBe(0);
    expect(checked.out).not.toMatch(/anna-mobile|Carol|15112345678|here I am|anybody/);
    expect(JSON.parse(checked.out)).toMatchObject({
      simulated: true,
      engine: 'sandbox',
      versions: { wabridge: expect.any(String), node: process.versions.node, whatsappWeb: null },
    });

    // One answer to the person, under the message that was asked for; the rest went to the own chat.
    const inbox = await bridge.client.request<{ chat: { phone?: string }; text: string }[]>(
      'GET',
      '/v1/sandbox/anna-mobile/inbox',
      { query: { to: CAROL } },
    );
    expect(inbox.map(({ text }) => text)).toEqual([expect.stringContaining('the answer')]);
  });

  test('with nobody there: says what was not run, and why', async () => {
    const checked = await doctorLiveHere(place(), ['anna-mobile', '--no-inbound']);
    expect(checked.code).toBe(0);
    expect(checked.out).toContain(' --   inbound: skipped (--no-inbound)');
    expect(checked.out).toContain(' --   catch-up: skipped (needs --restart)');
    expect(checked.out).toMatch(/^ ok {3}send: WhatsApp accepted a text to the account's own chat \(\d+\.\d s\)$/m);
    expect(checked.out).toContain('this says nothing about WhatsApp');
    expect(checked.out).not.toContain('anna-mobile');
  });

  test('where the page reports what was sent before the send returns, files come back with the same bytes', async () => {
    await bridge.client.request('PUT', '/v1/sandbox/anna-mobile/faults', {
      body: { ownMessageEchoed: { probability: 1 }, answerLate: { probability: 1, delayMs: 2000 } },
    });
    const { out } = await doctorLiveHere(place(), ['anna-mobile', '--no-inbound', '--json']);
    const { checks } = JSON.parse(out) as LiveReport;
    expect(checks.find(({ check }) => check === 'download')).toMatchObject({
      state: 'ok',
      detail: 'image: the same bytes came back; document: the same bytes came back',
    });
  });
});

describe('a session that does not', () => {
  test('is not there, or not ready: says so, runs nothing on it and exits 1', async () => {
    const missing = await doctorLiveHere(place(), ['nobody', '--no-inbound', '--json']);
    expect(missing.code).toBe(1);
    expect(statesOf(missing.out)).toEqual({ ...everything('not_run'), bridge: 'ok', session: 'failed' });
    expect(missing.out).toContain('WAB_SESSION_NOT_FOUND');
    await bridge.client.request('POST', '/v1/sessions/anna-mobile/stop');
    const stopped = await doctorLiveHere(place(), ['anna-mobile', '--json']);
    expect(stopped.code).toBe(1);
    expect(statesOf(stopped.out)).toEqual({ ...everything('not_run'), bridge: 'ok', session: 'failed' });
  });

  test('cannot send: what does not build on it is checked all the same', async () => {
    await bridge.client.request('PUT', '/v1/sandbox/anna-mobile/faults', { body: { sendRefused: { count: 1 } } });
    const refused = await doctorLiveHere(place(), ['anna-mobile', '--no-inbound', '--json']);
    expect(refused.code).toBe(1);
    expect(statesOf(refused.out)).toMatchObject({
      send: 'failed',
      event: 'not_run',
      quote: 'not_run',
      document: 'ok',
      typing: 'ok',
    });
    expect(refused.out).toContain('WAB_SEND_REFUSED');
  });

  test('hears nobody: says so when the time is over', async () => {
    const deaf = await doctorLiveHere(place(), ['anna-mobile', '--json', '--wait', '5']);
    expect(deaf.code).toBe(1);
    expect(statesOf(deaf.out)).toMatchObject({ inbound: 'failed', 'inbound media': 'not_run', answer: 'not_run' });
  });

  test('no bridge at all is a sentence, not a report', async () => {
    const nowhere = await doctorLiveHere({ url: 'http://127.0.0.1:9', dataDir: bridge.dataDir }, ['anna-mobile']);
    expect(nowhere).toMatchObject({ code: 1, out: '', err: expect.stringContaining('wabridge start') });
  });
});
