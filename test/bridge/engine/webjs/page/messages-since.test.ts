/** The page's side of catching up, where a chat has gone meanwhile. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { messagesSince } from '../../../../../bridge/src/engine/webjs/page/page-functions.ts';

const page = globalThis as { window?: unknown };
const pageWithoutChats = (): void => {
  const modules: Record<string, object> = {
    WAWebWidFactory: { createWid: (id: string) => ({ _serialized: id }) },
    WAWebCollections: { Chat: { get: () => undefined } },
  };
  page.window = { WWebJS: {}, require: (name: string) => modules[name] };
};
afterEach(() => {
  delete page.window;
});

describe('messages of a chat', () => {
  test('that is gone: there are none, and none is left unread', async () => {
    pageWithoutChats();
    expect(await messagesSince('gone@g.us', 0, 10)).toEqual({ messages: [], complete: true });
  });
});
