import { expect, test } from '@jest/globals';
import { localUrl, reachableUrls } from '../../../bridge/src/config/urls.ts';

const listening = (host: string) => ({ host, publicUrls: [] });

test('the command line is told an address that the bridge really listens on', () => {
  expect(localUrl(listening('127.0.0.1'), 8477)).toBe('http://127.0.0.1:8477');
  expect(localUrl(listening('172.17.0.1'), 8477)).toBe('http://172.17.0.1:8477');
  expect(localUrl(listening('0.0.0.0'), 8477)).toBe('http://127.0.0.1:8477');
  expect(localUrl(listening('::'), 8477)).toBe('http://127.0.0.1:8477');
  expect(localUrl(listening('::1'), 8477)).toBe('http://[::1]:8477');
  expect(localUrl({ ...listening('localhost'), tlsCertFile: 'cert.pem' }, 443)).toBe('https://localhost:443');
});

test('signatures are accepted for every URL by which it may be called', () => {
  expect(reachableUrls({ host: '172.17.0.1', publicUrls: ['http://host.docker.internal:8477'] }, 8477)).toEqual([
    'http://host.docker.internal:8477',
    'http://172.17.0.1:8477',
    'http://127.0.0.1:8477',
    'http://localhost:8477',
    'http://[::1]:8477',
  ]);
});
