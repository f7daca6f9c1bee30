/** How the page behaves; read anew at each load of the page, so a test may change it between two starts. */
export interface PageSettings {
  /** `_serialized` is the build of old, `$1` the one of 2.3000.1042401057 and later. */
  build: '_serialized' | '$1';
  version: string;
  /** From the connection to `hasSynced`, in milliseconds; 0 is earlier than any listener. */
  syncDelayMs: number;
  /** The page adds messages again that it has already. */
  repeats: boolean;
}

export const BUILDS = { _serialized: '2.3000.1023000000', $1: '2.3000.1042401057' } as const;

export function pageSettings(build: PageSettings['build'] = '_serialized'): PageSettings {
  return { build, version: BUILDS[build], syncDelayMs: 300, repeats: false };
}
