/** The proxy of a session. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { listSessions } from '../../../bridge/src/store/sessions.repository.ts';
import {
  name,
  folder,
  database,
  factory,
  open,
  reopen,
  waitFor,
  becomeReadyAtOnce,
  useRegistry,
} from './registry-harness.ts';

// Opening a database starts a thread, which takes seconds on a busy machine.
jest.setTimeout(30_000);
useRegistry();

describe('a session', () => {
  describe('proxy', () => {
    const PROXY = 'http://ada:s3cret@proxy.example:3128';
    const rows = async (): Promise<string> => JSON.stringify(await listSessions(database.reader));

    test('an engine gets it whole, everybody else host and port alone, also after a restart', async () => {
      becomeReadyAtOnce();
      const first = await open();
      const view = await first.add(name('far'), 'sandbox', { proxy: PROXY });
      await waitFor(() => factory.options.length === 1);
      expect(view.proxy).toBe('proxy.example:3128');
      expect(factory.options[0]).toEqual({ proxy: PROXY });
      expect(await rows()).toContain('http://proxy.example:3128');
      expect(await rows()).not.toMatch(/s3cret|ada/);
      const second = await reopen(first);
      await waitFor(() => factory.options.length === 2);
      expect(factory.options[1]).toEqual({ proxy: PROXY });
      expect(JSON.stringify(second.list())).not.toMatch(/s3cret|ada/);
    });

    test('another one, or none, holds from the next start on', async () => {
      becomeReadyAtOnce();
      const registry = await open();
      await registry.add(name('far'), 'sandbox', { proxy: PROXY });
      expect((await registry.setProxy(name('far'), 'socks5://[::1]')).proxy).toBe('[::1]:1080');
      await registry.stop(name('far'));
      await registry.start(name('far'));
      await waitFor(() => factory.options.length === 2);
      expect(factory.options[1]).toEqual({ proxy: 'socks5://[::1]:1080' });
      await registry.stop(name('far'));
      expect((await registry.setProxy(name('far'), null)).proxy).toBeNull();
      await registry.start(name('far'));
      await waitFor(() => factory.options.length === 3);
      expect(factory.options[2]).toEqual({});
    });

    test('what is no proxy, and an engine without a network, are refused before anything is stored', async () => {
      const registry = await open();
      await expect(registry.add(name('far'), 'sandbox', { proxy: 'ftp://ada:s3cret@x' })).rejects.toMatchObject({
        code: 'WAB_PROXY_INVALID',
        message: expect.not.stringContaining('s3cret'),
      });
      factory.takesProxy = false;
      await expect(registry.add(name('far'), 'sandbox', { proxy: PROXY })).rejects.toMatchObject({
        code: 'WAB_PROXY_INVALID',
      });
      expect(registry.list()).toEqual([]);
    });

    test('a login that the master key does not open is told as the reason, and starts nothing', async () => {
      becomeReadyAtOnce();
      const first = await open();
      await first.add(name('far'), 'sandbox', { proxy: PROXY });
      await waitFor(() => first.get(name('far')).state === 'ready');
      await rm(join(folder, 'master.key'));
      const second = await reopen(first);
      await waitFor(() => second.get(name('far')).state === 'failed');
      expect(second.get(name('far')).reason).toMatch(/master key/);
      expect(factory.made).toHaveLength(1);
    });
  });
});
