/** What travels between the page and the server of the stand-in (JSON over one WebSocket). */

/** A message as one device sees it. */
export interface WireMessage {
  readonly stanza: string;
  readonly chat: string;
  readonly chatName?: string;
  readonly fromMe: boolean;
  readonly from: string;
  readonly to: string;
  /** Groups only: who wrote it. */
  readonly author?: string;
  /** Seconds since the epoch. */
  readonly t: number;
  /** WhatsApp's type: `chat`, `image`, `document` … */
  readonly type: string;
  readonly body?: string;
  readonly caption?: string;
  readonly ack: number;
  readonly mentions: readonly string[];
  readonly quoted?: {
    readonly stanza: string;
    readonly participant: string;
    readonly type: string;
    readonly body?: string;
  };
  readonly media?: WireMedia;
  /** What only some types have, under the names of the page's own models: `lat`, `pollOptions`, `subtype` … */
  readonly extra?: Extra;
  /** The name that the sender shows. */
  readonly name?: string;
  readonly sender?: Card;
}

export type Extra = Readonly<Record<string, unknown>>;

/** How an account shows itself to others. */
export interface Card {
  readonly id: string;
  readonly name: string;
  readonly pn?: string;
  readonly lid?: string;
}

export interface WireMedia {
  readonly directPath: string;
  readonly mimetype: string;
  readonly size: number;
  readonly filename?: string;
  readonly filehash?: string;
  readonly encFilehash?: string;
  readonly mediaKey?: string;
  readonly mediaKeyTimestamp?: number;
}

export interface WireGroup {
  readonly id: string;
  readonly name: string;
  readonly lidAddressing: boolean;
  readonly participants: readonly { readonly id: string; readonly isAdmin: boolean }[];
}

export interface WireCall {
  readonly id: string;
  readonly from: string;
  readonly isVideo: boolean;
  readonly isGroup: boolean;
}

/** Kept for a device until it says that it has it. Messages are named by their id on that device. */
export type KeptFrame =
  | { readonly type: 'message'; readonly message: WireMessage }
  | { readonly type: 'decrypted'; readonly id: string; readonly message: WireMessage }
  | { readonly type: 'ack'; readonly id: string; readonly ack: number }
  | { readonly type: 'seen'; readonly chat: string }
  | {
      readonly type: 'reaction';
      readonly id: string;
      readonly stanza: string;
      readonly by: string;
      readonly mine: boolean;
      readonly emoji: string;
      readonly t: number;
    }
  | { readonly type: 'edit'; readonly id: string; readonly stanza: string; readonly body: string; readonly t: number }
  | { readonly type: 'revoke'; readonly id: string; readonly by: string }
  | { readonly type: 'deleted'; readonly id: string }
  | {
      readonly type: 'vote';
      readonly id: string;
      readonly stanza: string;
      readonly by: string;
      readonly mine: boolean;
      readonly options: readonly number[];
      readonly t: number;
    }
  | { readonly type: 'group'; readonly group: WireGroup };

/** States in which WhatsApp serves an account or a version of the page no longer. */
export type BlockedState = 'TOS_BLOCK' | 'SMB_TOS_BLOCK' | 'PROXYBLOCK' | 'DEPRECATED_VERSION';

export interface OwnAccount {
  readonly pn: string;
  readonly lid: string;
  readonly name: string;
  readonly contacts: readonly Card[];
  readonly groups: readonly WireGroup[];
}

export type ServerFrame =
  | (KeptFrame & { readonly number: number })
  | { readonly type: 'ref'; readonly ref: string }
  | { readonly type: 'idle' }
  | { readonly type: 'paired'; readonly credential: string; readonly account: OwnAccount }
  | {
      readonly type: 'welcome';
      readonly account: OwnAccount;
      readonly backlog: readonly (KeptFrame & { number: number })[];
    }
  | { readonly type: 'call'; readonly call: WireCall }
  | { readonly type: 'conflict' }
  | { readonly type: 'blocked'; readonly state: BlockedState }
  | { readonly type: 'reload' }
  | { readonly type: 'logout' }
  | { readonly type: 'answer'; readonly request: number; readonly answer: unknown };

export type ChatState = 'composing' | 'recording' | 'paused';

/** What a device does to a message that is there. */
export type PageAction =
  | { readonly type: 'react'; readonly stanza: string; readonly emoji: string }
  | { readonly type: 'edit'; readonly stanza: string; readonly body: string }
  | { readonly type: 'revoke'; readonly stanza: string }
  | { readonly type: 'vote'; readonly stanza: string; readonly options: readonly number[] };

/** Requests carry a number, under which their answer comes back. */
export type PageRequest =
  | { readonly type: 'exists'; readonly wid: string; readonly request: number }
  | { readonly type: 'pairing'; readonly phone: string; readonly notify: boolean; readonly request: number }
  | { readonly type: 'reupload'; readonly directPath: string; readonly request: number }
  | ({ readonly request: number } & PageAction)
  | { readonly type: 'unlink'; readonly request: number };

export type PageFrame =
  | { readonly type: 'hello'; readonly credential: string | null; readonly page: string }
  | { readonly type: 'send'; readonly message: WireMessage }
  | { readonly type: 'got'; readonly number: number }
  | { readonly type: 'seen'; readonly chat: string }
  | { readonly type: 'delete'; readonly stanza: string }
  | { readonly type: 'chatstate'; readonly chat: string; readonly state: ChatState }
  | { readonly type: 'presence'; readonly available: boolean }
  | { readonly type: 'reject-call'; readonly call: string; readonly to: string }
  /** The page asks the phone for messages that it could not decrypt. */
  | { readonly type: 'resend'; readonly stanzas: readonly string[] }
  | { readonly type: 'leave'; readonly chat: string }
  | { readonly type: 'rename'; readonly chat: string; readonly subject: string }
  | { readonly type: 'refresh' }
  | { readonly type: 'takeover' }
  | PageRequest;
