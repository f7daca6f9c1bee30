/** What is made safe of the library's client, with a page that is this process. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
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

describe('the first injection', () => {
  const NO_ANSWER =
    "Runtime.callFunctionOn timed out. Increase the 'protocolTimeout' setting in launch/connect calls for a higher timeout if needed.";
  /** How each try to take hold of the page ends; the next ones work. */
  let ends: unknown[];
  let tries: number;
  let client: GuardedClient;

  beforeEach(() => {
    ends = [];
    tries = 0;
    jest
      .spyOn(whatsapp.Client.prototype as unknown as { inject: () => Promise<void> }, 'inject')
      .mockImplementation(async () => {
        tries += 1;
        if (ends.length > 0) throw ends.shift();
      });
    client = Object.assign(new GuardedClient({}), { pupPage: page });
  });

  test('goes on for as long as the page waits for a line, whatever a single call may take', async () => {
    ends = [new Error(NO_ANSWER), new Error(NO_ANSWER)];
    await client.inject();
    expect(tries).toBe(3);
  });

  test('is made again where the page was loaded again, since parts of it did not come', async () => {
    ends = ['auth timeout'];
    client.loadAgain = async () => true;
    await client.inject();
    expect(tries).toBe(2);
  });

  test('fails with its reason where the page is another', async () => {
    ends = ['auth timeout'];
    await expect(client.inject()).rejects.toThrow('did not turn out to be WhatsApp Web in time');
    expect(tries).toBe(1);
  });
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
