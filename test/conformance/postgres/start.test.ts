/** What ends a start, since no waiting changes it, and what a start must leave as it was. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../../bridge/src/store/database.ts';
import { openDatabase } from '../../../bridge/src/store/open-database.ts';
import { freshPostgres } from '../../servers/fresh.ts';
import { onServer } from './tally.ts';

jest.setTimeout(120_000);

let dataDir: string;
let url: string;
beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'wabridge-start-'));
  url = await freshPostgres();
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const open = (databaseUrl: string): Promise<Database> =>
  openDatabase({ dataDir, databaseUrl, log: { error: () => undefined }, onFatal: () => undefined });
const changed = (change: Partial<URL>): string => Object.assign(new URL(url), change).href;

test.each<[string, () => string, RegExp]>([
  ['a database that does not exist', () => changed({ pathname: '/nowhere' }), /does not exist/],
  ['a user that does not exist', () => changed({ username: 'nobody-known' }), /nobody-known/],
  ['a server without TLS, if TLS is asked for', () => `${url}?sslmode=verify-full`, /SSL/],
])('%s is one clear error', async (_what, bad, reason) => {
  const error: unknown = await open(bad()).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'WAB_DATABASE_UNUSABLE', message: expect.stringMatching(reason) });
  expect((error as Error).message).toContain('WABRIDGE_DATABASE_URL');
});

test('a URL that is none is refused without being repeated', async () => {
  const error: unknown = await open('postgres://user:pass word@:::/').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'WAB_CONFIG_INVALID', message: expect.not.stringContaining('pass word') });
});

test('a user without rights is told what is missing', async () => {
  await onServer(url, async (client) => {
    await client.query('DROP ROLE IF EXISTS poor');
    await client.query('CREATE ROLE poor LOGIN');
  });
  await expect(open(changed({ username: 'poor' }))).rejects.toMatchObject({
    code: 'WAB_DATABASE_UNUSABLE',
    message: expect.stringContaining('permission denied for schema public'),
  });
});

test('a database in another encoding is refused', async () => {
  await onServer(url, async (client) => {
    await client.query('DROP DATABASE IF EXISTS latin');
    await client.query(`CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
  });
  await expect(open(changed({ pathname: '/latin' }))).rejects.toMatchObject({
    code: 'WAB_DATABASE_UNUSABLE',
    message: expect.stringContaining('UTF8'),
  });
});

test('a newer schema is refused', async () => {
  await (await open(url)).close();
  await onServer(url, (client) =>
    client.query(`INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-future', '2030-01-01')`),
  );
  await expect(open(url)).rejects.toMatchObject({ code: 'WAB_DATABASE_NEWER' });
});

test('migrations that fail half-way leave nothing behind, and the next start does them', async () => {
  await onServer(url, (client) => client.query('CREATE TABLE media (in_the_way text)'));
  await expect(open(url)).rejects.toThrow(/media/);
  const tables = (): Promise<string[]> =>
    onServer(url, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY name`,
      );
      return rows.map(({ name }) => name);
    });
  expect(await tables()).not.toContain('events');
  await onServer(url, (client) => client.query('DROP TABLE media'));
  await (await open(url)).close();
  expect(await tables()).toEqual(expect.arrayContaining(['events', 'media', 'outbox', 'subscriptions']));
});
