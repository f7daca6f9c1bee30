/** What nobody would see is not sent: texts, captions, names of files and quotes of blanks, in every alphabet of nothing. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { newMediaId } from '../../../bridge/src/contract/ids.ts';
import { RealBridge } from './real-bridge.ts';

jest.setTimeout(120_000);
let real: RealBridge;
beforeAll(async () => {
  real = await RealBridge.start();
  await real.session('demo');
}, 60_000);
afterAll(() => real.destroy(), 30_000);

const BLANKS = [
  '',
  ' ',
  ' \t\r\n ',
  '\u00A0',
  '\u2003\u3000',
  '\u200B\u200C\u200D\u2060\uFEFF',
  '\u202A\u202C\u2066\u2069',
  '\u00AD\u034F\u061C',
  '\u115F\u3164\uFFA0',
  '\u2800\u2800',
  '\uFE0F\u{E0020}',
  '\u0000\u0007',
];
/** These have something to see, beside what nobody sees. */
const TEXTS = ['.', ' a ', '\u200B0', '👨‍👩‍👧', '❤️', '\u2801', 'ㅤㄱ', '\u202Bשלום\u202C', 'नमस्ते', '\u0301e'];

const to = '+4915112345678';
const media = { session: 'demo', to, type: 'document', mediaId: newMediaId() };

test.each(BLANKS)('a text of blanks is refused: %j', async (text) => {
  const answer = await real.send({ session: 'demo', to, type: 'text', text });
  expect(answer).toMatchObject({
    status: 422,
    json: { code: 'WAB_TEXT_BLANK', detail: expect.stringMatching(/^The text is blank.*Write a text\./) },
  });
});

test('so are a caption, the name of a file and the message to quote, wherever they are given', async () => {
  for (const blank of BLANKS) {
    // An empty caption says that there is none.
    for (const [field, request] of [
      ['text', { ...media, text: blank || ' ' }],
      ['fileName', { ...media, fileName: blank }],
      ['quotedMessageId', { session: 'demo', to, type: 'text', text: 'hi', quotedMessageId: blank }],
    ] as const)
      expect((await real.send(request)).json).toMatchObject({
        code: 'WAB_TEXT_BLANK',
        detail: expect.stringMatching(new RegExp(`^The ${field} is blank.*leave it out`)),
      });
  }
  expect((await real.client.request<{ messages: unknown[] }>('GET', '/v1/messages')).messages).toEqual([]);
});

test('what has something to see in it is sent as it is', async () => {
  for (const text of TEXTS) expect((await real.send({ session: 'demo', to, type: 'text', text })).status).toBe(202);
  const { json } = await real.raw(
    'GET',
    `/v1/sandbox/demo/inbox?${new URLSearchParams({ to, atLeast: String(TEXTS.length), waitMs: '30000' })}`,
  );
  expect(json.map(({ text }: { text: string }) => text)).toEqual(TEXTS);
});
