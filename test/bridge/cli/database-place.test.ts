/** Which databases a command means. */
import { resolve } from 'node:path';
import { expect, test } from '@jest/globals';
import { placeOf, targetOf } from '../../../bridge/src/cli/database-place.ts';
import type { Settings } from '../../../bridge/src/config/settings.ts';

const settings = { dataDir: './data' } as Settings;
const URL_OF_SERVER = 'postgres://user:secret@host/name';

test('the database of the settings', () => {
  expect(placeOf(settings)).toEqual({ file: resolve('data/wabridge.db') });
  expect(placeOf({ ...settings, databaseUrl: URL_OF_SERVER })).toEqual({ url: URL_OF_SERVER });
});

test.each([
  [URL_OF_SERVER, { url: URL_OF_SERVER }],
  ['postgresql://host/name', { url: 'postgresql://host/name' }],
  ['sqlite', { file: resolve('data/wabridge.db') }],
  ['sqlite:other/wabridge.db', { file: resolve('other/wabridge.db') }],
  ['sqlite:///srv/wabridge.db', { file: '/srv/wabridge.db' }],
])('the target %s', (written, place) => expect(targetOf(written, settings)).toEqual(place));

test.each(['mysql://user:secret@host/name', 'postgres://user:secret@:::/', 'sqlite:secret.db', 'secret'])(
  '%s is refused without being repeated',
  (written) => {
    expect(() => targetOf(written, settings)).toThrow(/^(?!.*secret).*--to/);
  },
);
