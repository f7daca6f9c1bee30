import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { isLoopback, loadSettings } from '../../../bridge/src/config/load-settings.ts';
import { describeSettings } from '../../../bridge/src/config/describe-settings.ts';
import { redisOptionsOf } from '../../../bridge/src/ops/redis.ts';
import {
  definitionOf,
  envNameOf,
  SETTING_NAMES,
  SettingsSchema,
  type Settings,
} from '../../../bridge/src/config/settings.ts';

function faultsOf(environment: Record<string, string>, file?: string): string {
  try {
    loadSettings(environment, file);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('these settings were accepted');
}

function withFile<T>(content: string, use: (file: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'wabridge-config-'));
  const file = join(folder, 'settings.json');
  writeFileSync(file, content);
  try {
    return use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('reading the settings', () => {
  test('without anything the defaults hold: loopback, no sandbox, no ops listener', () => {
    const { settings, origins } = loadSettings({});
    expect(settings).toMatchObject({
      host: '127.0.0.1',
      port: 8477,
      engines: ['webjs'],
      behindProxy: false,
      inDoubtPolicy: 'hold',
    });
    expect(settings.opsPort).toBeUndefined();
    expect(origins.port).toBe('default');
  });

  // They are not looked at when the settings are read.
  test.each(SETTING_NAMES)('the default of %s is a value that it takes', (name) => {
    const schema = SettingsSchema.properties[name];
    const value = definitionOf(name).default;
    expect(value === undefined || Compile(schema).Check(value)).toBe(true);
  });

  test('the environment wins over the file, and the command line over both', () => {
    withFile('{ "port": 1001, "maxSessions": 3, "logLevel": "warn" }', (file) => {
      const { settings, origins } = loadSettings(
        { WABRIDGE_CONFIG: file, WABRIDGE_PORT: '1002', WABRIDGE_LOG_LEVEL: 'error' },
        undefined,
        { logLevel: 'fatal' },
      );
      expect(settings).toMatchObject({ port: 1002, maxSessions: 3, logLevel: 'fatal' });
      expect([origins.port, origins.maxSessions, origins.logLevel]).toEqual(['environment', 'file', 'command line']);
    });
  });

  test('lists, booleans and numbers are read from text; an empty variable is one that is not set', () => {
    const { settings } = loadSettings({
      WABRIDGE_ENGINES: 'webjs, sandbox',
      WABRIDGE_PUBLIC_URLS: 'https://wa.example.org,http://10.0.0.5:8477',
      WABRIDGE_BEHIND_PROXY: 'true',
      WABRIDGE_PORT: '0',
      WABRIDGE_HOST: '',
    });
    expect(settings).toMatchObject({
      engines: ['webjs', 'sandbox'],
      publicUrls: ['https://wa.example.org', 'http://10.0.0.5:8477'],
      behindProxy: true,
      port: 0,
      host: '127.0.0.1',
    });
  });

  test('all faults are told at once, each with what to write instead', () => {
    const text = faultsOf({
      WABRIDGE_PORT: '70000',
      WABRIDGE_BEHIND_PROXY: 'yes',
      WABRIDGE_ENGINES: 'webjs,sandbx',
      WABRIDGE_LOG_LEVEL: 'warning',
      WABRIDGE_PUBLIC_URLS: 'wa.example.org',
      WABRIDGE_MAX_SESIONS: '4',
    });
    expect(text).toContain('WABRIDGE_PORT is 70000, which is not valid. Write a whole number from 0 to 65535.');
    expect(text).toContain('Write true or false.');
    expect(text).toContain('webjs, sandbox');
    expect(text).toContain(
      'WABRIDGE_LOG_LEVEL is "warning", which is not valid. Write one of debug, info, warn, error, fatal, silent.',
    );
    expect(text).toContain('https://wa.example.org');
    expect(text).toContain('WABRIDGE_MAX_SESIONS is not a setting. Did you mean WABRIDGE_MAX_SESSIONS?');
    expect(text.split('\n  - ')).toHaveLength(7);
  });

  test('numbers are whole and plain', () => {
    for (const wrong of ['8477.5', '0x10', '1e3', ' 12', '12abc', '99999999999999999999']) {
      expect(faultsOf({ WABRIDGE_MAX_SESSIONS: wrong })).toContain('WABRIDGE_MAX_SESSIONS');
    }
  });

  test('unknown fields of the file are faults with a suggestion, and so is a file that is no JSON object', () => {
    withFile('{ "prot": 1, "somethingElseEntirely": true }', (file) => {
      const text = faultsOf({}, file);
      expect(text).toContain('Did you mean port?');
      expect(text).toContain('somethingElseEntirely');
    });
    withFile('[1]', (file) => expect(faultsOf({}, file)).toContain('must hold one JSON object'));
    withFile('{ port: 1 }', (file) => expect(faultsOf({}, file)).toContain('cannot be read as JSON'));
    expect(faultsOf({ WABRIDGE_CONFIG: '/nowhere/settings.json' })).toContain('cannot be read as JSON');
    withFile('{ "port": "8477" }', (file) => expect(faultsOf({}, file)).toContain('port (in the settings file)'));
  });

  test('a host that others can reach needs TLS or a proxy', () => {
    expect(faultsOf({ WABRIDGE_HOST: '0.0.0.0' })).toContain('WABRIDGE_BEHIND_PROXY=true');
    expect(loadSettings({ WABRIDGE_HOST: '0.0.0.0', WABRIDGE_BEHIND_PROXY: 'true' }).settings.host).toBe('0.0.0.0');
    withFile('x', (file) => {
      const tls = { WABRIDGE_TLS_CERT_FILE: file, WABRIDGE_TLS_KEY_FILE: file };
      expect(loadSettings({ WABRIDGE_HOST: '::', ...tls }).settings.host).toBe('::');
      expect(faultsOf({ WABRIDGE_TLS_CERT_FILE: file })).toContain('TLS needs both files');
    });
    expect(faultsOf({ WABRIDGE_TLS_CERT_FILE: '/nowhere', WABRIDGE_TLS_KEY_FILE: '/nowhere' })).toContain(
      'does not exist',
    );
  });

  test('what counts as loopback', () => {
    for (const host of ['127.0.0.1', '127.8.8.8', 'localhost', '::1']) expect(isLoopback(host)).toBe(true);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.evil.example', 'example.org', '128.0.0.1'])
      expect(isLoopback(host)).toBe(false);
  });

  test('ids are not forgotten before the events that they guard', () => {
    expect(faultsOf({ WABRIDGE_EVENT_RETENTION_DAYS: '100' })).toContain('Set it to 100 or more.');
  });
});

describe('showing the settings', () => {
  test('every setting has a description, a name in the environment of its own, and an origin', () => {
    const { settings: views } = describeSettings(loadSettings({ WABRIDGE_PORT: '9' }));
    expect(views.map((view) => view.name)).toEqual(SETTING_NAMES);
    expect(new Set(views.map((view) => view.env)).size).toBe(SETTING_NAMES.length);
    for (const view of views) expect(view.description.length).toBeGreaterThan(10);
    expect(views.find((view) => view.name === 'port')).toMatchObject({
      env: 'WABRIDGE_PORT',
      value: 9,
      origin: 'environment',
    });
    expect(envNameOf('mediaMaxImageBytes')).toBe('WABRIDGE_MEDIA_MAX_IMAGE_BYTES');
  });

  test('secrets are told as booleans, and not in faults either', () => {
    withFile('x', (file) => {
      const loaded = loadSettings({ WABRIDGE_TLS_CERT_FILE: file, WABRIDGE_TLS_KEY_FILE: file });
      const text = JSON.stringify(describeSettings(loaded).settings.filter((view) => view.secret));
      expect(text).toContain('"value":true');
      expect(text).not.toContain(file);
    });
    withFile('{ "tlsKeyFile": 4711 }', (file) => expect(faultsOf({}, file)).not.toContain('4711'));
  });

  test.each([
    ['http://localhost:6379', 'must look like redis://host:6379'],
    ['redis://', 'must look like redis://host:6379'],
    ['redis://user:open-sesame@localhost:6379/main', 'must be the number of a database'],
    ['rediss://:open-sesame@localhost/1?keyPrefix=x', 'nothing may follow the database number'],
  ])('the URL of Redis is checked and not repeated: %s', (url, fault) => {
    const said = faultsOf({ WABRIDGE_REDIS_URL: url });
    expect(said).toContain('WABRIDGE_REDIS_URL');
    expect(said).toContain(fault);
    expect(said).not.toContain('open-sesame');
  });

  test('a URL of Redis is a secret; a part of it may be left out', () => {
    const loaded = loadSettings({ WABRIDGE_REDIS_URL: 'redis://:open-sesame@[::1]' });
    expect(JSON.stringify(describeSettings(loaded))).not.toContain('sesame');
    expect(redisOptionsOf(loaded.settings.redisUrl!)).toMatchObject({
      host: '::1',
      port: 6379,
      db: 0,
      password: 'open-sesame',
    });
    expect(redisOptionsOf('rediss://me:a%2Fb@redis.example:7000/3')).toMatchObject({
      ...{ host: 'redis.example', port: 7000, db: 3, username: 'me', password: 'a/b', tls: {} },
    });
  });

  test('every setting is read by something', async () => {
    // models.md names this as what goes wrong in this field: settings that nothing reads.
    const { readdirSync, readFileSync } = await import('node:fs');
    const source = new URL('../../../bridge/src/', import.meta.url);
    const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.ts') && !name.startsWith('config/settings'),
    );
    const text = files.map((name) => readFileSync(new URL(name, source), 'utf8')).join('\n');
    const unread = SETTING_NAMES.filter(
      (name: keyof Settings) => !new RegExp(`settings\\.${name}\\b|\\b${name}[,:} ]`).test(text),
    );
    expect(unread).toEqual([]);
  });
});
