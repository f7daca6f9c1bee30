import { describe, expect, test } from '@jest/globals';
import { parseProxy, proxyAddress, proxyServer, proxyUrl } from '../../../bridge/src/contract/proxy.ts';

describe('a proxy', () => {
  test.each([
    ['http://proxy.example:3128', 'http://proxy.example:3128'],
    ['http://proxy.example', 'http://proxy.example:80'],
    ['https://proxy.example:443/', 'https://proxy.example:443'],
    ['socks5://10.0.0.1', 'socks5://10.0.0.1:1080'],
    ['http://[2001:db8::1]:8080', 'http://[2001:db8::1]:8080'],
  ])('%s is understood', (text, server) => {
    const proxy = parseProxy(text);
    expect(proxyServer(proxy)).toBe(server);
    expect(proxyUrl(proxy)).toBe(server);
    expect(`${proxy.scheme}://${proxyAddress(proxy)}`).toBe(server);
  });

  test('its login survives being written and read, whatever it holds', () => {
    const credentials = { username: 'a:b@c/d', password: 'p%40 ?#ß' };
    const text = proxyUrl({ scheme: 'http', host: 'p.example', port: 1, credentials });
    expect(parseProxy(text)).toEqual({ scheme: 'http', host: 'p.example', port: 1, credentials });
    expect(parseProxy('http://only-a-token@p.example:1').credentials).toEqual({
      username: 'only-a-token',
      password: '',
    });
  });

  test.each([
    ['s3cret', 'not a URL'],
    ['ftp://u:s3cret@host', 'http, https and socks5'],
    ['http://u:s3cret@host/path', 'after the port'],
    ['http://u:s3cret@host?x', 'after the port'],
    ['socks5://u:s3cret@host', 'cannot log in to a SOCKS proxy'],
    ['socks5://a,b', 'not a valid host name'],
    ['socks5://', 'not a valid host name'],
    ['http://u:%s3cret@host', 'percent-encoded'],
  ])('%s is refused without being repeated', (text, reason) => {
    expect(() => parseProxy(text)).toThrow(
      expect.objectContaining({
        code: 'WAB_PROXY_INVALID',
        message: expect.stringMatching(new RegExp(`^(?!.*s3cret).*${reason}`)),
      }),
    );
  });
});
