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
  /** The name that the sender shows. */
  readonly name?: string;
  readonly sender?: { readonly id: string; readonly name: string; readonly pn?: string; readonly lid?: string };
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

/** Kept for a device until it says that it has it. */
export type KeptFrame =
  | { readonly type: 'message'; readonly message: WireMessage }
  | { readonly type: 'ack'; readonly id: string; readonly ack: number }
  | { readonly type: 'seen'; readonly chat: string };

export interface OwnAccount {
  readonly pn: string;
  readonly lid: string;
  readonly name: string;
  readonly contacts: readonly { id: string; name: string; pn?: string; lid?: string }[];
  readonly groups: readonly { id: string; name: string }[];
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
  | { readonly type: 'conflict' }
  | { readonly type: 'reload' }
  | { readonly type: 'logout' }
  | { readonly type: 'answer'; readonly request: number; readonly answer: unknown };

export type PageFrame =
  | { readonly type: 'hello'; readonly credential: string | null }
  | { readonly type: 'send'; readonly message: WireMessage }
  | { readonly type: 'got'; readonly number: number }
  | { readonly type: 'seen'; readonly chat: string }
  | { readonly type: 'refresh' }
  | { readonly type: 'takeover' }
  | { readonly type: 'exists'; readonly wid: string; readonly request: number }
  | { readonly type: 'unlink'; readonly request: number };
