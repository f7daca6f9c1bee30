/** The page's side of catching up, where something is amiss with a chat. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { messagesSince, readDecrypted } from '../../../../../bridge/src/engine/webjs/page/page-functions.ts';
import { installShims } from './install-shims.ts';

interface Row {
  readonly id: { readonly _serialized: string };
  readonly t: number;
  readonly type: string;
}
const row = (name: string, t: number): Row => ({ id: { _serialized: name }, t, type: 'chat' });

const page = globalThis as { window?: unknown };
/** A page with one chat that holds some messages; `load` gives earlier ones. */
function pageWith(
  held: Row[] | null,
  load: () => unknown = () => [],
  getMessagesById: () => unknown = () => ({}),
): void {
  const chat = held && { msgs: { getModelsArray: () => held } };
  const modules: Record<string, object> = {
    WAWebWidFactory: { createWid: (id: string) => ({ _serialized: id }) },
    WAWebChatLoadMessages: { loadEarlierMsgs: load },
    WAWebCollections: {
      Msg: { get: (id: string) => held?.find((each) => each.id._serialized === id), getMessagesById },
    },
  };
  page.window = {
    WWebJS: { getMessageModel: ({ id, t }: Row) => ({ id: id._serialized, t }) },
    require: (name: string) => modules[name],
  };
  installShims();
  Object.assign((page.window as { readonly wabridge: object }).wabridge, { knownChat: () => chat });
}
const never = (): Promise<never> => new Promise(() => undefined);
afterEach(() => {
  delete page.window;
});

describe('messages of a chat', () => {
  test('that is gone: there are none, and none is left unread', async () => {
    pageWith(null);
    expect(await messagesSince('gone@g.us', 0, 10, 100)).toEqual({ state: 'read', messages: [] });
  });

  test('are loaded until one is older', async () => {
    const batches = [[row('a', 5), row('b', 11)], [row('too old', 3)]];
    pageWith([row('c', 12)], async () => batches.shift() ?? []);
    expect(await messagesSince('x@c.us', 10, 10, 100)).toEqual({
      state: 'read',
      messages: [
        { id: 'b', t: 11 },
        { id: 'c', t: 12 },
      ],
    });
    expect(batches).toHaveLength(1);
  });

  test.each([
    ['throws', () => Promise.reject(new TypeError('waitForChatLoading')), 'TypeError: waitForChatLoading'],
    ['never answers', never, 'the page did not load earlier messages in 30 ms'],
    [
      'throws at once',
      () => {
        throw new Error('no such thing');
      },
      'Error: no such thing',
    ],
  ])('of which the page %s for the earlier ones: it is said, with those that it holds', async (_how, load, reason) => {
    pageWith([row('old', 1), row('a', 11)].slice(1), load);
    expect(await messagesSince('x@c.us', 10, 10, 30)).toEqual({
      state: 'failed',
      reason,
      messages: [{ id: 'a', t: 11 }],
    });
  });

  test('of a page that has loaded some in time: it is to be asked again', async () => {
    let loads = 0;
    pageWith([row('c', 30)], () => (loads++ === 0 ? Promise.resolve([row('b', 20)]) : never()));
    expect(await messagesSince('x@c.us', 10, 10, 30)).toEqual({ state: 'more', messages: [] });
  });

  test('that come after a question was given up are in their place in the next one, also those of one second', async () => {
    const late: ((rows: Row[]) => void)[] = [];
    pageWith([row('d', 20)], () => new Promise<Row[]>((resolve) => late.push(resolve)));
    expect(await messagesSince('x@c.us', 10, 10, 20)).toMatchObject({
      state: 'failed',
      messages: [{ id: 'd', t: 20 }],
    });
    const second = messagesSince('x@c.us', 10, 10, 5_000);
    expect(late).toHaveLength(2);
    late[0]?.([row('c', 20)]);
    late[1]?.([row('too old', 1), row('a', 20), row('b', 20)]);
    expect((await second).messages.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('beyond the limit are cut off, and that is said', async () => {
    pageWith([row('c', 30)], async () => [row(`${Math.random()}`, 20)]);
    const { state, messages } = await messagesSince('x@c.us', 10, 3, 1_000);
    expect([state, messages.length]).toEqual(['cut', 3]);
  });

  test('cannot be had of a page that has lost the library: that is a failure, not an empty chat', async () => {
    pageWith([row('c', 30)]);
    delete (page.window as { WWebJS?: unknown }).WWebJS;
    expect(await messagesSince('x@c.us', 10, 3, 100)).toMatchObject({ state: 'failed' });
  });
});

describe('messages that were decrypted', () => {
  test('and are in the page are told even if its store throws', async () => {
    pageWith([row('held', 1)], undefined, () => {
      throw new Error('invalid message key');
    });
    expect(await readDecrypted(['held', 'stored'])).toEqual([{ messageId: 'held', message: { id: 'held', t: 1 } }]);
  });
});
