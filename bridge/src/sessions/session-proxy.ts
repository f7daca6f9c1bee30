/** The proxy of a session as it is kept: where it is for everybody to see, its login sealed. */
import { WabError } from '../contract/errors.ts';
import type { SessionName } from '../contract/ids.ts';
import { parseProxy, proxyAddress, type ProxyCredentials, proxyServer, proxyUrl } from '../contract/proxy.ts';
import type { EngineFactory, EngineOptions } from '../engine/engine.ts';

/** Keeps secrets readable for this bridge alone. */
export interface Secrets {
  seal(text: string, purpose: string): string;
  /** @throws WabError WAB_CONFIG_INVALID if it was sealed with another key */
  open(sealed: string, purpose: string): string;
}

/** As the columns of the session's row are named. */
export interface StoredProxy {
  /** Scheme, host and port; null if the session goes without a proxy. */
  readonly proxy: string | null;
  /** Its login, sealed; null if it wants none. */
  readonly proxy_login: string | null;
}

const NONE: StoredProxy = { proxy: null, proxy_login: null };
const purposeOf = (name: SessionName): string => `login of the proxy of session ${name}`;

/**
 * What to keep of the proxy that somebody asks for.
 *
 * @param text a URL, which may hold a login; null for none
 * @throws WabError WAB_PROXY_INVALID, WAB_CONFIG_INVALID
 */
export function storedProxy(
  name: SessionName,
  factory: EngineFactory | null,
  text: string | null,
  secrets: Secrets,
): StoredProxy {
  if (text === null) return NONE;
  if (factory?.takesProxy === false)
    throw new WabError('WAB_PROXY_INVALID', { reason: `the engine ${factory.name} does not use a proxy` });
  const proxy = parseProxy(text);
  const { credentials } = proxy;
  return {
    proxy: proxyServer(proxy),
    proxy_login: credentials && secrets.seal(JSON.stringify(credentials), purposeOf(name)),
  };
}

/** As an engine wants it. @throws WabError WAB_CONFIG_INVALID if the login cannot be read */
export function proxyOption(
  name: SessionName,
  { proxy, proxy_login }: StoredProxy,
  secrets: Secrets,
): Pick<EngineOptions, 'proxy'> {
  if (proxy === null) return {};
  const credentials =
    proxy_login === null ? null : (JSON.parse(secrets.open(proxy_login, purposeOf(name))) as ProxyCredentials);
  return { proxy: proxyUrl({ ...parseProxy(proxy), credentials }) };
}

/** What is shown: host and port. */
export const shownProxy = ({ proxy }: StoredProxy): string | null => proxy && proxyAddress(parseProxy(proxy));
