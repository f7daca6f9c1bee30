/** The proxy of a session: how one is written, and what of it may be shown. */
import { WabError } from './errors.ts';

export interface Proxy {
  readonly scheme: 'http' | 'https' | 'socks5';
  /** Name or address; an IPv6 address in brackets. */
  readonly host: string;
  readonly port: number;
  readonly credentials: ProxyCredentials | null;
}
export interface ProxyCredentials {
  readonly username: string;
  readonly password: string;
}

/** The port of each kind, where none is written. */
const PORTS: Readonly<Record<Proxy['scheme'], number>> = { http: 80, https: 443, socks5: 1080 };
const isScheme = (text: string): text is Proxy['scheme'] => Object.hasOwn(PORTS, text);

/**
 * Reads `scheme://[user[:password]@]host[:port]`.
 *
 * @throws WabError WAB_PROXY_INVALID, which repeats nothing of the text, since it may hold a password
 */
export function parseProxy(text: string): Proxy {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid('it is not a URL');
  }
  const scheme = url.protocol.slice(0, -1);
  if (!isScheme(scheme)) throw invalid('only http, https and socks5 proxies are supported');
  // The parser keeps what it finds in the host of a socks5 URL; of an http URL it has checked it.
  if (!/^([\w.-]+|\[[\da-f:.]+\])$/i.test(url.hostname))
    throw invalid('its host is missing or is not a valid host name');
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '')
    throw invalid('it has something after the port');
  const credentials = credentialsOf(url);
  if (scheme === 'socks5' && credentials !== null)
    throw invalid(
      'Chromium cannot log in to a SOCKS proxy; use the http port of the same proxy, or a proxy without a login',
    );
  return { scheme, host: url.hostname, port: url.port === '' ? PORTS[scheme] : Number(url.port), credentials };
}

function credentialsOf({ username, password }: URL): ProxyCredentials | null {
  if (username === '' && password === '') return null;
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    throw invalid('its user name or password is not correctly percent-encoded');
  }
}

/** What may be shown of it. */
export const proxyAddress = ({ host, port }: Proxy): string => `${host}:${port}`;

/** Without the credentials, as Chromium wants it. */
export const proxyServer = (proxy: Proxy): string => `${proxy.scheme}://${proxyAddress(proxy)}`;

/** All of it, as `parseProxy` reads it. A secret, where it has credentials. */
export function proxyUrl(proxy: Proxy): string {
  if (proxy.credentials === null) return proxyServer(proxy);
  const { username, password } = proxy.credentials;
  return `${proxy.scheme}://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${proxyAddress(proxy)}`;
}

const invalid = (reason: string): WabError => new WabError('WAB_PROXY_INVALID', { reason });
