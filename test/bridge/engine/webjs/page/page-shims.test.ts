/** The text that each document is given, in a page that is this process: its functions find each other in it. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { PageMessage, PageWindow } from '../../../../../bridge/src/engine/webjs/page/page-window.ts';
import { installShims } from './install-shims.ts';

class MsgKey {
  static newId = (): string => 'of the page';
  $1: string | undefined;

  toString(): string {
    return this.$1 ?? 'known before';
  }
}

const known = Object.create(MsgKey.prototype) as MsgKey;
const modules: Record<string, object> = {
  WAWebMsgKey: MsgKey,
  WAWebCollections: { Msg: { getModelsArray: () => [{ id: known }] } },
};
const getMessageModel = ({ type }: PageMessage): Record<string, unknown> => {
  if (type === 'broken') throw new TypeError('cannot be serialised');
  return { type };
};

const world = globalThis as unknown as { window?: PageWindow };
let page: PageWindow;
beforeEach(() => {
  page = { require: (name: string) => modules[name], WWebJS: { getMessageModel } } as unknown as PageWindow;
  world.window = page;
  installShims();
});
afterEach(() => {
  delete world.window;
});

test('it leaves one name, which nothing can replace, and gives each document another', () => {
  const names = Object.getOwnPropertyNames(globalThis);
  const { document } = page.wabridge;
  expect(installShims).toThrow(TypeError);
  expect(Object.getOwnPropertyNames(globalThis)).toEqual(names);
  expect(page.wabridge.document).toBe(document);
  world.window = {} as PageWindow;
  installShims();
  expect(world.window.wabridge.document).not.toBe(document);
});

test('keys have their old name again, and the next id is the one that was chosen', async () => {
  expect(page.wabridge.apply()).toBe(true);
  const made = Object.assign(Object.create(MsgKey.prototype) as MsgKey, { $1: 'true_chat_3EB0' });
  expect([known, made].map((key) => (key as unknown as { _serialized: string })._serialized)).toEqual([
    'known before',
    'true_chat_3EB0',
  ]);
  page.wabridge.choose('3EB0A');
  expect([MsgKey.newId(), MsgKey.newId()]).toEqual(['3EB0A', 'of the page']);
  expect(page.wabridge.wasUsed('3EB0A')).toBe(true);
  page.wabridge.choose('3EB0B');
  await Promise.resolve();
  expect(MsgKey.newId()).toBe('of the page');
  expect(page.wabridge.wasUsed('3EB0B')).toBe(false);
});

test('what can be read of a message that cannot be serialised is told instead', () => {
  page.wabridge.guardModels();
  const message = { id: { fromMe: false, remote: { _serialized: 'a@lid' }, id: '3EB0' }, t: 5 };
  const modelOf = (type: string) => page.WWebJS?.getMessageModel({ ...message, type } as unknown as PageMessage);
  expect(modelOf('chat')).toEqual({ type: 'chat' });
  expect(modelOf('broken')).toMatchObject({
    unreadable: true,
    type: 'broken',
    t: 5,
    id: { remote: 'a@lid', id: '3EB0' },
  });
});
