/** What is made safe of the library's client, with a page that is this process. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import whatsapp from 'whatsapp-web.js';
import { GuardedClient } from '../../../../../bridge/src/engine/webjs/browser/guarded-client.ts';

let guarded: boolean;
let attached: number;
const page = { evaluate: async (fn: () => unknown) => fn() };

beforeEach(() => {
  guarded = false;
  attached = 0;
  const wabridge = { document: 'first', apply: () => undefined, guardModels: () => (guarded = true) };
  Object.assign(globalThis, { window: { wabridge } });
  jest
    .spyOn(
      whatsapp.Client.prototype as unknown as { attachEventListeners: () => Promise<void> },
      'attachEventListeners',
    )
    .mockImplementation(async () => void (attached += 1));
});
afterEach(() => {
  jest.restoreAllMocks();
  Reflect.deleteProperty(globalThis, 'window');
});

test('a document is attached to once, and its serialiser stays guarded where the library was loaded into it again', async () => {
  const client = Object.assign(new GuardedClient({}), { pupPage: page });
  await client.attachEventListeners();
  expect([guarded, attached]).toEqual([true, 1]);
  // The library replaces what it put into the page each time that a sync ends, and attaches right after.
  guarded = false;
  await client.attachEventListeners();
  expect([guarded, attached]).toEqual([true, 1]);
});
