/** Every place of the API that takes an address takes every form of every country's numbers, and what the API puts out. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { dressed, EXAMPLE_NUMBERS } from '../contract/example-numbers.ts';
import { RealBridge } from './real-bridge.ts';

jest.setTimeout(120_000);
let real: RealBridge;
beforeAll(async () => {
  real = await RealBridge.start();
  await real.session('demo');
}, 60_000);
afterAll(() => real.destroy(), 30_000);

/** Every form, each copied from elsewhere in another way. The simulated network has nobody under six zeros. */
const WRITTEN = EXAMPLE_NUMBERS.filter(({ forms }) => !forms[0]!.endsWith('000000')).flatMap(({ forms }, index) =>
  forms.map((digits, form) => ({ digits, forms, written: dressed(digits)[(index + form) % dressed(digits).length]! })),
);
const post = (path: string, body?: object) =>
  real.raw('POST', path, {
    headers: { 'idempotency-key': crypto.randomUUID() },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
/** What came back for each number, where it was not what is wanted. */
async function refused(ask: (each: (typeof WRITTEN)[number]) => Promise<{ status: number; text: string }>) {
  const answers = await Promise.all(WRITTEN.map(async (each) => ({ ...each, answer: await ask(each) })));
  return answers.filter(({ answer }) => answer.status >= 300).map(({ written, answer }) => [written, answer.text]);
}

test('as a recipient and a mention, and the phone number of the answer is one of the same person', async () => {
  const strangers: string[] = [];
  const found = await refused(async ({ written, forms, digits }) => {
    const answer = await post('/v1/messages', {
      session: 'demo',
      to: written,
      type: 'text',
      text: `@${digits}`,
      mentions: [written],
    });
    const phone = String(answer.json?.chat?.phone);
    if (!forms.includes(phone.slice(1))) strangers.push(`${written} became ${phone}`);
    return answer;
  });
  expect({ found, strangers }).toEqual({ found: [], strangers: [] });
});

test('in the path of a chat, and of what is typed into the simulated phone', async () => {
  expect(
    await refused(({ written }) =>
      post(`/v1/sessions/demo/chats/${encodeURIComponent(written)}/typing`, { state: 'paused' }),
    ),
  ).toEqual([]);
  expect(
    await refused(({ written }) =>
      post('/v1/sandbox/demo/receive', { from: written, text: 'hi', mentions: [written] }),
    ),
  ).toEqual([]);
  expect(
    await refused(({ written }) => real.raw('GET', `/v1/sandbox/demo/inbox?${new URLSearchParams({ to: written })}`)),
  ).toEqual([]);
});

test('as a sender to listen to: what was said under one form is heard by the name of each', async () => {
  for (const { forms } of EXAMPLE_NUMBERS.filter((each) => each.forms.length > 1))
    for (const digits of forms) {
      const from = encodeURIComponent(`\u202A+${digits}\u202C`);
      let received: string[] = [];
      await real.until(async () => {
        const { json } = await real.raw('GET', `/v1/events?types=message.received&from=${from}`);
        received = json.events.map((event: { sender: { phone: string } }) => event.sender.phone);
        return received.length === forms.length;
      });
      // One person, under one id and number, whichever form was used.
      expect([...new Set(received)]).toHaveLength(1);
      expect(forms.map((form) => `+${form}`)).toContain(received[0]);
    }
});

test('for pairing', async () => {
  const manual = await RealBridge.start({ sandboxAutoLink: false });
  try {
    await manual.client.request('POST', '/v1/sessions', { body: { name: 'pair', engine: 'sandbox' } });
    await manual.until(
      async () =>
        (await manual.client.request<{ state: string }>('GET', '/v1/sessions/pair')).state === 'awaiting_scan',
    );
    for (const phone of ['+5215512345678', '\u202A+22995123456\u202C', '+22507123456', '+541123456789', '553187654321'])
      expect(
        await manual.raw('POST', '/v1/sessions/pair/pairing-code', { body: JSON.stringify({ phone }) }),
      ).toMatchObject({ status: 201, json: { code: expect.stringMatching(/^[0-9A-Z]{8}$/) } });
  } finally {
    await manual.destroy();
  }
});
