/** Reactions, read state and typing through the routes, down to what the simulated phones of others show. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ERRORS, type ErrorCode } from '../../../bridge/src/contract/errors.ts';
import { RealBridge, type Answer } from './real-bridge.ts';

jest.setTimeout(60_000);
const PERSON = '+4915112345678';
const CHAT = '4915112345678@c.us';
let real: RealBridge;

beforeAll(async () => {
  real = await RealBridge.start();
  await real.session('demo');
  await real.session('other');
}, 60_000);
afterAll(() => real.destroy(), 30_000);

const path = (what: string, chat = PERSON, session = 'demo'): string =>
  `/v1/sessions/${session}/chats/${encodeURIComponent(chat)}/${what}`;
const markRead = (chat?: string, session?: string): Promise<Answer> => real.raw('POST', path('read', chat, session));
const typing = (state: string, chat?: string, session?: string): Promise<Answer> =>
  real.raw('POST', path('typing', chat, session), { body: JSON.stringify({ state }) });
const operations = async (kind: string, atLeast = 1): Promise<Record<string, unknown>[]> =>
  (await real.raw('GET', `/v1/sandbox/demo/operations?kind=${kind}&atLeast=${atLeast}&waitMs=30000`)).json;
const said = async (text: string): Promise<string> => {
  const body = JSON.stringify({ from: PERSON, text });
  return (await real.raw('POST', '/v1/sandbox/demo/receive', { body })).json.messageId;
};

function expectProblem(answer: Answer, code: ErrorCode, detail: RegExp): void {
  expect({ status: answer.status, body: answer.json }).toMatchObject({
    status: ERRORS[code].status,
    body: { code, detail: expect.stringMatching(detail) },
  });
}

describe('what the other side sees', () => {
  test('a reaction goes through the outbox, is replaced, and is taken back', async () => {
    const messageId = await said('react to this');
    for (const emoji of ['👍', '❤️', '']) {
      const sent = await real.send({ session: 'demo', to: PERSON, type: 'reaction', messageId, emoji });
      expect({ status: sent.status, body: sent.json }).toMatchObject({
        status: 202,
        body: { type: 'reaction', messageId: null, replayed: false },
      });
    }
    const shown = (await operations('reaction', 3)).filter((operation) => operation['messageId'] === messageId);
    expect(shown.map(({ emoji }) => emoji)).toEqual(['👍', '❤️', '']);
    expect(shown[0]).toMatchObject({ kind: 'reaction', chat: { chatId: CHAT }, state: null, read: null });
  });

  test('with waitMs the answer is accepted, or the reason why not', async () => {
    const messageId = await said('wait for it');
    const headers = () => ({ 'idempotency-key': crypto.randomUUID() });
    const post = (about: string) =>
      real.raw('POST', '/v1/messages?waitMs=30000', {
        headers: headers(),
        body: JSON.stringify({ session: 'demo', to: PERSON, type: 'reaction', messageId: about, emoji: '👍' }),
      });
    expect((await post(messageId)).json).toMatchObject({ state: 'accepted' });
    expect((await post(`false_${CHAT}_3EB0NOTHING`)).json).toMatchObject({
      state: 'failed',
      error: { code: 'WAB_MESSAGE_UNKNOWN' },
    });
  });

  test('marking as read is done when the answer comes', async () => {
    await said('unread');
    expect((await markRead()).status).toBe(204);
    expect((await markRead(CHAT)).status).toBe(204);
    const shown = await operations('read', 2);
    expect(shown).toMatchObject([{ chat: { chatId: CHAT } }, { chat: { chatId: CHAT }, read: 0 }]);
    expect(shown[0]!['read']).toBeGreaterThan(0);
  });

  test('typing shows its states', async () => {
    for (const state of ['composing', 'recording', 'paused']) {
      const { status, text } = await typing(state);
      expect({ status, text }).toEqual({ status: 204, text: '' });
    }
    expect((await operations('typing', 3)).map(({ state }) => state)).toEqual(['composing', 'recording', 'paused']);
  });
});

describe('refusals', () => {
  test('of a reaction that is no emoji, or lacks what it is about', async () => {
    const reaction = { session: 'demo', to: PERSON, type: 'reaction', messageId: 'false_x_1', emoji: '👍' };
    expectProblem(await real.send({ ...reaction, emoji: 'yes' }), 'WAB_EMOJI_INVALID', /one emoji/);
    expectProblem(await real.send({ ...reaction, emoji: 'x'.repeat(41) }), 'WAB_INVALID_REQUEST', /body emoji/);
    expectProblem(
      await real.send({ ...reaction, messageId: undefined }),
      'WAB_INVALID_REQUEST',
      /is missing messageId/,
    );
    expectProblem(await real.send({ ...reaction, text: 'x' }), 'WAB_INVALID_REQUEST', /unknown field text/);
  });

  test('of chats and sessions that do not exist, and of states that are none', async () => {
    for (const operation of [(chat?: string, session?: string) => typing('composing', chat, session), markRead]) {
      expectProblem(await operation('+4915112000000'), 'WAB_CHAT_UNKNOWN', /no chat or account/);
      expectProblem(await operation('nobody@nowhere'), 'WAB_ADDRESS_INVALID', /<id>@<server>/);
      expectProblem(await operation(PERSON, 'missing'), 'WAB_SESSION_NOT_FOUND', /missing/);
      expectProblem(await operation(PERSON, 'De%20mo'), 'WAB_INVALID_REQUEST', /path session/);
    }
    expectProblem(await typing('dancing'), 'WAB_INVALID_REQUEST', /body state must be one of composing/);
    expectProblem(await real.raw('POST', path('typing')), 'WAB_INVALID_REQUEST', /body/);
    const extra = { body: JSON.stringify({ until: 'tomorrow' }) };
    expectProblem(await real.raw('POST', path('read'), extra), 'WAB_INVALID_REQUEST', /must not have a body/);
  });

  test('of a session that is not ready: at once, and nothing is queued', async () => {
    await real.raw('POST', '/v1/sessions/other/stop');
    for (const operation of [(chat?: string, session?: string) => typing('composing', chat, session), markRead])
      expectProblem(
        await operation(PERSON, 'other'),
        'WAB_SESSION_NOT_READY',
        /Session other is stop.*cannot be queued/,
      );
    expect((await real.raw('GET', '/v1/messages?session=other')).json.messages).toEqual([]);
  });

  test('of a WhatsApp that does not answer: after a few seconds, with what to do', async () => {
    const fault = (faults: object) => real.raw('PUT', '/v1/sandbox/demo/faults', { body: JSON.stringify(faults) });
    await fault({ operationHangs: { count: 2 } });
    const [mark, write] = await Promise.all([markRead(), typing('composing')]);
    for (const answer of [mark, write]) {
      expectProblem(
        answer,
        'WAB_OPERATION_FAILED',
        /session demo: the answer from WhatsApp took longer than .*repeat the request/,
      );
      expect(answer.json.retryable).toBe(true);
    }
    await fault({});
    expect((await markRead()).status).toBe(204);
  });

  test('of keys without the scope or without the session', async () => {
    const reader = await real.key(['messages:read', 'sessions:manage']);
    const elsewhere = await real.key(['messages:send'], ['other']);
    const body = JSON.stringify({ state: 'composing' });
    for (const [method, at, request] of [
      ['POST', path('read'), {}],
      ['POST', path('typing'), { body }],
    ] as const) {
      expectProblem(await real.raw(method, at, { ...request, key: reader }), 'WAB_SCOPE_MISSING', /messages:send/);
      expectProblem(await real.raw(method, at, { ...request, key: elsewhere }), 'WAB_SESSION_NOT_ALLOWED', /demo/);
    }
  });
});
