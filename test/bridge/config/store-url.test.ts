import { describe, expect, test } from '@jest/globals';
import { loadSettings } from '../../../bridge/src/config/load-settings.ts';
import { mediaLocationOf, profilesLocationOf } from '../../../bridge/src/config/store-locations.ts';
import { parseStoreUrl } from '../../../bridge/src/config/store-url.ts';

const BARE = {
  kind: 's3',
  bucket: 'media',
  prefix: '',
  region: null,
  endpoint: null,
  pathStyle: false,
  encryption: null,
  kmsKeyId: null,
};

test.each([
  ['s3://media', BARE],
  ['s3://media/', BARE],
  ['s3://media/a/b', { ...BARE, prefix: 'a/b/' }],
  ['s3://media/a/b/?region=eu-central-1', { ...BARE, prefix: 'a/b/', region: 'eu-central-1' }],
  ['s3://media?endpoint=http://127.0.0.1:9000', { ...BARE, endpoint: 'http://127.0.0.1:9000', pathStyle: true }],
  [
    's3://media?endpoint=https%3A%2F%2Fs3.example&pathStyle=false',
    { ...BARE, endpoint: 'https://s3.example', pathStyle: false },
  ],
  ['s3://media?sse=AES256', { ...BARE, encryption: 'AES256' }],
  ['s3://media?sse=aws:kms&kmsKeyId=alias/one', { ...BARE, encryption: 'aws:kms', kmsKeyId: 'alias/one' }],
  ['file:///srv/my%20media', { kind: 'disk', folder: '/srv/my media' }],
])('%s', (url, location) => expect(parseStoreUrl(url)).toEqual(location));

describe('refused, with what to write', () => {
  test.each([
    ['/srv/media', 'not a URL'],
    ['https://media.example', 'scheme'],
    ['s3://', 'name a bucket'],
    ['s3://x', 'name a bucket'],
    ['s3://media/../other%00', 'prefix'],
    ['s3://media?regoin=eu', '"regoin" is not an option'],
    ['s3://media?endpoint=minio:9000', 'endpoint'],
    ['s3://media?pathStyle=yes', 'true or false'],
    ['s3://media?sse=rot13', 'AES256 or aws:kms'],
    ['s3://media?kmsKeyId=1', 'needs sse=aws:kms'],
    ['file://server/share', 'folder of this machine'],
  ])('%s', (url, sentence) => expect(() => parseStoreUrl(url)).toThrow(sentence));

  test.each(['s3://AKIAEXAMPLE:hunter2@media', 's3://media?endpoint=https://AKIAEXAMPLE:hunter2@s3.example'])(
    'credentials, which are not repeated: %s',
    (url) => {
      const refused = (): unknown => loadSettings({ WABRIDGE_MEDIA_URL: url });
      expect(refused).toThrow(/WABRIDGE_MEDIA_URL.*credentials/);
      expect(refused).not.toThrow(/hunter2|AKIAEXAMPLE/);
    },
  );
});

test('by default, media are in the data folder', () => {
  const { settings } = loadSettings({ WABRIDGE_DATA_DIR: '/srv/data' });
  expect(mediaLocationOf(settings)).toEqual({ kind: 'disk', folder: '/srv/data/media' });
});

test('by default, logins are kept on this machine only', () => {
  expect(profilesLocationOf(loadSettings({}).settings)).toBeNull();
  const { settings } = loadSettings({ WABRIDGE_PROFILES_URL: 's3://logins/a' });
  expect(profilesLocationOf(settings)).toMatchObject({ kind: 's3', bucket: 'logins', prefix: 'a/' });
  const refused = (): unknown => loadSettings({ WABRIDGE_PROFILES_URL: 's3://AKIAEXAMPLE:hunter2@logins' });
  expect(refused).toThrow(/WABRIDGE_PROFILES_URL cannot be used.*credentials/);
  expect(refused).not.toThrow(/hunter2/);
});
