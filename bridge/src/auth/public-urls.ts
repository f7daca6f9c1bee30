/** The URLs under which clients reach this bridge. A signature is only good for one of them. */
import { WabError } from '../contract/errors.ts';

export interface PublicUrl {
  /** Lower case, without the default port of its scheme: the value of `@authority`. */
  readonly authority: string;
  /** Every spelling of the authority in a Host header, the default port included. */
  readonly hosts: readonly string[];
  /** Path in front of `/v1`, without a slash at its end; usually empty. */
  readonly prefix: string;
}

/** @throws WabError WAB_CONFIG_INVALID if the text is not an http(s) URL, or has more than host, port and path */
export function parsePublicUrl(text: string): PublicUrl {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '' || url.username !== '') {
    throw new WabError('WAB_CONFIG_INVALID', {
      reason: `publicUrls has an entry that is not a plain http(s) URL: ${JSON.stringify(text)}. Write, for example, https://wa.example.org or https://example.org/wabridge`,
    });
  }
  const withDefaultPort = url.port === '' ? [`${url.host}:${url.protocol === 'https:' ? 443 : 80}`] : [];
  return { authority: url.host, hosts: [url.host, ...withDefaultPort], prefix: url.pathname.replace(/\/+$/, '') };
}

/** The configured URLs that a Host header means. */
export function matchHost(urls: readonly PublicUrl[], host: string): readonly PublicUrl[] {
  const wanted = host.toLowerCase();
  return urls.filter((url) => url.hosts.includes(wanted));
}
