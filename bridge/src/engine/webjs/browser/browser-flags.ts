/** The browser's command line: what is said on it, and why. Puppeteer adds its own flags for automation. */
import { type Proxy, proxyServer } from '../../../contract/proxy.ts';
import type { Browser } from './browser-finder.ts';

/** Each with its reason; the memory figures are PSS of a whole session on the stand-in page, eight side by side. */
const ALWAYS: Readonly<Record<string, string>> = {
  '--no-first-run': 'a new profile would otherwise greet its user',
  '--disable-gpu': 'nothing is ever drawn for anybody',
  '--disable-quic': 'UDP is often blocked, and falling back to TCP takes seconds; a proxy carries TCP alone',
  '--disable-background-networking': 'the browser itself has nothing to fetch',
  '--disable-component-update': 'components would be downloaded into every profile',
  '--disable-sync': 'no account of Google belongs to this browser',
  '--disable-dev-shm-usage': 'containers give /dev/shm 64 MB, which ends in crashed pages',
};

/** A whole Chromium goes from 184 to 138 MB with these. */
const UNWANTED_FEATURES: Readonly<Record<string, string>> = {
  SpareRendererForSitePerProcess: 'keeps an empty renderer ready for a next site, which never comes',
  WebUIOmniboxPopup: 'the address bar is a page with a renderer of its own',
  WebUIOmniboxAimPopup: 'the same',
  WebUIOmniboxFullPopup: 'the same',
};

/** The headless shell goes from 81 to 71 MB with these: two processes less. */
const SHELL_ONLY: Readonly<Record<string, string>> = {
  '--enable-features=NetworkServiceInProcess2': 'the network service runs inside the browser process',
  '--in-process-gpu': 'the compositor runs inside the browser process',
};

/** Features by name; of one said twice, the last counts. Blink has features of its own, which only go by `--enable`. */
const FEATURES = ['--enable-features', '--disable-features'] as const;
const BLINK = '--enable-blink-features';

/**
 * Joins the flags that hold a list, of which Chromium honours only the last of each kind, and leaves the rest as it is.
 * A feature that is both wanted and unwanted goes by what is said last, where Chromium would always switch it off.
 * (`--disable-blink-features` is not joined: the library says one of its own after everything else.)
 */
export function joinFlags(flags: readonly string[]): string[] {
  const others: string[] = [];
  const features = new Map<string, { list: string; feature: string }>();
  const blink = new Set<string>();
  for (const flag of flags) {
    const [name = '', ...value] = flag.split('=');
    const items = value
      .join('=')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    const list = FEATURES.find((each) => each === name);
    if (list !== undefined) for (const feature of items) features.set(nameOf(feature), { list, feature });
    else if (name === BLINK) for (const item of items) blink.add(item);
    else others.push(flag);
  }
  const said = (name: string, items: readonly string[]): string[] =>
    items.length === 0 ? [] : [`${name}=${items.join(',')}`];
  return [
    ...others,
    ...FEATURES.flatMap((name) =>
      said(
        name,
        [...features.values()].filter(({ list }) => list === name).map(({ feature }) => feature),
      ),
    ),
    ...said(BLINK, [...blink]),
  ];
}

/** A feature may carry a trial and parameters (`Name<Trial:key/value`); it is one feature by its name. */
const nameOf = (feature: string): string => feature.split(/[<:]/, 1)[0] as string;

export interface FlagOptions {
  /** Whether Chromium's sandbox works for this user. */
  readonly sandbox: boolean;
  /** The session's own proxy. */
  readonly proxy: Proxy | null;
  /** The operator's own flags; they win over ours, and the session's proxy over theirs. */
  readonly more: readonly string[];
}

export function browserFlags(browser: Pick<Browser, 'shell'>, { sandbox, proxy, more }: FlagOptions): string[] {
  return joinFlags([
    ...Object.keys(ALWAYS),
    `--disable-features=${Object.keys(UNWANTED_FEATURES).join(',')}`,
    ...(browser.shell ? Object.keys(SHELL_ONLY) : []),
    ...(sandbox ? [] : ['--no-sandbox']),
    ...more,
    ...(proxy === null ? [] : throughProxy(proxy)),
  ]);
}

function throughProxy(proxy: Proxy): string[] {
  return [
    `--proxy-server=${proxyServer(proxy)}`,
    // A call would go past the proxy, which carries no UDP, and show where the bridge really is.
    '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  ];
}
