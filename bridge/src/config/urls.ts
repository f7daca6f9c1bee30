/** The URLs of a bridge, as its settings make them. */
import type { Settings } from './settings.ts';

type ListenSettings = Pick<Settings, 'host' | 'tlsCertFile' | 'publicUrls'>;

const schemeOf = (settings: ListenSettings): string => (settings.tlsCertFile === undefined ? 'http' : 'https');
const hostOf = (host: string): string => (host.includes(':') && !host.startsWith('[') ? `[${host}]` : host);

/** The configured URLs, and those by which this machine itself reaches the bridge. */
export function reachableUrls(settings: ListenSettings, port: number): readonly string[] {
  const own = [settings.host, '127.0.0.1', 'localhost', '::1'].map(
    (host) => `${schemeOf(settings)}://${hostOf(host)}:${port}`,
  );
  return [...new Set([...settings.publicUrls, ...own])];
}

/** Addresses that stand for all addresses of the machine. */
const WILDCARDS = ['0.0.0.0', '::', '[::]'];

/** Where this machine reaches the bridge: one address that it listens on is the only one that answers. */
export function localUrl(settings: ListenSettings, port: number): string {
  const host = WILDCARDS.includes(settings.host) ? '127.0.0.1' : hostOf(settings.host);
  return `${schemeOf(settings)}://${host}:${port}`;
}
