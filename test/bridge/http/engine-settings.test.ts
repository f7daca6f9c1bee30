/** What an engine asks for with each of its sessions: checked, stored, given to the engine, and never shown if it is secret. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import Type from 'typebox';
import { object } from '../../../bridge/src/contract/schema.ts';
import { FakeFactory } from '../sessions/fake-engine.ts';
import { type Answer, RealBridge } from './real-bridge.ts';

jest.setTimeout(30_000);
const TOKEN = 'EAAG-a-token-that-nobody-may-see';
const SETTINGS = { account: '1029384756', token: TOKEN };

let factory: FakeFactory;
let real: RealBridge;
beforeEach(async () => {
  factory = askingFactory();
  real = await RealBridge.start({ engines: [] }, undefined, [factory]);
});
afterEach(() => real.destroy());

/** Of an engine that has to know an account and a token, as an official API does. */
function askingFactory(): FakeFactory {
  const asking = new FakeFactory();
  asking.settings = {
    shown: object({ account: Type.String({ minLength: 1 }), region: Type.Optional(Type.String()) }),
    secret: object({ token: Type.String({ minLength: 20 }) }),
  };
  return asking;
}

const add = (body: object): Promise<Answer> =>
  real.raw('POST', '/v1/sessions', { body: JSON.stringify({ name: 'official', engine: 'sandbox', ...body }) });

/** Files below a folder that contain a text. */
function filesWith(text: string, folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => {
    const path = join(folder, file);
    return statSync(path).isFile() && readFileSync(path).includes(text);
  });
}

test('the engine gets all of it, at every start; the secret is in no answer and, unencrypted, in no file', async () => {
  const added = await add({ settings: SETTINGS });
  expect(added).toMatchObject({ status: 201, json: { settings: { account: '1029384756' } } });
  await real.until(async () => factory.options.length === 1);
  expect(factory.options[0]).toEqual({ settings: SETTINGS });
  const shown = await real.raw('GET', '/v1/sessions/official');
  expect(shown.json.settings).toEqual({ account: '1029384756' });
  for (const { text } of [added, shown, await real.raw('GET', '/v1/sessions'), await real.raw('GET', '/v1/events')])
    expect(text).not.toContain(TOKEN);
  await real.stop();
  expect(filesWith('1029384756', real.dataDir)).not.toEqual([]);
  expect(filesWith(TOKEN, real.dataDir)).toEqual([]);

  factory = askingFactory();
  real = await RealBridge.start({ engines: [], dataDir: real.dataDir }, undefined, [factory]);
  await real.until(async () => factory.options.length === 1);
  expect(factory.options[0]).toEqual({ settings: SETTINGS });
});

test('settings that are not those of the engine are refused by the names of their fields, and nothing is stored', async () => {
  for (const [settings, reason] of [
    [undefined, /body settings is missing account, token/],
    [{ account: '1' }, /body settings is missing token/],
    [{ ...SETTINGS, token: [TOKEN] }, /body settings\.token must be string/],
    [{ ...SETTINGS, token: 'EAAG-short' }, /body settings\.token must not have fewer than 20/],
    [{ ...SETTINGS, colour: TOKEN }, /body settings has the unknown field colour/],
  ] as const) {
    const refused = await add({ settings });
    expect(refused).toMatchObject({ status: 422, json: { code: 'WAB_SETTINGS_INVALID' } });
    expect(refused.json.detail).toMatch(reason);
    expect(refused.text).not.toContain('EAAG');
  }
  expect((await add({ settings: 'text' })).json.code).toBe('WAB_INVALID_REQUEST');
  expect((await real.raw('GET', '/v1/sessions')).json.sessions).toEqual([]);
  expect(factory.made).toEqual([]);
});

test('an engine that asks for nothing refuses all', async () => {
  delete factory.settings;
  const refused = await add({ settings: SETTINGS });
  expect(refused).toMatchObject({ status: 422, json: { code: 'WAB_SETTINGS_INVALID' } });
  expect(refused.json.detail).toContain('it takes none');
  expect(refused.text).not.toContain(TOKEN);
  expect((await add({ settings: {} })).json).toMatchObject({ settings: {} });
  await real.until(async () => factory.options.length === 1);
  expect(factory.options[0]).toEqual({});
});

test('what another version of the engine asked for is not given to this one, and the session says why', async () => {
  await add({ settings: SETTINGS });
  await real.stop();
  factory = askingFactory();
  factory.settings = { ...factory.settings!, shown: object({ account: Type.Integer() }) };
  real = await RealBridge.start({ engines: [], dataDir: real.dataDir }, undefined, [factory]);
  const shown = () => real.raw('GET', '/v1/sessions/official');
  await real.until(async () => /settings\.account must be integer/.test((await shown()).json.reason));
  expect(factory.made).toEqual([]);
});
