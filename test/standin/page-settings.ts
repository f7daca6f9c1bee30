/** How the page behaves; read anew at each load of the page, so a test may change it between two starts. */

/** What goes wrong with a function of one of the page's modules. */
export interface CallFault {
  /** Calls do not return until the fault is taken away; then they do what they should have done. */
  readonly hangs?: boolean;
  /** Milliseconds before the function does its work. */
  readonly delayMs?: number;
  /** It throws an error with this text. */
  readonly throws?: string;
  /** The page reloads itself the moment it is called. */
  readonly reloads?: boolean;
  /** It is not there, as in a build that has renamed it; until the fault is taken away. */
  readonly missing?: boolean;
  /** So many calls are struck, then the fault is gone; without it, all are. */
  readonly times?: number;
  /** Only calls about these chats are struck, named by their ids. */
  readonly chats?: readonly string[];
}

export interface PageSettings {
  /** `_serialized` is the build of old, `$1` the one of 2.3000.1042401057 and later. */
  build: '_serialized' | '$1';
  version: string;
  /** From the connection to `hasSynced`, in milliseconds; 0 is earlier than any listener. */
  syncDelayMs: number;
  /** The end of the sync is told, taken back and told again at once. */
  syncsTwice: boolean;
  /**
   * A load of the page lacks the functions that were exposed to it before, like one that began at the moment when they were
   * being exposed.
   */
  losesFunctions: boolean;
  /** The page adds messages and votes again that it has already. */
  repeats: boolean;
  /** A poll is gone from the page when somebody votes in it, like one that the page never loaded. */
  losesPolls: boolean;
  /** At each connection the page sends again what the server has not acknowledged. */
  resendsPending: boolean;
  /** A picture that cannot be decoded throws, as in the page, which makes a thumbnail of it. */
  decodesPictures: boolean;
  /** Faults by `Module.function`, such as `WAWebFindChatAction.findOrCreateLatestChat`; in place from the first call on. */
  faults: Record<string, CallFault>;
  /** Texts of messages whose `serialize` throws. */
  unserializable: string[];
}

export const BUILDS = { _serialized: '2.3000.1023000000', $1: '2.3000.1042401057' } as const;

export function pageSettings(build: PageSettings['build'] = '_serialized'): PageSettings {
  return {
    build,
    version: BUILDS[build],
    syncDelayMs: 300,
    syncsTwice: false,
    losesFunctions: false,
    repeats: false,
    losesPolls: false,
    resendsPending: true,
    decodesPictures: false,
    faults: {},
    unserializable: [],
  };
}
